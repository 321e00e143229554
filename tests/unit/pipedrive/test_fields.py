"""Names to codes and ids, and a sentence for each name that is missing."""

import pytest

from migrator.engine.errors import DriftError
from migrator.engine.inventory import FieldType, TargetObject
from migrator.pipedrive.fields import Ref, Resolver
from tests.unit.pipedrive.resolvers import CONSENT, LISTS, SIZE, TOPICS, Lists, resolver


def test_it_finds_a_field_by_object_name_and_type() -> None:
    assert resolver().field("person:Shoe size:double").code == SIZE


def test_a_name_may_hold_colons() -> None:
    assert resolver().field("person:Topics: news:set").code == TOPICS
    assert str(Ref.parse("person:Topics: news:set")) == "person:Topics: news:set"


@pytest.mark.parametrize("text", ["", "person", "person:Name", "robot:Name:varchar", "person::varchar"])
def test_it_refuses_a_ref_that_names_nothing(text: str) -> None:
    with pytest.raises(DriftError):
        Ref.parse(text)


@pytest.mark.parametrize(
    "ref", ["person:Hat size:double", "person:Shoe size:varchar", "deal:Shoe size:double"]
)
def test_it_says_which_field_is_missing(ref: str) -> None:
    with pytest.raises(DriftError, match=Ref.parse(ref).name):
        resolver().field(ref)


def test_a_system_field_is_no_custom_field() -> None:
    assert resolver().find("person:Name:varchar") is None


def twins() -> Lists:
    row = {"field_name": "Size", "field_type": "double", "is_custom_field": True}
    return Lists(person_fields=[{**row, "field_code": "a" * 40}, {**row, "field_code": "b" * 40}])


def test_it_guesses_between_two_fields_of_one_name_never() -> None:
    with pytest.raises(DriftError, match="2 person fields named Size"):
        Resolver(twins()).find("person:Size:double")


def test_it_takes_the_one_that_an_earlier_write_made() -> None:
    found = Resolver(twins(), known={"person:Size:double": "b" * 40}).find("person:Size:double")
    assert found is not None
    assert found.code == "b" * 40


def test_a_text_with_completion_is_a_text() -> None:
    row = {
        "field_code": "c" * 40,
        "field_name": "City",
        "field_type": "varchar_auto",
        "is_custom_field": True,
    }
    assert Resolver(Lists(person_fields=[row])).field("person:City:varchar").code == "c" * 40


def test_it_tells_custom_fields_by_their_code_where_the_flag_is_missing() -> None:
    rows = [
        {"field_code": "e" * 40, "field_name": "A", "field_type": "varchar"},
        {"field_code": "name", "field_name": "A", "field_type": "varchar"},
    ]
    assert Resolver(Lists(person_fields=rows)).field("person:A:varchar").code == "e" * 40


@pytest.mark.parametrize(("label", "number"), [("Yes", 11), ("No", 12), (" yes ", 11)])
def test_it_finds_an_option_by_its_label(label: str, number: int) -> None:
    assert resolver().option_id("person:Email consent:enum", label) == number


def test_it_says_which_option_is_missing() -> None:
    with pytest.raises(DriftError, match="Email consent has no option Maybe"):
        resolver().option_id("person:Email consent:enum", "Maybe")


def test_it_gives_each_label_once() -> None:
    assert resolver().label_ids(["Customer", "VIP", "customer"]) == [2, 1]


def test_it_says_which_label_is_missing() -> None:
    with pytest.raises(DriftError, match="label Cold"):
        resolver().label_ids(["Cold"])


def test_it_says_where_no_label_field_is_shown() -> None:
    with pytest.raises(DriftError, match="no label field"):
        resolver().label_field(TargetObject.DEAL)


@pytest.mark.parametrize("owner", ["kari@example.org", " KARI@example.ORG ", "Kari Nordmann"])
def test_it_finds_an_owner_by_address_or_name(owner: str) -> None:
    assert resolver().user_id(owner) == 7


@pytest.mark.parametrize("owner", ["left@example.org", "nobody@example.org"])
def test_it_falls_back_for_an_owner_who_is_no_active_user(owner: str) -> None:
    assert resolver().user_id(owner) is None
    assert resolver(fallback_owner="boss@example.org").user_id(owner) == 9


@pytest.mark.parametrize("word", ["task", "Task", "TASK"])
def test_it_finds_an_activity_type_by_key_or_name(word: str) -> None:
    assert resolver().activity_type(word) == "task"


def test_it_finds_an_activity_type_by_its_name_alone() -> None:
    assert resolver().activity_type("Video call") == "video_call"


def test_a_retired_activity_type_is_missing() -> None:
    with pytest.raises(DriftError, match="activity type Old"):
        resolver().activity_type("Old")


def test_a_stage_belongs_to_its_pipeline() -> None:
    names = resolver()
    assert names.pipeline_id("renewals") == 2
    assert names.stage_id("won over", 2) == 32
    assert names.stage_id("won over", None) == 31


@pytest.mark.parametrize(
    ("pipeline", "stage"), [("Sales", "Gone"), ("Sales", "Never"), ("Nowhere", "Won over")]
)
def test_it_says_which_stage_or_pipeline_is_missing(pipeline: str, stage: str) -> None:
    names = resolver()
    with pytest.raises(DriftError):
        names.stage_id(stage, names.pipeline_id(pipeline))


def test_it_reads_a_list_only_when_it_is_needed_and_then_once() -> None:
    lists = Lists()
    names = Resolver(lists)
    names.field("person:Shoe size:double")
    names.option_id("person:Email consent:enum", "Yes")
    assert lists.read == ["person_fields"]


def test_a_snapshot_saves_the_next_slice_from_reading() -> None:
    first = resolver()
    first.read("users")
    lists = Lists()
    assert Resolver(lists, snapshot=first.snapshot()).user_id("kari@example.org") == 7
    assert lists.read == []


def test_it_reads_anew_what_it_was_told_to_forget() -> None:
    lists = Lists()
    names = Resolver(lists)
    names.field("person:Shoe size:double")
    names.user_id("kari@example.org")
    names.forget("person_fields")
    names.field("person:Shoe size:double")
    names.user_id("kari@example.org")
    assert lists.read == ["person_fields", "users", "person_fields"]


def test_the_catalogue_lists_standard_and_custom_fields_with_options() -> None:
    found = {
        (f.object, f.name): f for f in resolver().catalogue({TargetObject.PERSON: {CONSENT: 5, "emails": 9}})
    }
    consent = found[TargetObject.PERSON, "Email consent"]
    assert (consent.type, consent.custom, consent.options, consent.filled) == (
        FieldType.ENUM,
        True,
        ("Yes", "No"),
        5,
    )
    email = found[TargetObject.PERSON, "Email"]
    assert (email.standard_key, email.custom, email.filled) == ("emails", False, 9)
    assert found[TargetObject.PERSON, "Labels"].options == ("VIP", "Customer")
    assert found[TargetObject.DEAL, "Pipeline"].options == ("Sales", "Renewals")
    assert found[TargetObject.DEAL, "Status"].options == ("open", "won", "lost")


def test_it_counts_the_custom_fields_of_the_whole_company() -> None:
    assert resolver().custom_count() == sum(
        1
        for rows in (LISTS["person_fields"], LISTS["organization_fields"], LISTS["deal_fields"])
        for row in rows
        if row["is_custom_field"]
    )
