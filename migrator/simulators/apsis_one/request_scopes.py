"""Which of the account's limits a request falls under (reference 2.1).

Which exports count as event exports is not spelled out; what is assumed has a switch.
"""

from migrator.simulators.apsis_one.access import TOKEN_PATH
from migrator.simulators.apsis_one.email_reports import EMAIL_REPORT, EMAIL_REPORT_FILE, EMAIL_REPORTS
from migrator.simulators.apsis_one.exports import EXPORTS, NEW_POLL, OLD_POLL, PROFILE_REPORTS
from migrator.simulators.apsis_one.imports import IMPORTS_V1, IMPORTS_V2, UPLOAD
from migrator.simulators.apsis_one.limits import Scope
from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.apsis_one.single_exports import SINGLE, SINGLE_FILE
from migrator.simulators.http_wsgi import BadJson, Request, Route

_BY_PATTERN = {
    OLD_POLL: Scope.DOWNLOAD,
    NEW_POLL: Scope.DOWNLOAD,
    SINGLE_FILE: Scope.DOWNLOAD,
    EMAIL_REPORT: Scope.DOWNLOAD,
    EMAIL_REPORT_FILE: Scope.DOWNLOAD,
    PROFILE_REPORTS: Scope.PROFILE_EXPORT,
    SINGLE: Scope.PROFILE_EXPORT,
    EMAIL_REPORTS: Scope.EVENT_EXPORT,
    IMPORTS_V1: Scope.IMPORT,
    IMPORTS_V2: Scope.IMPORT,
}
# Signed addresses carry their own permission; the first is a storage service's and not limited by the API.
SIGNED = (UPLOAD, EMAIL_REPORT_FILE)


def scopes_of(
    request: Request, matched: tuple[Route, dict[str, str]] | None, settings: ApsisSettings
) -> list[tuple[Scope, str]]:
    """(limit, key within it) pairs; the token endpoint has only its own limit (assumed)."""
    pattern, segments = ("", {}) if matched is None else (matched[0].pattern, matched[1])
    if request.path == TOKEN_PATH:
        return [(Scope.TOKEN, "")]
    if pattern == UPLOAD:
        return []
    scopes = [(Scope.ACCOUNT, "")]
    if "profile" in segments and "keyspace" in segments:
        scopes.append((Scope.PROFILE, f"{segments['keyspace']}/{segments['profile'].lower()}"))
    elif pattern == EXPORTS and request.method == "POST":
        scopes.append((_export_scope(request, settings), ""))
    elif pattern in _BY_PATTERN and _counts(pattern, request.method):
        scopes.append((_BY_PATTERN[pattern], ""))
    return scopes


def _counts(pattern: str, method: str) -> bool:
    """Starting something is a POST; looking how far it is, is a download."""
    return method == ("GET" if _BY_PATTERN[pattern] is Scope.DOWNLOAD else "POST")


def _export_scope(request: Request, settings: ApsisSettings) -> Scope:
    """Export D with events is an event export, without them a profile export (assumed)."""
    try:
        body = request.json()
    except BadJson:
        body = None
    plain = isinstance(body, dict) and not body.get("events")
    lenient = settings.exports_without_events_are_profile_exports
    return Scope.PROFILE_EXPORT if plain and lenient else Scope.EVENT_EXPORT
