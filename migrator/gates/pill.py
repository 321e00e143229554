"""What of ours is in the target, for the pill on every page."""

from dataclasses import dataclass

from migrator.choices import RunKind
from migrator.gates.facts import Standing


@dataclass(frozen=True, slots=True)
class Safety:
    """What of ours is in the target. `level` is none, sandbox or live."""

    text: str
    level: str = "none"


def safety(at: Standing) -> Safety:
    run = at.open_run
    writing = run is not None and run.kind != RunKind.DISCOVERY and run.loading_since is not None
    if writing and run is not None and run.kind == RunKind.TRIAL:
        suffix = "" if "sandbox" in at.target_name.lower() else " (sandbox)"
        return Safety(f"Writing to {at.target_name}{suffix}", "sandbox")
    if writing:
        return Safety(f"Rolling back in {at.target_name}", "sandbox")
    if at.written:
        kept = at.is_rolled_back
        return Safety("Rolled back, except what was kept" if kept else "Sandbox only", "sandbox")
    if at.was_rolled_back:
        return Safety("Rolled back: nothing of ours is left in Pipedrive")
    return Safety("Nothing written to Pipedrive yet")
