"""The states of a deal as CRMs write them: words of their languages, numbered steps, the codes of Dynamics."""

import re
from collections.abc import Iterable

from mapping_review.proposers.lexicon import fold
from migrator.engine.phases.transform import deal_status

OPEN, WON, LOST = "open", "won", "lost"
# "5. Order", "5 - Order"
_STEP = re.compile(r"^\s*\d{1,2}\s*[.):-]\s*")
# The state codes of an opportunity in Dynamics 365.
_CODES = {"0": OPEN, "1": WON, "2": LOST}
_WORDS = {
    WON: """won order ordered vunnen vunnet vundet voitettu gewonnen gagne gagnee signe auftrag
         bestalld solgt sald salt verkauft verkocht myyty""".split(),
    LOST: """lost cancelled canceled forlorad tapt tabt havitty verloren perdu perdue abandonne avbojd
         afslaet abgelehnt afgewezen""".split(),
    OPEN: """open ongoing active progress oppen apen aben avoin offen cours ouvert ouverte pagaende pagar
         igangvaerende igang kesken laufend lopend""".split(),
}
_STATES = {word: state for state, words in _WORDS.items() for word in words}


def state_of(value: str, codes: bool = False) -> str:
    """open, won or lost, "" where the value says none of them. `codes` reads the numbers of Dynamics."""
    text = value.strip()
    if codes and text in _CODES:
        return _CODES[text]
    words = fold(_STEP.sub("", text)).split()
    found = {_STATES[word] for word in words if word in _STATES}
    return found.pop() if len(found) == 1 else ""


def look_up(values: Iterable[str], codes: bool) -> dict[str, str]:
    """State by value, for the values that the planner would take for another state than they say."""
    found = {value: state_of(value, codes) for value in values}
    return {value: state for value, state in found.items() if state and state != deal_status(value)}


def says_states(values: Iterable[str], codes: bool = False) -> bool:
    """Whether all values are states of a deal and one of them is won or lost."""
    states = [state_of(value, codes) for value in values]
    return bool(states) and all(states) and bool({WON, LOST} & set(states))
