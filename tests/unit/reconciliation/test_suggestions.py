"""What is suggested for which case, as tables."""

import pytest

from migrator.engine.cases import CaseKind, Decide
from reconciliation.policies import ALLOWED
from reconciliation.suggestions import suggest
from tests import factories_reconciliation as made


def other(name: str = "Astrid Lindqvist", **known):
    return {"source_key": "other", "name": name, "email": "astrid@example.com", "event_count": 2} | known


SAME_PHONE = {"phone": "+46705550124"}


@pytest.mark.parametrize(
    ("known", "action"),
    [
        pytest.param({}, Decide.NAME_ONLY, id="phone and events, nobody else"),
        pytest.param({"phone": "", "event_count": 0}, Decide.SKIP, id="nothing is known"),
        pytest.param({"phone": "", "event_count": 1}, Decide.NAME_ONLY, id="only events"),
        pytest.param(
            {"phone": "", "event_count": 0, "company": "Hagen"}, Decide.NAME_ONLY, id="only company"
        ),
        pytest.param({"phone": "", "event_count": 0, "open_deal": True}, Decide.NAME_ONLY, id="only a deal"),
        pytest.param({"candidates": [other(**SAME_PHONE)]}, Decide.MERGE, id="same phone and name"),
        pytest.param({"candidates": [other("Bo Ek")]}, Decide.MERGE, id="same CRM id, other name"),
        pytest.param({"candidates": [other("", **SAME_PHONE)]}, Decide.MERGE, id="same phone, no name"),
        pytest.param(
            {"candidates": [other("Bo Ek", **SAME_PHONE)]}, Decide.NAME_ONLY, id="shared switchboard"
        ),
    ],
)
def test_a_profile_without_email(known, action):
    assert suggest(made.no_email(**known)).action == action


def test_the_nearest_name_is_merged_into_first():
    found = suggest(made.no_email(candidates=[other("Astri Lund"), other(source_key="best")]))
    assert found.args == {"into": "best"}
    assert [c.args for c in found.candidates] == [{"into": "best"}, {"into": "other"}]


def test_a_person_in_pipedrive_is_merged_into_by_its_id():
    person = {"target_id": 77, "name": "Astrid Lindqvist", "email": "", "event_count": 0}
    assert suggest(made.no_email(candidates=[person])).args == {"target_id": "77"}


def test_there_are_at_most_three_candidates():
    rows = [other(source_key=str(number)) for number in range(7)]
    assert len(suggest(made.no_email(candidates=rows)).candidates) == 3


def test_an_open_deal_lowers_the_confidence_and_says_why():
    found = suggest(made.no_email(open_deal=True))
    assert found.confidence <= 60
    assert any("open deal" in reason.text and reason.tone == "warn" for reason in found.reasons)


@pytest.mark.parametrize(
    ("email", "company", "name"),
    [
        ("karin.holm@example.com", "", "Karin Holm"),
        ("karin.holm@example.com", "Hagen Fritid", "Karin Holm"),
        ("åsa_öberg@example.com", "", "Åsa Öberg"),
        ("info@polarkauppa.example", "Polar Kauppa", "Polar Kauppa"),
        ("info@polarkauppa.example", "", "Polarkauppa"),
        ("no-reply@hagen.example", "", "Hagen"),
        ("karin@example.com", "", "Karin"),
        ("x93@hagen.example", "", "Hagen"),
        ("", "Hagen Fritid", "Hagen Fritid"),
    ],
)
def test_a_profile_without_name_is_named_by_what_is_known(email, company, name):
    found = suggest(made.no_name(email=email, company=company))
    assert (found.action, found.args) == (Decide.DERIVE_NAME, {"name": name})


def test_a_profile_with_nothing_to_name_it_by_is_skipped():
    assert suggest(made.no_name(email="", company="")).action == Decide.SKIP


@pytest.mark.parametrize(
    ("members", "survivor"),
    [
        ([made.member("a", filled=3), made.member("b", filled=9)], "b"),
        ([made.member("a", event_count=9), made.member("b", event_count=3)], "a"),
        ([made.member("a", last_event="2026-01-01"), made.member("b", last_event="2025-01-01")], "a"),
        ([made.member("a"), made.member("b")], "b"),
    ],
    ids=["fullest", "most events", "most recent", "stable where all is equal"],
)
def test_duplicates_are_merged_into_the_fullest(members, survivor):
    found = suggest(made.duplicate(*members))
    assert (found.action, found.args) == (Decide.MERGE, {"survivor": survivor, "members": ["a", "b"]})


