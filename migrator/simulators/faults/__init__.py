"""Faults on a seed: which requests fail, how, and who else changes the account meanwhile.

Everything is drawn from a hash of seed, record key and attempt, never from the order of arrival. The package
knows no vendor: a simulator says how it answers (`performing.Answering`) and what its actors can do.
"""

from migrator.simulators.faults.bars import Bars
from migrator.simulators.faults.keys import record_key
from migrator.simulators.faults.kinds import APPLIED, FaultKind
from migrator.simulators.faults.memory import Faults, Memory, Turn
from migrator.simulators.faults.performing import Answering, perform, server_error
from migrator.simulators.faults.plan import ActorDraw, Drawn, FaultPlan, Script, plan_as_json, plan_from

__all__ = [
    "APPLIED",
    "ActorDraw",
    "Answering",
    "Bars",
    "Drawn",
    "FaultKind",
    "FaultPlan",
    "Faults",
    "Memory",
    "Script",
    "Turn",
    "perform",
    "plan_as_json",
    "plan_from",
    "record_key",
    "server_error",
]
