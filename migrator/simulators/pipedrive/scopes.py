"""Which scopes of an OAuth app open which operation; any one of them is enough. Read off the specifications.

API tokens have no scopes: they may whatever their user may.
"""

Scopes = frozenset[str]


def _of(words: str) -> tuple[Scopes, Scopes]:
    """What opens reading and writing: areas have a scope for each, words with a colon or "admin" open both."""
    whole = {word for word in words.split() if ":" in word or word in ("admin", "base")}
    areas = set(words.split()) - whole
    write = frozenset(whole | {f"{area}:full" for area in areas})
    return write | {f"{area}:read" for area in areas}, write


_CONTACTS = _of("contacts")
_SEVERAL = _of("activities contacts deals")
_CONTACT_FIELDS = (_of("contact-fields:full admin contacts")[0], frozenset(("contact-fields:full", "admin")))
_DEAL_FIELDS = (_of("deal-fields:full admin deals")[0], frozenset(("deal-fields:full", "admin")))
_PRODUCT_FIELDS = _of("product-fields:full products")
_PIPELINES = (_of("admin deals")[0], frozenset(("admin",)))
_AREAS: dict[str, tuple[Scopes, Scopes]] = {
    "activities": _of("activities"),
    "activityFields": _of("activities"),
    "activityTypes": (_of("admin activities")[0], frozenset(("admin",))),
    "billing": _of("users:read"),
    "currencies": _of("base"),
    "dealFields": _DEAL_FIELDS,
    "deals": _of("deals"),
    "files": _SEVERAL,
    "filters": _SEVERAL,
    "itemSearch": _of("search:read"),
    "leadLabels": _of("leads"),
    "noteFields": _of("contacts deals"),
    "notes": _of("contacts deals"),
    "organizationFields": _CONTACT_FIELDS,
    "organizations": _CONTACTS,
    "permissionSets": _of("admin"),
    "personFields": _CONTACT_FIELDS,
    "persons": _CONTACTS,
    "pipelines": _PIPELINES,
    "productFields": _PRODUCT_FIELDS,
    "recents": _of("recents:read search:read"),
    "roles": _of("admin"),
    "stages": _PIPELINES,
    "userSettings": _of("base"),
    "users": (_of("users:read")[0], frozenset(("admin",))),
    "webhooks": _of("admin"),
}
# What a version 2 field's PATCH and its options are open to besides.
_RECORDS_OF_FIELDS = {
    "personFields": "contacts:full",
    "organizationFields": "contacts:full",
    "dealFields": "deals:full",
}


def scopes_of(method: str, pattern: str) -> Scopes:
    """The scopes that open one operation, by the address pattern it is served under."""
    version_2 = pattern.startswith("/api/v2/")
    area = pattern.removeprefix("/api/v2/").removeprefix("/v1/").partition("/")[0]
    if pattern == "/v1/users/me":
        return frozenset(("base",))
    if version_2 and area == "activityFields":
        return frozenset(("admin",))
    found = _AREAS.get(area, _of("admin"))[method != "GET"]
    if pattern.endswith("/search"):
        return found | {"search:read"}
    if version_2 and area in _RECORDS_OF_FIELDS and (method == "PATCH" or pattern.endswith("/options")):
        return found | {_RECORDS_OF_FIELDS[area]}
    return found
