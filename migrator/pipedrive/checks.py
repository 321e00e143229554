"""The lines of "Test connection" for Pipedrive: what a token can do, found with reads only."""

from collections.abc import Iterator

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import CrosswalkError
from migrator.engine.ports import Json
from migrator.http.checks import CheckLine, Level
from migrator.pipedrive.client import PipedriveClient
from migrator.pipedrive.costs import Plan
from migrator.pipedrive.fields import Resolver

FEW_TOKENS = 1_000


def check_connection(client: PipedriveClient, plan: Plan | None = None) -> Iterator[CheckLine]:
    """One line after another; ends early where nothing more can be found out. Costs about 32 tokens."""
    try:
        me, tokens_left = client.me()
    except CrosswalkError as error:
        yield CheckLine(Level.FAIL, "Pipedrive cannot be signed in to.", error.sentence)
        return
    yield CheckLine(Level.OK, f"Signed in as {me.get('name')}.")
    yield CheckLine(Level.OK, f"The account is {me.get('company_name')} ({me.get('company_domain')}).")
    yield from _admin_lines(is_admin(me))
    yield from _field_lines(client, plan)
    yield _budget_line(tokens_left)


def is_admin(me: Json) -> bool:
    """Whether the token's user administers the account, which fields and a full view of records need."""
    access = me.get("access")
    rows = [row for row in access if isinstance(row, dict)] if isinstance(access, list) else []
    apps = {row.get("app"): row.get("admin") is True for row in rows}
    return bool(apps.get("global") or (apps.get("sales") and apps.get("account_settings")))


def _admin_lines(admin: bool) -> Iterator[CheckLine]:
    if admin:
        yield CheckLine(Level.OK, "The token belongs to an admin, so fields can be created.")
        yield CheckLine(Level.OK, "An admin sees every record, so what is already there can be matched.")
        return
    yield CheckLine(
        Level.FAIL,
        "The token does not belong to an admin, so fields and labels cannot be created.",
        "Enter the API token of an admin.",
    )
    yield CheckLine(
        Level.WARN,
        "This user may not see every record, so people who are already there could be written twice.",
        "Enter the API token of an admin.",
    )


def _field_lines(client: PipedriveClient, plan: Plan | None) -> Iterator[CheckLine]:
    try:
        used = Resolver(client.read_list).custom_count()
    except CrosswalkError as error:
        yield CheckLine(Level.FAIL, "The fields cannot be read.", error.sentence)
        return
    if plan is None:
        yield CheckLine(
            Level.WARN, f"{used} custom fields are in use.", "Choose the plan to compare with its limit."
        )
    elif plan.custom_fields is None:
        yield CheckLine(Level.OK, f"{used} custom fields are in use; {plan.name} sets no limit.")
    else:
        yield _cap_line(used, plan.custom_fields, plan.name)


def _cap_line(used: int, cap: int, plan: str) -> CheckLine:
    left = max(0, cap - used)
    sentence = f"{used} of {cap} custom fields of {plan} are in use; {left} can be created."
    if left:
        return CheckLine(Level.OK, sentence)
    return CheckLine(Level.WARN, sentence, "Map to fields that exist, or choose a larger plan in Pipedrive.")


def _budget_line(tokens_left: JsonValue) -> CheckLine:
    if not isinstance(tokens_left, int):
        return CheckLine(Level.OK, "Pipedrive did not say how many tokens are left today.")
    level = Level.OK if tokens_left >= FEW_TOKENS else Level.WARN
    step = "" if level == Level.OK else "Start after the daily reset."
    return CheckLine(level, f"{tokens_left:,} tokens are left today.", step)
