"""Users, visibility groups (v1 calls them roles) and permission sets, as v1 answers them."""

import re

from migrator.simulators.http_wsgi import Response, json_response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Account, Call, Handlers
from migrator.simulators.pipedrive.answers import ok, v1_page
from migrator.simulators.pipedrive.changes import Change
from migrator.simulators.pipedrive.errors import invalid, not_found
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.sight import FIRST_GROUP, Groups
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import spaced

APPS = ("global", "sales", "account_settings")
ALL_APPS = ("sales", "projects", "campaigns", "global", "account_settings", "partnership", "nova")
_GROUPS = ((1, "(Unassigned users)", None), (2, "Sales", 1), (3, "Field sales", 2))
_SETS = tuple(
    (f"0000000{place}-0000-4000-8000-00000000000{int(admin)}", app, admin)
    for place, app in enumerate(APPS, start=1)
    for admin in (True, False)
)
_CONTENTS = {True: ["can_use_api", "can_add_custom_fields", "can_merge_people"], False: ["can_use_api"]}


def install_roles(account: Account) -> None:
    """The visibility groups of a new account; small plans have the first one alone (support pages)."""
    for number, name, parent in _GROUPS if account.plan.wide_visibility else _GROUPS[:1]:
        doc = {"id": number, "parent_role_id": parent, "name": name, "active_flag": True}
        account.save_small("roles", doc)


def first_role(account: Account, *, is_admin: bool) -> int:
    """The group a user starts in: colleagues who are no admins sell, where the plan has groups."""
    return FIRST_GROUP if is_admin or not account.plan.wide_visibility else 2


def show_user(call: Call, user: Doc) -> Doc:
    """A user as v1 answers it."""
    hidden = {"is_admin", "token"}
    shown = {key: value for key, value in user.items() if key not in hidden}
    access = [
        {"app": app, "admin": admin, "permission_set_id": number}
        for number, app, admin in _SETS
        if admin == user["is_admin"]
    ]
    return shown | {"access": access, "is_you": user["id"] == call.user["id"]}


def list_users(call: Call) -> Response:
    """GET /v1/users, not paged."""
    Parameters(call, ())
    return ok([show_user(call, user) for user in call.account.users.values()])


def read_user(call: Call, ref: str) -> Response:
    """GET /v1/users/{ref}."""
    return ok(show_user(call, _user(call, ref)))


def change_user(call: Call, ref: str) -> Response:
    """PUT /v1/users/{ref}: switches a user on or off, nothing else. Tokens of one that is off answer 401."""
    call.require_admin()
    before = _user(call, ref)
    body = rules.body(call, {"active_flag": rules.boolean}, required=("active_flag",))
    user = before | body | {"modified": spaced(call.now)}
    save_user(call.account, user)
    if call.account.small["webhooks"]:
        call.account.outbox.append(Change("user", "change", user["id"], before, user))
    return ok(show_user(call, user))


def save_user(account: Account, user: Doc) -> None:
    """Store a new or changed user."""
    account.users[user["id"]] = user
    account.store.put("users", user["id"], user)


def find_users(call: Call) -> Response:
    """GET /v1/users/find."""
    parameters = Parameters(call, {"term", "search_by_email"})
    term = (parameters.text("term") or "").lower()
    if not term:
        raise invalid("term: Required")
    key = "email" if parameters.flag("search_by_email") else "name"
    return ok([show_user(call, user) for user in call.account.users.values() if term in user[key].lower()])


def read_me(call: Call) -> Response:
    """GET /v1/users/me: the connection test."""
    company = call.account.company
    language = {"language_code": "en", "country_code": company["country_code"]}
    return ok(
        show_user(call, call.user)
        | {
            "company_id": company["id"],
            "company_name": company["name"],
            "company_domain": company["domain"],
            "company_country": company["country_code"],
            "company_industry": company.get("industry"),
            "language": language,
        }
    )


def read_permissions(call: Call, ref: str) -> Response:
    """GET /v1/users/{ref}/permissions: admins may all, others everything but the account's definitions."""
    user = _user(call, ref)
    return ok({name: user["is_admin"] or not _ADMINS_ONLY.search(name) for name in _PERMISSIONS})


