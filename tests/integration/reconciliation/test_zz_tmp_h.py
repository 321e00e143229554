import time, pytest
from tests.integration.reconciliation.test_any_sequence import *
def test_many(walk):
    a=time.perf_counter()
    from collections import Counter
    bad=Counter()
    for s in range(300):
        try: walk(s)
        except AssertionError as e:
            bad[str(e).split("\n")[0]]+=1
            if bad[str(e).split("\n")[0]]<3: print(s,str(e).split("\n")[0])
    print("wall", time.perf_counter()-a, bad)
