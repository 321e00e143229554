"""Every address the simulator answers, and the withdrawn ones it refuses."""

import re

from migrator.simulators.http_wsgi import Router
from migrator.simulators.pipedrive import (
    company_pages,
    deals,
    field_pages,
    files,
    filter_helpers,
    filters,
    followers,
    lead_labels,
    merging,
    notes,
    pictures,
    recents,
    records,
    search,
    users,
    v1_fields,
    webhooks,
)
from migrator.simulators.pipedrive.account import Handlers
from migrator.simulators.pipedrive.activities import ACTIVITY
from migrator.simulators.pipedrive.organizations import ORGANIZATION
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.webhook_messages import telling

KINDS = (PERSON, ORGANIZATION, deals.DEAL, ACTIVITY)
# The table of reference 0b. Merges, followers, pictures and the like live on below the same names.
WITHDRAWN = re.compile(
    r"/v1/(persons|organizations|deals|activities)(/\d+|/collection)?"
    r"|/v1/(persons|organizations|deals|products)/search"
    r"|/v1/(persons|organizations|deals)/\d+/(activities|deals|persons)"
    r"|/v1/deals/\d+/products(/\d+)?"
    r"|/v1/(pipelines|stages|products)(/\d+)?|/v1/itemSearch(/field)?"
)


def is_withdrawn(method: str, path: str) -> bool:
    """Whether an operation is one that v1 had until August 2026. Of activity types only the bulk delete is gone."""
    return WITHDRAWN.fullmatch(path) is not None or (method, path) == ("DELETE", "/v1/activityTypes")


def all_handlers() -> Handlers:
    """Handlers by method and address."""
    table: Handlers = {
        ("GET", "/api/v2/persons/search"): search.search_persons,
        ("GET", "/api/v2/organizations/search"): search.search_organizations,
        ("GET", "/api/v2/deals/search"): search.search_deals,
        ("GET", "/api/v2/deals/archived"): deals.list_archived,
        ("GET", "/api/v2/itemSearch"): search.search_items,
        ("GET", "/api/v2/itemSearch/field"): search.search_field,
    }
    for kind in KINDS:
        table |= records.handlers(kind)
    for entity in ("person", "organization", "deal"):
        table |= field_pages.handlers(entity) | v1_fields.handlers(entity)
    table |= v1_fields.handlers("product") | field_pages.handlers("product")
    for kind_name in ("pipelines", "stages"):
        table |= company_pages.small_handlers(kind_name)
    return table | _read_only_fields() | _V1 | merging.handlers | _MORE


def build_router() -> Router:
    """A router over all handlers."""
    router = Router()
    for (method, pattern), handler in all_handlers().items():
        router.add(method, pattern, handler if method == "GET" else telling(handler))
    return router


def _read_only_fields() -> Handlers:
    table: Handlers = {}
    for (method, pattern), handler in field_pages.handlers("activity").items():
        if method == "GET":
            table[method, pattern] = handler
    for entity in ("activity", "note"):
        table["GET", f"/v1/{entity}Fields"] = v1_fields.handlers(entity)["GET", f"/v1/{entity}Fields"]
    return table


_MORE: Handlers = (
    users.HANDLERS
    | lead_labels.HANDLERS
    | files.HANDLERS
    | followers.HANDLERS
    | pictures.HANDLERS
    | recents.HANDLERS
    | webhooks.HANDLERS
)
_V1: Handlers = {
    ("GET", "/v1/notes"): notes.list_notes,
    ("POST", "/v1/notes"): notes.create_note,
    ("GET", "/v1/notes/{ref}"): notes.read_note,
    ("PUT", "/v1/notes/{ref}"): notes.change_note,
    ("DELETE", "/v1/notes/{ref}"): notes.delete_note,
    ("GET", "/v1/filters"): filters.list_filters,
    ("POST", "/v1/filters"): filters.create_filter,
    ("DELETE", "/v1/filters"): filters.delete_filters,
    ("GET", "/v1/filters/helpers"): filter_helpers.read_helpers,
    ("GET", "/v1/filters/{ref}"): filters.read_filter,
    ("PUT", "/v1/filters/{ref}"): filters.change_filter,
    ("DELETE", "/v1/filters/{ref}"): filters.delete_filter,
    ("GET", "/v1/activityTypes"): company_pages.list_types,
    ("POST", "/v1/activityTypes"): company_pages.create_type,
    ("PUT", "/v1/activityTypes/{ref}"): company_pages.change_type,
    ("DELETE", "/v1/activityTypes/{ref}"): company_pages.delete_type,
    ("GET", "/v1/currencies"): company_pages.list_currencies,
    ("GET", "/v1/userSettings"): company_pages.read_user_settings,
    ("GET", "/v1/billing/subscriptions/addons"): company_pages.list_addons,
}
