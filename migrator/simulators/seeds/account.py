"""A whole customer, both sides: what APSIS One holds and what an already used Pipedrive account holds.

Made from a name, a seed and a number of profiles alone; the same three give the same bytes everywhere.
"""

from dataclasses import dataclass

from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.seeds import nordlys
from migrator.simulators.seeds.invented import invented_spec
from migrator.simulators.seeds.source import Source
from migrator.simulators.seeds.target import target_preload

DEMO = "nordlys"
DEMO_PROFILES = 2_400


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


def build_account(name: str = DEMO, seed: int = 7, profiles: int = DEMO_PROFILES) -> Account:
    """The customer of that name; "nordlys" is the demo, any other string is a company of its own."""
    spec = nordlys.SPEC if name == DEMO else invented_spec(name, seed)
    return Account(name, seed, Source(name, seed, profiles, spec))