def list_roles(call: Call) -> Response:
    """GET /v1/roles."""
    parameters = Parameters(call, {"start", "limit"})
    start, limit = parameters.start(), parameters.limit()
    roles = [show_role(call, role) for role in call.account.small["roles"].values()]
    more = len(roles) > start + limit
    return v1_page(roles[start : start + limit], start=start, limit=limit, more=more, empty_is_null=False)


def read_role(call: Call, ref: str) -> Response:
    """GET /v1/roles/{ref}."""
    role = call.account.small["roles"].get(int(ref) if ref.isascii() and ref.isdigit() else -1)
    if role is None:
        raise not_found("Role")
    everybody = call.account.plan.default_visibility
    names = ("deal", "lead", "org", "person", "product")
    settings = {f"{name}_default_visibility": everybody for name in names}
    shown = {key: value for key, value in show_role(call, role).items() if key != "level"}
    return ok(shown, additional_data={"settings": settings})


def show_role(call: Call, role: Doc) -> Doc:
    """A visibility group as v1 answers it; its counts are texts."""
    users, roles = call.account.users, call.account.small["roles"]
    inside = sum(user["role_id"] == role["id"] for user in users.values())
    children = sum(other["parent_role_id"] == role["id"] for other in roles.values())
    level = Groups(users, roles).level(role["id"])
    return role | {"assignment_count": str(inside), "sub_role_count": str(children), "level": level}


def list_permission_sets(call: Call) -> Response:
    """GET /v1/permissionSets."""
    app = Parameters(call, {"app"}).word("app", ALL_APPS, "")
    return ok([show_set(call, *entry) for entry in _SETS if app in ("", entry[1])])


def read_permission_set(call: Call, ref: str) -> Response:
    """GET /v1/permissionSets/{ref}; the specification shows it without the usual envelope."""
    for entry in _SETS:
        if entry[0] == ref:
            return json_response(200, show_set(call, *entry) | {"contents": _CONTENTS[entry[2]]})
    raise not_found("Permission set")


def show_set(call: Call, number: str, app: str, admin: bool) -> Doc:
    """A permission set and how many users have it."""
    users = call.account.users.values()
    return {
        "id": number,
        "name": f"{app.replace('_', ' ').capitalize()} {'admin' if admin else 'regular user'}",
        "description": "",
        "app": app,
        "type": "admin" if admin else "regular",
        "assignment_count": sum(user["is_admin"] == admin for user in users),
    }


def _user(call: Call, ref: str) -> Doc:
    user = call.account.users.get(int(ref) if ref.isascii() and ref.isdigit() else -1)
    if user is None:
        raise not_found("User")
    return user


_PERMISSIONS: tuple[str, ...] = tuple(
    f"can_{name}"
    for name in [
        *("add_custom_fields", "add_products", "add_prospects_as_leads", "bulk_edit_items"),
        *("change_visibility_of_items", "convert_deals_to_leads", "create_own_workflow", "delete_activities"),
        *("delete_custom_fields", "delete_deals", "edit_custom_fields", "edit_deals_closed_date"),
        *("edit_products", "edit_shared_filters", "export_data_from_lists", "follow_other_users"),
        *("merge_deals", "merge_organizations", "merge_people", "modify_labels"),
        *("see_company_wide_statistics", "see_deals_list_summary", "see_hidden_items_names"),
        *("see_other_users", "see_other_users_statistics", "see_security_dashboard", "share_filters"),
        *("share_insights", "use_api", "use_email_tracking", "use_import"),
    ]
)
_ADMINS_ONLY = re.compile("custom_fields|security|modify_labels")

HANDLERS: Handlers = {
    ("GET", "/v1/users"): list_users,
    ("GET", "/v1/users/me"): read_me,
    ("GET", "/v1/users/find"): find_users,
    ("GET", "/v1/users/{ref}"): read_user,
    ("PUT", "/v1/users/{ref}"): change_user,
    ("GET", "/v1/users/{ref}/permissions"): read_permissions,
    ("GET", "/v1/roles"): list_roles,
    ("GET", "/v1/roles/{ref}"): read_role,
    ("GET", "/v1/permissionSets"): list_permission_sets,
    ("GET", "/v1/permissionSets/{ref}"): read_permission_set,
}
