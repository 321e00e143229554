"""What a case is found by: a folded text to search, words such as "phone:yes" to filter by, and the four filters
that many cases share in one small number.

A trait that half of all cases have is of no use in an index of words, so those stand in `ReviewItem.traits`, which is
part of an index in the order of the page and of the counts (`QueueCount`).
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from migrator.engine.cases import CaseKind
from reconciliation.models import ReviewItem

Evidence = Mapping[str, Any]
# From these percentages on a suggestion counts as sure, and as middling.
HIGH, MEDIUM = 90, 70
SURE = ("low", "medium", "high")
# A tag of ten thousand characters is found by its beginning.
LONGEST_WORD, LONGEST_SEARCH, MOST_TAGS = 220, 1000, 40
FIRST_YEAR, LAST_YEAR = 2000, 2098
NEVER = "never"
# Kinds whose cases are about one profile; of the others "has no phone" would say nothing.
OF_ONE_PROFILE = (CaseKind.NO_EMAIL, CaseKind.NO_NAME)
OF_PROFILES = (*OF_ONE_PROFILE, CaseKind.DUPLICATE)


def folded(text: str) -> str:
    """Without case and accents; the separators stay, for they are part of addresses and numbers."""
    plain = text.replace("ø", "o").replace("Ø", "O").replace("æ", "ae").replace("Æ", "AE")
    decomposed = unicodedata.normalize("NFKD", plain)
    kept = "".join(c for c in decomposed if not unicodedata.combining(c) and c != "\0")
    return " ".join(kept.casefold().split())


def sure_of(confidence: int) -> str:
    return "high" if confidence >= HIGH else "medium" if confidence >= MEDIUM else "low"


# Words


def facets_of(
    kind: CaseKind, evidence: Evidence, title: str, key: str, section: str, action: str, confidence: int
) -> tuple[str, list[str]]:
    """The text to search and the words of a case: "suggest:merge", "section:Shop", "sure:high", and where the case
    is about profiles "phone:yes", "company:no", "seen:2025" or "seen:never", "tag:<tag>", "match:<by what>".

    Pure; the words are sorted, each once, of at most 220 characters.
    """
    words = {f"suggest:{action or 'none'}", f"sure:{sure_of(confidence)}"}
    if section:
        words.add(f"section:{section}")
    if kind in OF_PROFILES:
        words |= _words_of_profiles(evidence)
    if match := evidence.get("match"):
        words.add(f"match:{match}")
    if channel := evidence.get("channel"):
        words.add(f"channel:{channel}")
    words |= {f"tag:{tag}" for tag in _tags(evidence)}
    return _search(title, key, evidence), sorted({_clean(word)[:LONGEST_WORD] for word in words})


def _words_of_profiles(evidence: Evidence) -> set[str]:
    words = {f"{name}:{'yes' if _has(evidence, name) else 'no'}" for name in ("phone", "company", "crm_id")}
    words.add(f"seen:{_seen(evidence)}")
    if evidence.get("open_deal"):
        words.add("deal:open")
    if "candidates" in evidence:
        words.add(f"candidates:{min(3, len(_rows(evidence['candidates'])))}")
    return words


def tag_word(tag: str) -> str:
    """The word that a case with this tag has."""
    return _clean(f"tag:{tag}")[:LONGEST_WORD]


def _clean(word: str) -> str:
    return word.replace("\0", "")


def _tags(evidence: Evidence) -> list[str]:
    tags = evidence.get("tags")
    own = [str(t) for t in tags] if isinstance(tags, list) else []
    return [*own, str(evidence["tag"])][:MOST_TAGS] if evidence.get("tag") else own[:MOST_TAGS]


def _search(title: str, key: str, evidence: Evidence) -> str:
    """Everything that a person may type to find the case; the same word is not kept twice."""
    known = [evidence, *_members(evidence)]
    fields = ("name", "email", "phone", "company", "crm_id", "value", "field", "tag")
    parts = [title, key, *(str(row[f]) for row in known for f in fields if row.get(f))]
    # Numbers are found however they are spaced.
    parts += ["".join(filter(str.isdigit, str(row["phone"]))) for row in known if row.get("phone")]
    return " ".join(dict.fromkeys(part for part in map(folded, parts) if part))[:LONGEST_SEARCH]


def _members(evidence: Evidence) -> list[Evidence]:
    return [*_rows(evidence.get("members")), *_rows(evidence.get("targets"))]


def _rows(value: Any) -> list[Evidence]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _has(evidence: Evidence, name: str) -> bool:
    return any(row.get(name) for row in (evidence, *_rows(evidence.get("members"))))


def _seen(evidence: Evidence) -> str:
    """The year of the last event of any profile of the case, or "never"."""
    rows = (evidence, *_rows(evidence.get("members")))
    years = [str(row.get("last_event") or "")[:4] for row in rows]
    return max((year for year in years if year.isascii() and year.isdecimal()), default=NEVER)


# Traits


@dataclass(frozen=True, slots=True)
class Traits:
    """`seen` is a year, "never", or "" for a kind that is not about profiles."""

    sure: str
    phone: bool
    company: bool
    seen: str

    def shown(self, name: str) -> str:
        """As a filter of this name spells it: sure, phone, company or seen."""
        value = getattr(self, name)
        return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def traits_of(kind: CaseKind, evidence: Evidence, confidence: int) -> int:
    """The four shared filters in one number; `Traits` read back by `read_traits`."""
    number = SURE.index(sure_of(confidence))
    if kind not in OF_PROFILES:
        return number
    number += 3 * _has(evidence, "phone") + 6 * _has(evidence, "company")
    seen = _seen(evidence)
    return number + 12 * (1 if seen == NEVER else 2 + min(max(int(seen), FIRST_YEAR), LAST_YEAR) - FIRST_YEAR)


@cache
def read_traits(number: int) -> Traits:
    rest, year = number % 12, number // 12
    seen = ("", NEVER)[year] if year < 2 else str(FIRST_YEAR + year - 2)
    return Traits(SURE[rest % 3], bool(rest // 3 % 2), bool(rest // 6), seen)


# Writing

_UPSERT = """
insert into reconciliation_casefacet as f (item_id, search, facets, group_order, rank)
select id, search, (select array_agg(word) from jsonb_array_elements_text(words) word), group_order, rank
from unnest(%s::bigint[], %s::text[], %s::jsonb[], %s::smallint[], %s::bigint[])
    as given (id, search, words, group_order, rank)
on conflict (item_id) do update set search = excluded.search, facets = excluded.facets,
    group_order = excluded.group_order, rank = excluded.rank
where (f.search, f.facets, f.group_order, f.rank)
    is distinct from (excluded.search, excluded.facets, excluded.group_order, excluded.rank)
"""


def queue_word(project_id: int, kind: str) -> str:
    """The word that every case of one queue has, so that the index of words knows where to look."""
    return f"queue:{project_id}:{kind}"


def write(items: Sequence[ReviewItem]) -> None:
    """What these saved items are found by, in one statement; unchanged rows are not written anew."""
    from psycopg.types.json import Jsonb

    if not items:
        return
    found = [_found_by(item) for item in items]
    columns: list[Any] = [
        [item.pk for item in items],
        [search for search, _ in found],
        [Jsonb(words) for _, words in found],
        [item.group_order for item in items],
        [item.rank for item in items],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, columns)


def _found_by(item: ReviewItem) -> tuple[str, list[str]]:
    kind = CaseKind(item.kind)
    search, words = facets_of(
        kind, item.evidence, item.title, item.key, item.section, item.suggested_action, item.confidence
    )
    return search, [*words, queue_word(item.project_id, item.kind)]
