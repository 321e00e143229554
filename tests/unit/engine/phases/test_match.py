"""Match: what is there is completed and never replaced, and a consent of the target is never touched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.field_map import Action, UpdateMode, field_map_of
from migrator.engine.inventory import SourceKind
from migrator.engine.operations import Act
from migrator.engine.phases.match import Existing, changes_for, consent_conflicts, match, update_modes
from migrator.engine.records import Kind
from tests import factories as made

SHOE = "person:Shoe size:varchar"
CONSENT = "person:email_consent:enum"


def existing(marker: str = "p-1", **body: Any) -> Existing:
    return Existing("17", marker, body)


def emails(*values: str, primary: bool = True) -> list[dict[str, Any]]:
    return [{"value": v, "label": "work", "primary": primary and n == 0} for n, v in enumerate(values)]


def changes(
    wanted: dict[str, Any], there: Existing, modes: dict[str, UpdateMode] | None = None
) -> dict[str, Any]:
    return changes_for(made.record(**wanted), there, modes or {})


BLANK = (None, "", [])
MODES = {
    # (mode, wanted, there): what is written, or None
    "if empty fills a gap": (UpdateMode.IF_EMPTY, "42", None, "42"),
    "if empty fills a blank": (UpdateMode.IF_EMPTY, "42", "", "42"),
    "if empty keeps what is there": (UpdateMode.IF_EMPTY, "42", "41", None),
    "if empty keeps a zero": (UpdateMode.IF_EMPTY, 42, 0, None),
    "if empty keeps a no": (UpdateMode.IF_EMPTY, "Yes", False, None),
    "if new writes nothing on what exists": (UpdateMode.IF_NEW, "42", None, None),
    "overwrite replaces": (UpdateMode.OVERWRITE, "42", "41", "42"),
    "overwrite leaves the same alone": (UpdateMode.OVERWRITE, "42", "42", None),
    "overwrite never blanks": (UpdateMode.OVERWRITE, "", "41", None),
    "append fills a gap": (UpdateMode.APPEND, ["a"], [], ["a"]),
}


@pytest.mark.parametrize(("mode", "wanted", "there", "expected"), MODES.values(), ids=MODES)
def test_a_custom_value_with(mode: UpdateMode, wanted: Any, there: Any, expected: Any) -> None:
    found = changes({"custom": {SHOE: wanted}}, existing(custom={SHOE: there}), {SHOE: mode})
    assert found == ({} if expected is None else {"custom": {SHOE: expected}})


@pytest.mark.parametrize(("mode", "wanted", "there", "expected"), MODES.values(), ids=MODES)
def test_a_standard_value_with(mode: UpdateMode, wanted: Any, there: Any, expected: Any) -> None:
    found = changes({"owner": wanted}, existing(owner=there), {"person.owner": mode})
    assert found == ({} if expected is None else {"owner": expected})


SIMPLE = st.sampled_from([None, "", "a", "b", 0, 7, "Yes", "No"])
LISTED = st.lists(st.sampled_from(["a@b.example", "A@B.example", "c@d.example"]), max_size=3)
BODIES = st.fixed_dictionaries(
    {
        "name": SIMPLE,
        "owner": SIMPLE,
        "emails": LISTED.map(lambda values: emails(*values)),
        "labels": st.lists(st.sampled_from(["VIP", "Ski"]), max_size=2, unique=True),
        "custom": st.dictionaries(st.sampled_from([SHOE, CONSENT]), SIMPLE),
    }
)
GENTLE = st.dictionaries(
    st.sampled_from([SHOE, CONSENT, "person.name", "person.owner"]),
    st.sampled_from([UpdateMode.IF_EMPTY, UpdateMode.IF_NEW, UpdateMode.APPEND]),
)


def applied(there: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    custom = (there.get("custom") or {}) | (changed.get("custom") or {})
    return there | {k: v for k, v in changed.items() if k != "marker"} | {"custom": custom}


def filled(body: dict[str, Any]) -> dict[str, Any]:
    flat = {k: v for k, v in body.items() if k not in ("custom", "emails", "labels")} | body["custom"]
    return {key: value for key, value in flat.items() if value not in BLANK}


@given(BODIES, BODIES, GENTLE)
def test_it_never_overwrites_a_value_that_is_there(
    wanted: dict[str, Any], there: dict[str, Any], modes: dict[str, UpdateMode]
) -> None:
    after = applied(there, changes(wanted, existing(**there), modes))
    assert filled(there).items() <= filled(after).items()
    assert after["emails"][: len(there["emails"])] == there["emails"]
    assert set(there["labels"]) <= set(after["labels"])


@given(
    BODIES,
    BODIES,
    st.dictionaries(st.sampled_from([SHOE, "person.name", "person.owner"]), st.sampled_from(UpdateMode)),
)
def test_the_second_time_there_is_nothing_to_write(
    wanted: dict[str, Any], there: dict[str, Any], modes: dict[str, UpdateMode]
) -> None:
    after = applied(there, changes(wanted, existing(**there), modes))
    assert changes(wanted, existing(**after), modes) == {}


@pytest.mark.parametrize("mode", UpdateMode)
@pytest.mark.parametrize("there", ["Yes", "No"])
def test_a_consent_is_never_overwritten_whatever_the_map_says(mode: UpdateMode, there: str) -> None:
    consent = made.rule(
        "email", "email_consent", kind=SourceKind.CONSENT, custom=True, update_mode=mode, action=Action.CREATE
    )
    modes = update_modes(field_map_of([consent]))
    wanted = "No" if there == "Yes" else "Yes"
    assert changes({"custom": {consent.ref: wanted}}, existing(custom={consent.ref: there}), modes) == {}


def test_a_consent_is_written_where_there_is_none() -> None:
    consent = made.rule("email", "email_consent", kind=SourceKind.CONSENT, custom=True)
    modes = update_modes(field_map_of([consent]))
    assert changes({"custom": {consent.ref: "No"}}, existing(), modes) == {"custom": {consent.ref: "No"}}


def test_other_rules_keep_their_mode() -> None:
    rule = made.rule("shoe", "Shoe size", custom=True, update_mode=UpdateMode.OVERWRITE)
    assert update_modes(field_map_of([rule])) == {SHOE: UpdateMode.OVERWRITE}


ADDRESSES = {
    "a new address is added behind": (("a@x.example",), ("b@x.example",), ["a@x.example", "b@x.example"]),
    "another spelling is no new address": (("a@x.example",), ("A@X.example",), None),
    "nothing new changes nothing": (("a@x.example", "b@x.example"), ("b@x.example",), None),
    "the first address is written": ((), ("b@x.example",), ["b@x.example"]),
    "nothing wanted changes nothing": (("a@x.example",), (), None),
}


@pytest.mark.parametrize(("there", "wanted", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses(there: tuple[str, ...], wanted: tuple[str, ...], expected: list[str] | None) -> None:
    found = changes({"emails": emails(*wanted)}, existing(emails=emails(*there)))
    assert [row["value"] for row in found.get("emails", [])] == (expected or [])


def test_an_address_that_is_added_never_becomes_the_primary_one() -> None:
    found = changes({"emails": emails("b@x.example")}, existing(emails=emails("a@x.example")))
    assert [row["primary"] for row in found["emails"]] == [True, False]


def test_the_first_address_of_all_is_the_primary_one() -> None:
    found = changes({"phones": emails("+4670", "+4671")}, existing())
    assert [row["primary"] for row in found["phones"]] == [True, False]


def test_another_spelling_of_a_number_is_no_new_number() -> None:
    assert changes({"phones": emails("+46 70 555")}, existing(phones=emails("4670-555"))) == {}


def test_a_row_without_address_is_dropped_when_one_is_added() -> None:
    found = changes({"emails": emails("a@x.example")}, existing(emails=[{"value": "", "label": "work"}]))
    assert found["emails"] == emails("a@x.example")


LABELS = {
    "a new label is added behind": (["VIP"], ["Ski", "VIP"], ["VIP", "Ski"]),
    "nothing new changes nothing": (["VIP", "Ski"], ["Ski"], None),
    "the first labels are written": (None, ["Ski"], ["Ski"]),
    "another case is no new label": (["VIP"], ["vip", "Ski", "ski"], ["VIP", "Ski"]),
    "no labels change nothing": (["VIP"], None, None),
}


@pytest.mark.parametrize(("there", "wanted", "expected"), LABELS.values(), ids=LABELS)
def test_labels(there: Any, wanted: Any, expected: Any) -> None:
    assert changes({"labels": wanted}, existing(labels=there)).get("labels") == expected


def test_a_record_that_is_not_there_is_created() -> None:
    operation = match(made.record(name="Astrid"), None, {})
    assert (operation.act, operation.body, operation.key) == (Act.CREATE, {"name": "Astrid"}, "p-1")
    assert operation.payload_sha == made.record(name="Astrid").payload_sha


def test_a_record_that_is_there_with_the_same_values_is_left_alone() -> None:
    operation = match(made.record(name="Astrid"), existing(name="Astrid"), {})
    assert (operation.act, operation.body, operation.target_id) == (Act.UNCHANGED, {}, "17")
    assert (operation.payload_sha, operation.reason) == ("", "Already there with the same values.")


def test_a_record_that_lacks_a_value_is_completed() -> None:
    operation = match(made.record(name="Astrid", owner="a@b.example"), existing(name="Astrid"), {})
    assert (operation.act, operation.body, operation.target_id) == (
        Act.UPDATE,
        {"owner": "a@b.example"},
        "17",
    )
    assert operation.payload_sha


def test_a_person_without_our_marker_gets_it() -> None:
    assert match(made.record(name="A"), existing(marker="", name="A"), {}).body == {"marker": True}


@pytest.mark.parametrize("kind", [Kind.ORGANIZATION, Kind.DEAL])
def test_only_persons_are_marked_for_the_marker_alone(kind: Kind) -> None:
    assert match(made.record(kind, name="A"), existing(marker="", name="A"), {}).act == Act.UNCHANGED


@pytest.mark.parametrize("kind", [Kind.ACTIVITY, Kind.NOTE])
def test_history_that_is_there_is_never_rewritten(kind: Kind) -> None:
    assert match(made.record(kind, content="new"), existing(content="old"), {}).act == Act.UNCHANGED


def test_the_same_change_to_another_record_is_another_payload() -> None:
    record = made.record(name="A")
    one = match(record, Existing("17", "p-1", {}), {})
    other = match(record, Existing("18", "p-1", {}), {})
    assert one.payload_sha != other.payload_sha


@pytest.mark.parametrize("act", ["create", "leave"])
def test_how_many_source_records_it_holds_is_kept(act: str) -> None:
    record = made.TargetRecord(Kind.PERSON, "p-1", {"name": "A"}, source_count=3)
    there = None if act == "create" else existing(name="A")
    assert match(record, there, {}).source_count == 3


CONSENT, DATE = "person:email_consent:enum", "person:email_consent_date:date"
PAIRS = {DATE: CONSENT}


def consented(answer: str, date: str = "") -> Existing:
    custom = {CONSENT: answer} | ({DATE: date} if date else {})
    return Existing("7", "p-1", {"custom": custom})


def test_a_consents_date_is_not_written_beside_somebody_elses_answer() -> None:
    record = made.record(custom={CONSENT: "Yes", DATE: "2024-10-04"})
    assert changes_for(record, consented("No"), {}, PAIRS) == {}
    there = Existing("7", "p-1", {"custom": {}})
    assert changes_for(record, there, {}, PAIRS) == {"custom": {CONSENT: "Yes", DATE: "2024-10-04"}}


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"), [("No", "Yes", 1), ("No", "No", 0), ("No", "", 0), ("Yes", "No", 0)]
)
def test_a_refusal_that_the_target_does_not_know_is_counted(mine: str, theirs: str, expected: int) -> None:
    record = made.record(custom={CONSENT: mine})
    assert consent_conflicts(record, consented(theirs), PAIRS) == expected
