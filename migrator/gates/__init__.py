"""Where a project stands on its route: which stop is open, what unlocks the next, what to do now. Pure reads.

`standing` reads the facts in a fixed number of queries; everything else is worked out from them.
"""

from migrator.gates.advice import NextAction, next_action
from migrator.gates.facts import Standing, standing
from migrator.gates.pill import Safety, safety
from migrator.gates.stops import LATER, Condition, Stop, connection_conditions, route, run_conditions

__all__ = [
    "LATER",
    "Condition",
    "NextAction",
    "Safety",
    "Standing",
    "Stop",
    "connection_conditions",
    "next_action",
    "route",
    "run_conditions",
    "safety",
    "standing",
]
