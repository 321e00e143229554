"""Settings of one simulated APSIS One account: credentials, limits, delays and a switch for each assumption.

The table in docs/simulators-source.md says for each switch how sure we are of its default.
"""

from dataclasses import dataclass
from typing import Literal

from migrator.simulators.seeds.shape import EXPORT_KEYSPACE, WEB_KEYSPACE

DEFAULT_CLIENT_ID = "5b0c1f6e-2d4a-4f3e-9a61-0d1c2b3a4f50"
DEFAULT_CLIENT_SECRET = "demo-secret-of-the-source-simulator"  # noqa: S105 (made up, opens only the simulator)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One more API key of the account (reference 1.2). `sections` of None sees all of them; through
    `read_only_keyspaces` it may read but not write ("*" stands for every keyspace)."""

    client_id: str
    client_secret: str
    sections: tuple[str, ...] | None = None
    read_only_keyspaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApsisSettings:
    """How this account behaves. Times are seconds; `time_scale` shortens every wait and every limit's window
    (0.1 turns a minute into six seconds), but neither tokens nor files live shorter by it."""

    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    more_api_keys: tuple[ApiKey, ...] = ()
    token_lifetime: float = 86_400.0
    limits_off: bool = False
    time_scale: float = 1.0
    section_scope: tuple[str, ...] | None = None
    consent_model: Literal["1.0", "2.0"] = "2.0"

    # Exports, e-mail reports and the export of one profile
    export_delay: float = 2.0
    export_life: float = 86_400.0
    export_patience: float = 2.0
    failing_exports: int = 0
    stuck_exports: int = 0
    foreign_callbacks: bool = False
    signed_address_life: float = 3_600.0

    # Imports and deletions
    import_delay: float = 5.0
    import_visible_delay: float = 1_800.0
    upload_life: float = 3_600.0
    failing_imports: int = 0
    delete_delay: float = 0.0

    # Assumed behaviours: tokens, errors, limits
    expired_token_status: Literal[401, 403] = 401
    retry_after: bool = False
    details_in_errors: bool = True
    form_encoded_tokens: bool = False
    gone_file_on_old_url: Literal[404, 410] = 410
    poll_addresses: Literal["both", "old", "new"] = "both"
    exports_without_events_are_profile_exports: bool = True

    # Assumed behaviours: what reads show
    event_ids: bool = False
    longest_event_window_days: int | None = None
    suppression_for_all_addresses: bool = True
    segment_rules: bool = True
    segment_aql: bool = False
    activity_lists: bool = True
    permissions_on_events: bool = True
    unreadable_keyspaces: tuple[str, ...] = (WEB_KEYSPACE,)
    # Both shape the made-up account, so the server hands them to it when it starts.
    lead_separator: Literal[".", ":"] = "."
    crm_ids: Literal["by seed", "connector", "crm-id"] = "by seed"

    # Assumed behaviours: writes
    unwritable_keyspaces: tuple[str, ...] = (EXPORT_KEYSPACE,)
    unwritable_keyspace_status: Literal[400, 403, 404, 405] = 403
    integration_attributes_writable: bool = False
    tool_events_writable: bool = False
    event_data_checked: bool = True
    event_post_status: Literal[200, 201, 202, 204] = 204
    longest_list: int = 1_000
    missing_profile_on_v2_patch: Literal[404, 409] = 404
    taken_key_on_v2_patch: Literal["conflict", "keep", "merge"] = "conflict"
    unchanged_consent_status: Literal[200, 204, 409] = 409
    merge_keeps: Literal["first", "second"] = "first"
    most_merges: int = 500

    # Assumed behaviours: consent models
    blocked_consent_status: Literal[403, 404, 410] = 403
    consents_readable_in_model_1: bool = True

    # Assumed behaviours: files
    csv_bom: bool = False
    csv_quote_all: bool = False
    csv_delimiter: str = ","
    csv_newlines_in_values: bool = True
    segment_columns_in_consent_report: bool = True
    email_report_odd_rows: bool = True

    def api_keys(self) -> tuple[ApiKey, ...]:
        """All keys of the account, the first one first."""
        first = ApiKey(self.client_id, self.client_secret, self.section_scope)
        return (first, *self.more_api_keys)
