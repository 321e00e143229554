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


@pytest.mark.parametrize(
    ("known", "sentences"),
    [
        pytest.param(
            {"why": "Same name and company"},
            ["**Astrid Lindqvist**: same name and company", "The name is **the same**"],
            id="found by name and company",
        ),
        pytest.param(
            {"why": "Same phone in Pipedrive", **SAME_PHONE},
            ["**Astrid Lindqvist**: same phone in Pipedrive", "The name is **the same**"],
            id="found by phone",
        ),
        pytest.param(
            {"why": "Same CRM id", "name": ""},
            ["**astrid@example.com**: same CRM id", "It has **no name** to compare"],
            id="without a name",
        ),
        pytest.param(
            {"why": "Same CRM id", "name": "Bo Ek"},
            ["**Bo Ek**: same CRM id", "The name is spelled **differently**"],
            id="another name",
        ),
    ],
)
def test_a_merge_says_by_what_the_other_one_was_found(known, sentences):
    found = suggest(made.no_email(name="Astrid Lindqvist", candidates=[other() | known]))
    assert (found.action, [reason.text for reason in found.reasons]) == (Decide.MERGE, sentences)


def test_a_crm_id_counts_before_a_colleague_of_a_nearer_name_at_the_same_switchboard():
    colleague = other("Per Lind", source_key="colleague", **SAME_PHONE)
    same = other("Bo Ek", source_key="same", phone="", why="Same CRM id")
    found = suggest(
        made.no_email(name="Astrid Lindqvist", phone=SAME_PHONE["phone"], candidates=[colleague, same])
    )
    assert (found.action, found.args) == (Decide.MERGE, {"into": "same"})


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


def hagen(*names, **known):
    return [made.company(name, 5 - n, **known) for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("members", "action", "least"),
    [
        pytest.param(hagen("Hagen Fritid AS", "HAGEN FRITID"), Decide.MERGE, 90, id="legal form"),
        pytest.param(hagen("Hagen", "Polar", vat=["NO 1"]), Decide.MERGE, 90, id="VAT"),
        pytest.param(hagen("Hagen", "Hagen Sport", domains=["hagen.example"]), Decide.MERGE, 80, id="domain"),
        pytest.param(hagen("Hagen Fritid", "Hagen Fritd"), Decide.MERGE, 70, id="spelling"),
        pytest.param(hagen("Hagen Fritid", "Polar Kauppa"), Decide.KEEP_APART, 50, id="nothing shared"),
        pytest.param(
            [made.company("Hagen", vat=["NO 1"]), made.company("HAGEN AS", vat=["NO 2"])],
            Decide.MERGE,
            70,
            id="other VAT numbers lower it",
        ),
    ],
)
def test_company_names_are_one_company_where_something_says_so(members, action, least):
    found = suggest(made.organizations(*members))
    assert found.action == action
    assert least <= found.confidence < least + 15


def test_the_name_that_pipedrive_knows_is_kept():
    members = [made.company("Hagen", 9), made.company("HAGEN AS", 2, target_id="31")]
    assert suggest(made.organizations(*members)).args == {
        "name": "HAGEN AS",
        "members": ["Hagen", "HAGEN AS"],
    }


@pytest.mark.parametrize("states", [("Yes", "No"), ("No", "Yes"), ("Unknown", "No"), ("Yes", "Yes")])
def test_a_consent_conflict_is_only_ever_answered_by_no(states):
    answers = [{"where": f"s{n}", "state": state} for n, state in enumerate(states)]
    found = suggest(made.consents(answers=answers))
    assert found.action == Decide.RESTRICT
    assert {c.action for c in found.candidates} <= {Decide.RESTRICT, Decide.RESTRICT_ALL}


def test_what_duplicates_share_is_said_with_its_values_strongest_first():
    why = ["CRM id **4411** is the same", "Phone **+47 1** is the same"]
    found = suggest(made.duplicate(match="crm_id", why=why))
    assert [reason.text for reason in found.reasons][:2] == why


def test_a_first_name_that_is_only_begun_is_no_other_person():
    found = suggest(made.duplicate(made.member("a", "K. Holm"), made.member("b", "Karin Holm-Ek", filled=9)))
    assert (found.action, found.confidence < 90) == (Decide.MERGE, True)


def test_profiles_with_a_shared_phone_and_other_names_are_kept_apart():
    found = suggest(made.duplicate(made.member("a", "Bo Ek"), made.member("b", "Liv Dahl"), match="phone"))
    assert found.action == Decide.KEEP_APART
    assert "switchboard" in found.reasons[1].text


def test_spellings_of_one_word_and_tags_used_together_are_reasons():
    spelled = made.rare_tag("vip", 2, [("VIP", 90)], spellings=["vip", "VIP", "v.i.p"])
    assert "3 spellings" in suggest(spelled).reasons[0].text
    together = made.rare_tag("vip", 2, together=[{"tag": "club", "count": 2}])
    assert "**club**" in suggest(together).reasons[-1].text


CASES = [
    made.organizations(),
    made.organizations(made.company("Alone")),
    made.consents(),
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
