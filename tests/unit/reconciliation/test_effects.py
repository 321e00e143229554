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
            made.no_email(event_count=0),
            Decide.SUPPLY_EMAIL,
            {},
            "Creates Person **Astrid Lindqvist** with phone. Email is what you enter.",
        ),
        (
            made.no_email(event_count=0),
            Decide.SUPPLY_EMAIL,
            {"email": "astrid@example.com"},
            "Creates Person **Astrid Lindqvist** with phone. Email is **astrid@example.com**.",
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
        (
            made.duplicate(made.member("a"), made.member("b", "K. Ek"), made.member("c")),
            Decide.MERGE,
            {"survivor": "a", "members": ["a", "b"], "fields": {"name": "b"}},
            "Creates one Person **Karin Holm** with the history of 6 events. Name is **K. Ek**. "
            "Empty fields are filled from the others. 1 other stays apart.",
        ),
        (
            made.organizations(),
            Decide.MERGE,
            {"name": "HAGEN FRITID"},
            "Links 11 profiles to the one Organization **HAGEN FRITID** in Pipedrive.",
        ),
        (
            made.organizations(
                made.company("A", 3, target_id="7"), made.company("B", 2), made.company("C", 1)
            ),
            Decide.MERGE,
            {"name": "A", "members": ["A", "B"]},
            "Links 5 profiles to the one Organization **A** that is already in Pipedrive. "
            "1 other name stays apart.",
        ),
        (
            made.organizations(),
            Decide.RENAME,
            {},
            "Links 11 profiles to one Organization with the name you enter.",
        ),
        (
            made.organizations(),
            Decide.KEEP_APART,
            {},
            "Creates 2 Organizations, one for each name. Nobody is asked again.",
        ),
        (
            made.consents(),
            Decide.RESTRICT,
            {},
            "Writes **No** for email to 14 profiles, also where Norway said Yes. Email reaches none of them.",
        ),
        (
            made.consents(channel="sms"),
            Decide.RESTRICT_ALL,
            {},
            "Writes **No** for email and for SMS to 14 profiles, also where Norway said Yes. "
            "Neither reaches them any more.",
        ),
        (
            made.consents(),
            Decide.SKIP,
            {},
            "Writes nothing. 14 profiles stay out of Pipedrive and are listed in the skipped-records file.",
        ),
        (
            made.consents(),
            Decide.UNSURE,
            {},
            "Writes nothing. The case waits under Unsure. Until somebody decides, its profiles are held back.",
        ),
        (
            made.rare_tag(),
            Decide.UNSURE,
            {},
            "Writes nothing. The case waits under Unsure. Until somebody decides, its profiles go without this "
            "tag.",
        ),
        (
            made.type_conflict(),
            Decide.UNSURE,
            {},
            "Writes nothing. The case waits under Unsure. Until somebody decides, the field map cannot be "
            "signed.",
        ),
    ],
)
def test_the_effect_is_said_before_anything_is_pressed(case, action, args, sentence):
    assert effect_of(case.kind, case.evidence, action, args) == sentence