def test_a_shared_mailbox_is_kept_apart():
    found = suggest(made.duplicate(made.member("a", "Karin Holm"), made.member("b", "Bo Ek")))
    assert found.action == Decide.KEEP_APART
    assert found.confidence < 70


def test_a_missing_name_lowers_the_confidence_of_a_merge():
    sure, unsure = suggest(made.duplicate()), suggest(made.duplicate(made.member("a"), made.member("b", "")))
    assert (unsure.action, unsure.confidence < sure.confidence) == (Decide.MERGE, True)


def test_several_persons_with_the_email_are_told_apart_by_name():
    targets = [{"target_id": 1, "name": "Bo Ek"}, {"target_id": 2, "name": "Karin Holm"}]
    found = suggest(made.duplicate(made.member("a"), match="target", targets=targets))
    assert found.args == {"survivor": "a", "members": ["a"], "target_id": "2"}
    assert found.confidence == 85


def choice(action, lost, of_type=""):
    return {"action": action, "type": of_type, "lost": lost, "samples": []}


TEXT, SPLIT, DROP = choice("as_type", 0, "text"), choice("split", 0), choice("drop", 400)


@pytest.mark.parametrize(
    ("choices", "action", "args"),
    [
        pytest.param(
            [TEXT, choice("as_type", 0, "number"), SPLIT, DROP], "as_type", {"type": "number"}, id="no loss"
        ),
        pytest.param(
            [TEXT, choice("as_type", 9, "number"), SPLIT, DROP], "as_type", {"type": "text"}, id="loss"
        ),
        pytest.param([choice("as_type", 9, "number"), SPLIT, DROP], "split", {}, id="split loses nothing"),
        pytest.param(
            [choice("as_type", 9, "date"), DROP], "as_type", {"type": "date"}, id="never drop by itself"
        ),
        pytest.param([], "split", {}, id="no choices"),
    ],
)
def test_a_type_conflict_takes_the_smallest_loss(choices, action, args):
    found = suggest(made.type_conflict(choices=choices))
    assert (found.action, found.args) == (Decide(action), args)


@pytest.mark.parametrize(
    ("tag", "count", "similar", "action", "into"),
    [
        pytest.param("winter_25", 3, [("Winter 25", 80)], Decide.MERGE_TAG, "Winter 25", id="other dress"),
        pytest.param(
            "wintre-25", 3, [("winter-25", 80)], Decide.MERGE_TAG, "winter-25", id="swapped letters"
        ),
        pytest.param("vip", 3, [("newsletter", 900)], Decide.KEEP, None, id="nothing like it"),
        pytest.param("winter-25", 4, [("wintre-25", 2)], Decide.KEEP, None, id="the other one is rarer"),
        pytest.param("old", 0, [], Decide.DROP, None, id="unused"),
    ],
)
def test_a_rare_tag(tag, count, similar, action, into):
    found = suggest(made.rare_tag(tag, count, similar))
    assert (found.action, found.args.get("into")) == (action, into)


def test_of_two_equally_rare_tags_only_one_is_merged():
    one, two = (
        suggest(made.rare_tag("vip1", 2, [("vip-1", 2)])),
        suggest(made.rare_tag("vip-1", 2, [("vip1", 2)])),
    )
    assert {one.action, two.action} == {Decide.MERGE_TAG, Decide.KEEP}


CASES = [
    made.no_email(),
    made.no_name(),
    made.duplicate(),
    made.type_conflict(),
    made.rare_tag(),
    made.duplicate(match="target", targets=[]),
    made.duplicate(match="target", targets=[{"target_id": 1}]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.evidence.get('match', '')}")
def test_every_suggestion_is_allowed_has_reasons_and_says_its_effect(case):
    found = suggest(case)
    assert found.action in ALLOWED[case.kind]
    assert 0 < found.confidence <= 100
    assert found.reasons
    assert found.effect.endswith(".")


@pytest.mark.parametrize("kind", CaseKind)
def test_every_kind_has_acts(kind):
    assert ALLOWED[kind]
