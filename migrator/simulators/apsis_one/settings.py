"""Settings of one simulated APSIS One account: credentials, limits, delays and a switch for each assumption.

The table in docs/simulators-source.md says for each switch how sure we are of its default.
"""

from dataclasses import dataclass
from typing import Literal

from migrator.simulators.seeds.shape import WEB_KEYSPACE

DEFAULT_CLIENT_ID = "5b0c1f6e-2d4a-4f3e-9a61-0d1c2b3a4f50"
DEFAULT_CLIENT_SECRET = "demo-secret-of-the-source-simulator"  # noqa: S105 (made up, opens only the simulator)


@dataclass(frozen=True, slots=True)
class ApsisSettings:
    """How this account behaves. `time_scale` shortens every wait: 0.1 turns a minute into six seconds."""

    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    token_lifetime: float = 86_400.0
    limits_off: bool = False
    time_scale: float = 1.0
    section_scope: tuple[str, ...] | None = None

    # Exports
    export_delay: float = 2.0
    export_life: float = 86_400.0
    export_patience: float = 2.0
    failing_exports: int = 0
    stuck_exports: int = 0

    # Assumed behaviours
    expired_token_status: Literal[401, 403] = 401
    retry_after: bool = False
    details_in_errors: bool = True
    form_encoded_tokens: bool = False
    gone_file_on_old_url: Literal[404, 410] = 410
    exports_without_events_are_profile_exports: bool = True
    event_ids: bool = False
    longest_event_window_days: int | None = None
    suppression_for_all_addresses: bool = True
    segment_rules: bool = True
    activity_lists: bool = True
    unreadable_keyspaces: tuple[str, ...] = (WEB_KEYSPACE,)
