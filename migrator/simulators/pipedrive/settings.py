"""Settings of one simulated account: plan, limits, and a switch for every behaviour that is assumed.

The table in docs/simulators.md says for each switch how sure we are of its default.
"""

from dataclasses import dataclass
from typing import Literal

DEFAULT_TOKEN = "5" * 40


@dataclass(frozen=True, slots=True)
class PipedriveSettings:
    """How this account behaves. Limits that may change while running live in the account's state."""

    account: str = "demo"
    seed: int = 1
    token: str = DEFAULT_TOKEN

    # Plan and limits
    plan: str = "ultimate"
    seats: int = 5
    limits_off: bool = False
    daily_budget: int | None = None
    reset_hour_utc: int = 0
    tokens_per_minute: int | None = None
    block_after_429s: int = 30
    block_window_seconds: float = 60.0
    block_seconds: float = 300.0
    refused_requests_cost: bool = True
    limited_requests_cost: bool = False
    daily_headers: Literal["always", "sometimes", "never"] = "sometimes"

    # Add-ons of the account
    campaigns: bool = False
    contact_sync: bool = False

    # Assumed behaviours
    token_in_query: bool = True
    refuse_unknown_body_keys: bool = True
    refuse_unknown_query: bool = True
    label_options_v2: bool = True
    activity_person_id: Literal["refuse", "ignore", "accept"] = "refuse"
    unsettable_add_time: Literal["refuse", "ignore"] = "refuse"
    deal_needs_contact: bool = True
    deleted_record: Literal["record", "404"] = "record"
    withdrawn_v1: Literal["404", "410"] = "404"
    v1_empty_list_is_null: bool = True
    search_lag_seconds: float = 3.0
    search_page_cap: int = 100
    note_size_cap: int = 100_000
    activity_type_cap: int = 100
    filter_cap: int = 500
