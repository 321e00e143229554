"""What CRMs call the fields that their integrations write: a name in one's own language becomes words that the
lexicon reads. Loads data, decides nothing."""

import re
from functools import cache
from pathlib import Path

from mapping_review.proposers.lexicon import fold

NAMES = Path(__file__).parent / "data" / "crm_names.txt"
# Integrations put the CRM's name before each attribute: "webCRM - Deal value".
_CONNECTOR = re.compile(
    r"(?i)^(?:web\s?crm|crm|lime(?: crm)?|efficy(?: enterprise| corporate)?|(?:ms )?dynamics(?: 365)?"
    r"|tribe|e-?deal|super\s?office|upsales|salesforce|hubspot)\s*[-:._]+\s*"
)
_BRACKETED = re.compile(r"\(([\w .-]+)\)\s*$")
_WORD = re.compile(r"[^\W_]+")


def without_connector(name: str) -> str:
    """The name without the CRM's own before it."""
    return _CONNECTOR.sub("", name)


def as_called(name: str) -> str:
    """How a CRM's attribute is read: "N° société" as "company id". The name itself where no CRM calls one so."""
    bare = without_connector(name)
    technical = _BRACKETED.search(bare)
    wanted = [technical[1]] if technical else []
    found = (_readings().get(_joined(called)) for called in (*wanted, bare, _BRACKETED.sub("", bare)))
    return next((reading for reading in found if reading), bare)


def is_called(name: str) -> bool:
    """Whether CRMs call a field of theirs so."""
    return as_called(name) != without_connector(name)


def _joined(name: str) -> str:
    return "".join(_WORD.findall(fold(name.replace("°", ""))))


@cache
def _readings() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            reading, _, names = line.partition(":")
            for name in (reading, *names.split(",")):
                found.setdefault(_joined(name), reading.strip())
    return found
