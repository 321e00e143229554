"""Settings of one simulated account: plan, limits, and a switch for every behaviour that is assumed.

The table in docs/simulators.md says for each switch how sure we are of its default.
"""

from dataclasses import dataclass
from typing import Literal

DEFAULT_TOKEN = "5" * 40
DEFAULT_CLERK_TOKEN = "6" * 40
DEFAULT_OAUTH_CLIENT_ID = "0123456789abcdef"
DEFAULT_OAUTH_CLIENT_SECRET = "f" * 40
DEFAULT_OAUTH_SCOPE = (
    "base contacts:full contact-fields:full activities:full deals:full deal-fields:full users:read search:read"
    " recents:read leads:full products:full product-fields:full admin"
)


@dataclass(frozen=True, slots=True)
class PipedriveSettings:
    """How this account behaves. Limits that may change while running live in the account's state."""

    account: str = "demo"
    seed: int = 1
    token: str = DEFAULT_TOKEN
    # Of the first active user who is no admin and has no token of their own.
    clerk_token: str = DEFAULT_CLERK_TOKEN

    # The app that asks for OAuth tokens. An empty redirect address or user: any, and the account's owner.
    oauth_client_id: str = DEFAULT_OAUTH_CLIENT_ID
    oauth_client_secret: str = DEFAULT_OAUTH_CLIENT_SECRET
    oauth_scope: str = DEFAULT_OAUTH_SCOPE
    oauth_redirect_uri: str = ""
    oauth_user: str = ""
    oauth_user_says_no: bool = False
    oauth_code_seconds: float = 300.0
    oauth_access_seconds: int = 3_600
    oauth_refresh_seconds: float = 60 * 86_400.0
    bearer_takes_api_token: bool = True

    # Plan and limits
    plan: str = "ultimate"
    seats: int = 5
    limits_off: bool = False
    daily_budget: int | None = None
    reset_hour_utc: int = 0
    budget: Literal["daily", "per-minute"] = "daily"
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
    refuse_unknown_query_v1: bool = False
    v1_takes_text: bool = True
    trailing_slash: bool = True
    gzip_answers: bool = False
    person_first_last_name: Literal["accept", "refuse"] = "accept"
    label_options_v2: bool = True
    activity_person_id: Literal["refuse", "ignore", "accept"] = "refuse"
    unsettable_add_time: Literal["refuse", "ignore"] = "refuse"
    deal_needs_contact: bool = True
    deleted_record: Literal["record", "404"] = "record"
    withdrawn_v1: Literal["404", "410"] = "404"
    v1_empty_list_is_null: bool = True
    file_size_cap: int = 50_000_000
    recents_reach_days: int = 31
    recents_user: Literal["list", "object"] = "list"
    recents_too_far: Literal["refuse", "shorten"] = "refuse"
    webhook_cap: int = 40
    webhooks_anywhere: bool = False
    webhook_retry_seconds: tuple[float, ...] = (3.0, 30.0, 150.0)
    webhook_queue: int = 1_000
    daily_requests_shown: int = 10_000
    search_lag_seconds: float = 3.0
    search_page_cap: int = 100
    note_size_cap: int = 100_000
    activity_type_cap: int = 100
    filter_cap: int = 500
