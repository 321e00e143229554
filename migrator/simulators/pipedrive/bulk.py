"""Very many made-up records straight into an account's store, for measurements of size and speed.

They pass no rule: what is written has the shape that a request would have left behind.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from migrator.simulators.pipedrive.account import Account, Call
from migrator.simulators.pipedrive.activities import ACTIVITY
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.records import RecordKind, new_document
from migrator.simulators.pipedrive.seeding import EMPTY_REQUEST
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import rfc3339

DAY = 86_400
_COMMITTED_AT_ONCE = 20_000
_FIRST = ("Åsa", "Jörg", "Maija", "Søren", "Anna", "Karl-Heinz", "Ingrid", "Mikkel")
_LAST = ("Lindqvist", "Müller", "Virtanen", "Sørensen", "Berg", "Weiß", "Nordström", "Hansen")
_SUBJECTS = ("Opened: Spring collection", "Clicked: Spring collection", "Sent: Order confirmation")


def add_persons(account: Account, count: int) -> list[int]:
    """Write `count` persons with an e-mail address, a phone number and five custom values; their ids."""
    common = _sparse(account, PERSON, {"name": "Template"})
    codes = account.catalogue.custom_codes("person")[:5]
    numbers = _numbers(account, "persons", count)
    _insert(account, PERSON, (_person(common, codes, number) for number in numbers))
    return numbers


def add_activities(account: Account, persons: list[int], each: int) -> int:
    """Write `each` done activities for every person; how many that are."""
    if not persons or not each:
        return 0
    common = _sparse(account, ACTIVITY, {"subject": "Template", "type": "task", "done": True})
    first, now = _numbers(account, "activities", len(persons) * each)[0], account.now()
    _insert(
        account,
        ACTIVITY,
        (
            _activity(common, first + place * each + turn, person, now - (turn + place % 700) * DAY)
            for place, person in enumerate(persons)
            for turn in range(each)
        ),
    )
    return len(persons) * each


def _sparse(account: Account, kind: RecordKind, body: Doc) -> Doc:
    """What all of them have, without what is empty and not stored anyway."""
    owner = next(iter(account.users.values()))
    doc = new_document(kind, Call(account, EMPTY_REQUEST, owner, account.now()), body)
    return {name: value for name, value in doc.items() if value not in (None, [], {})}


def _numbers(account: Account, name: str, count: int) -> list[int]:
    with account.store.transaction():
        first = account.store.next_ids(name, count)
    return list(range(first, first + count))


def _insert(account: Account, kind: RecordKind, docs: Iterator[Doc]) -> None:
    waiting = ((doc, 0.0, kind.search_text(doc)) for doc in docs)
    with account.store.unindexed(kind.kind):
        # Not all at once: what is not committed yet lies in the log beside the file.
        while rows := list(islice(waiting, _COMMITTED_AT_ONCE)):
            with account.store.transaction():
                account.store.insert_many(kind.kind, rows)
                account.store.texts.catch_up(kind.kind, len(rows))


def _person(common: Doc, codes: tuple[str, ...], number: int) -> Doc:
    first, last = _FIRST[number % 8], _LAST[number // 8 % 8]
    name = f"{first} {last} {number}"
    custom: dict[str, Any] = {code: f"Value {place} of {number}" for place, code in enumerate(codes)}
    return common | {
        "id": number,
        "name": name,
        "first_name": first,
        "last_name": f"{last} {number}",
        "emails": [{"value": f"person{number}@example.com", "primary": True, "label": "work"}],
        "phones": [{"value": f"+46 70 {number:07d}", "primary": True, "label": "mobile"}],
        "custom_fields": custom,
    }


def _activity(common: Doc, number: int, person: int, moment: float) -> Doc:
    stamp = rfc3339(moment)
    return common | {
        "id": number,
        "subject": _SUBJECTS[number % 3],
        "add_time": stamp,
        "update_time": stamp,
        "due_date": stamp[:10],
        "due_time": stamp[11:16],
        "marked_as_done_time": stamp,
        "person_id": person,
        "participants": [{"person_id": person, "primary": True}],
        "note": f"<p>Sent to person{person}@example.com, campaign 4711.</p><!-- source event {number} -->",
    }
