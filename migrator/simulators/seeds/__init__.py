"""Made-up customers for the simulators, deterministic by seed and made profile by profile."""

from migrator.simulators.seeds.account import (
    DEMO,
    DEMO_PROFILES,
    DEMO_SEED,
    NAMES,
    Account,
    build_account,
)

__all__ = ["DEMO", "DEMO_PROFILES", "DEMO_SEED", "NAMES", "Account", "build_account"]
