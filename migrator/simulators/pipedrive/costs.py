"""Token price of every operation the simulator answers, in one table of our own."""

GET_ONE, LIST, SHORT_LIST, WRITE, DELETE, SEARCH = 1, 10, 5, 5, 3, 20
V1_GET_ONE, V1_LIST, V1_WRITE, V1_DELETE, V1_MERGE, V1_FIND = 2, 20, 10, 6, 40, 40

_RECORDS = ("persons", "organizations", "deals", "activities")
_FIELDS = ("personFields", "organizationFields", "dealFields")


def _records(name: str) -> dict[tuple[str, str], int]:
    base = f"/api/v2/{name}"
    return {
        ("GET", base): LIST,
        ("POST", base): WRITE,
        ("GET", f"{base}/{{ref}}"): GET_ONE,
        ("PATCH", f"{base}/{{ref}}"): WRITE,
        ("DELETE", f"{base}/{{ref}}"): DELETE,
    }


def _fields(name: str) -> dict[tuple[str, str], int]:
    one = f"/api/v2/{name}/{{code}}"
    options = f"{one}/options"
    return {
        ("GET", f"/api/v2/{name}"): LIST,
        ("POST", f"/api/v2/{name}"): WRITE,
        ("GET", one): GET_ONE,
        ("PATCH", one): WRITE,
        ("DELETE", one): DELETE,
        ("POST", options): WRITE,
        ("PATCH", options): WRITE,
        ("DELETE", options): DELETE,
    }


def _short(name: str) -> dict[tuple[str, str], int]:
    return _records(name) | {("GET", f"/api/v2/{name}"): SHORT_LIST}


def _v1(name: str) -> dict[tuple[str, str], int]:
    base = f"/v1/{name}"
    return {
        ("GET", base): V1_LIST,
        ("POST", base): V1_WRITE,
        ("GET", f"{base}/{{ref}}"): V1_GET_ONE,
        ("PUT", f"{base}/{{ref}}"): V1_WRITE,
        ("DELETE", f"{base}/{{ref}}"): V1_DELETE,
    }


def _table() -> dict[tuple[str, str], int]:
    table: dict[tuple[str, str], int] = {}
    for name in _RECORDS:
        table |= _records(name)
    table |= _fields("productFields")
    for name in _FIELDS:
        table |= _fields(name) | _v1(name)
    for name in ("pipelines", "stages"):
        table |= _short(name)
    for name in ("persons", "organizations", "deals"):
        table[("GET", f"/api/v2/{name}/search")] = SEARCH
        table[("PUT", f"/v1/{name}/{{ref}}/merge")] = V1_MERGE
        table |= _followers(f"/api/v2/{name}/{{ref}}")
    for name in ("notes", "filters", "activityTypes", "productFields", "files"):
        table |= _v1(name)
    for name in (*_FIELDS, "productFields", "filters"):
        table["DELETE", f"/v1/{name}"] = V1_WRITE
    del table["GET", "/v1/activityTypes/{ref}"]
    return table | _ODD


def _followers(one: str) -> dict[tuple[str, str], int]:
    return {
        ("GET", f"{one}/followers"): LIST,
        ("POST", f"{one}/followers"): WRITE,
        ("DELETE", f"{one}/followers/{{follower}}"): DELETE,
    }


_ODD = {
    ("GET", "/api/v2/deals/archived"): 20,
    ("GET", "/api/v2/itemSearch"): SEARCH,
    ("GET", "/api/v2/itemSearch/field"): SEARCH,
    ("GET", "/api/v2/activityFields"): LIST,
    ("GET", "/api/v2/activityFields/{code}"): GET_ONE,
    ("GET", "/v1/activityFields"): V1_LIST,
    ("GET", "/v1/noteFields"): V1_LIST,
    ("GET", "/v1/filters/helpers"): V1_LIST,
    ("GET", "/v1/users"): V1_LIST,
    ("GET", "/v1/users/me"): V1_GET_ONE,
    ("GET", "/v1/users/find"): V1_FIND,
    ("GET", "/v1/users/{ref}"): V1_GET_ONE,
    ("PUT", "/v1/users/{ref}"): V1_WRITE,
    ("GET", "/v1/users/{ref}/permissions"): V1_WRITE,
    ("GET", "/v1/roles"): V1_LIST,
    ("GET", "/v1/roles/{ref}"): V1_GET_ONE,
    ("GET", "/v1/permissionSets"): V1_LIST,
    ("GET", "/v1/permissionSets/{ref}"): V1_GET_ONE,
    ("GET", "/v1/persons/{ref}/permittedUsers"): V1_WRITE,
    ("GET", "/v1/organizations/{ref}/permittedUsers"): V1_WRITE,
    ("GET", "/v1/deals/{ref}/permittedUsers"): V1_WRITE,
    ("POST", "/v1/persons/{ref}/picture"): V1_WRITE,
    ("DELETE", "/v1/persons/{ref}/picture"): V1_DELETE,
    ("GET", "/v1/files/{ref}/download"): V1_LIST,
    ("POST", "/v1/files/remote"): V1_WRITE,
    ("POST", "/v1/files/remoteLink"): V1_WRITE,
    ("GET", "/v1/recents"): V1_LIST,
    ("GET", "/v1/leadLabels"): V1_WRITE,
    ("POST", "/v1/leadLabels"): V1_WRITE,
    ("PATCH", "/v1/leadLabels/{ref}"): V1_WRITE,
    ("DELETE", "/v1/leadLabels/{ref}"): V1_DELETE,
    ("GET", "/v1/webhooks"): V1_WRITE,
    ("POST", "/v1/webhooks"): V1_WRITE,
    ("DELETE", "/v1/webhooks/{ref}"): V1_DELETE,
    ("GET", "/v1/currencies"): V1_LIST,
    ("GET", "/v1/userSettings"): V1_GET_ONE,
    ("GET", "/v1/billing/subscriptions/addons"): V1_LIST,
}

COSTS = _table()
SEARCH_OPERATIONS = frozenset(operation for operation in COSTS if "earch" in operation[1])


def cost_of(method: str, pattern: str) -> int:
    """Tokens for one operation; an address without a price (withdrawn, unknown) is free."""
    return COSTS.get((method, pattern), 0)
