"""The sentence that says what an act will do."""

import pytest

from migrator.engine.cases import Decide
from reconciliation.effects import effect_of
from tests import factories_reconciliation as made

CANDIDATE = {"source_key": "k", "name": "Bo Ek"}
PERSON = {"target_id": 7, "name": "Eva Moe"}


@pytest.mark.parametrize(
    ("case", "action", "args", "sentence"),
    [
        (
            made.no_email(tags=["a", "b"]),
            Decide.NAME_ONLY,
            {},
            "Creates Person **Astrid Lindqvist** with phone, 2 labels and the history of 14 events. "
            "Email stays empty.",
        ),
        (
            made.no_email(name="", phone="", event_count=1),
            Decide.NAME_ONLY,
            {},
            "Creates a Person with the history of 1 event. Email stays empty.",
        ),
        (
            made.no_email(),
            Decide.SKIP,
            {},
            "Writes nothing. The profile is listed in the skipped-records file.",
        ),
        (
            made.no_email(candidates=[CANDIDATE]),
            Decide.MERGE,
            {"into": "k"},
            "Adds 14 events and the tags to **Bo Ek**. No new Person is created.",
        ),
        (
            made.no_email(candidates=[PERSON], event_count=0),
            Decide.MERGE,
            {"target_id": "7"},
            "Adds the values and tags to **Eva Moe**. No new Person is created.",
        ),
        (
            made.no_name(event_count=0),
            Decide.DERIVE_NAME,
            {"name": "Karin Holm"},
            "Creates Person **Karin Holm** with email.",
        ),
        (
            made.duplicate(),
            Decide.MERGE,
            {"survivor": "b"},
            "Creates one Person **Karin Holm** with the history of 6 events. "
            "Empty fields are filled from the others.",
        ),
        (made.duplicate(), Decide.KEEP_APART, {}, "Creates 2 Persons that share this email."),
        (
            made.duplicate(targets=[PERSON]),
            Decide.MERGE,
            {"target_id": "7"},
            "Adds to the Person **Eva Moe** that is already in Pipedrive.",
        ),
        (
            made.type_conflict(),
            Decide.AS_TYPE,
            {"type": "number"},
            "Makes **shoe_size** one field of type number. 36 values would be empty.",
        ),
        (
            made.type_conflict(),
            Decide.SPLIT,
            {},
            "Creates 2 fields, one per Section. Nothing is lost.",
        ),
        (
            made.rare_tag(),
            Decide.MERGE_TAG,
            {"into": "Winter 25"},
            "3 profiles get the label **Winter 25** instead.",
        ),
        (made.rare_tag(), Decide.KEEP, {}, "Makes the label **winter_25** for 3 profiles."),
        (made.rare_tag(), Decide.DROP, {}, "No label is made. 3 profiles go without this tag."),
    ],
)
def test_the_effect_is_said_before_anything_is_pressed(case, action, args, sentence):
    assert effect_of(case.kind, case.evidence, action, args) == sentence
