"""A whole customer, both sides: what APSIS One holds and what an already used Pipedrive account holds.

Made from a name, a seed and a number of profiles alone; the same three give the same bytes everywhere.
"""

from dataclasses import dataclass, replace
from typing import Literal

from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.seeds import nordlys
from migrator.simulators.seeds.invented import invented_spec
from migrator.simulators.seeds.leans import DEMO, NAMES
from migrator.simulators.seeds.source import Source
from migrator.simulators.seeds.target import target_preload

CrmIds = Literal["by seed", "connector", "crm-id"]
DEMO_SEED = 7
DEMO_PROFILES = 2_400
__all__ = ["DEMO", "DEMO_PROFILES", "DEMO_SEED", "NAMES", "Account", "build_account"]


@dataclass(frozen=True, slots=True)
class Account:
    """One made-up customer."""

    name: str
    seed: int
    source: Source

    @property
    def title(self) -> str:
        """The company's name for people."""
        return self.source.shape.title

    def target_preload(self) -> Preload:
        """What the target holds before anything is moved."""
        return target_preload(self.name, self.seed, self.source)


def build_account(
    name: str = DEMO,
    seed: int = DEMO_SEED,
    profiles: int = DEMO_PROFILES,
    *,
    events_per_profile: float | None = None,
    lead_separator: str = ".",
    crm_ids: CrmIds = "by seed",
) -> Account:
    """The customer of that name. ("nordlys", 7) is the polished demo; every other pair is an account of its
    own. The names in `NAMES` are companies with a trade and a language, any other string is one from pools.

    `events_per_profile` is their average, the one profile of over 5,000 left aside; without it there are some
    eight. `lead_separator` stands before "lead" in the keyspace of a CRM's leads (reference 3.4: unknown).
    `crm_ids` says in which keyspace the CRM's ids are keys (reference 13: not settled).
    """
    spec = nordlys.SPEC if (name, seed) == (DEMO, DEMO_SEED) else invented_spec(name, seed)
    if crm_ids != "by seed":
        spec = replace(spec, crm_in_crm_id=crm_ids == "crm-id")
    source = Source(name, seed, profiles, spec, events=events_per_profile, separator=lead_separator)
    return Account(name, seed, source)
