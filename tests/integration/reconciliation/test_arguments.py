"""What a person may enter for an act, and the sentence where it is no good."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.engine.cases import Decide
from migrator.engine.inventory import SourceField, SourceKind
from migrator.staging import store_fields
from reconciliation import services
from reconciliation.arguments import InvalidDecisionError, validated
from reconciliation.policies import ALLOWED
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db
PERSONS = [{"target_id": 7, "name": "Karin Holm"}, {"target_id": 8, "name": "Karin H"}]
BY_TARGET = made.duplicate(made.member("solo"), match="target", targets=PERSONS)
THREE = made.duplicate(
    made.member("a", filled=9), made.member("b", "K. Holm", phone="+47 1"), made.member("c", "Karin")
)
NAMES = made.organizations(made.company("Hagen AS"), made.company("Hagen"), made.company("Hagen Nord"))
CANDIDATES = [{"source_key": "k", "name": "Bo"}, {"target_id": 7, "name": "Eva"}]


@pytest.mark.parametrize(
    ("case", "action", "args", "clean"),
    [
        (made.no_email(), Decide.SUPPLY_EMAIL, {"email": " Bo@Example.COM "}, {"email": "Bo@example.com"}),
        (made.no_email(), Decide.NAME_ONLY, {"name": "left out"}, {}),
        (made.no_email(), Decide.SKIP, {}, {"reason": "Skipped by decision."}),
        (made.no_email(), Decide.SKIP, {"reason": "Left in 2024"}, {"reason": "Left in 2024"}),
        (made.no_email(candidates=CANDIDATES), Decide.MERGE, {"into": "k"}, {"into": "k"}),
        (made.no_email(candidates=CANDIDATES), Decide.MERGE, {"target_id": "7"}, {"target_id": "7"}),
        (made.no_name(), Decide.SUPPLY_NAME, {"name": "  Karin   Holm "}, {"name": "Karin Holm"}),
        (made.no_name(), Decide.DERIVE_NAME, {}, {"name": "Karin Holm"}),
        (
            BY_TARGET,
            Decide.MERGE,
            {"target_id": "8"},
            {"survivor": "solo", "members": ["solo"], "target_id": "8"},
        ),
        (made.rare_tag("vip", similar=[("VIP", 9)]), Decide.MERGE_TAG, {"into": "VIP"}, {"into": "VIP"}),
        (
            made.rare_tag("vip", together=[{"tag": "club", "count": 2}]),
            Decide.MERGE_TAG,
            {"into": "club"},
            {"into": "club"},
        ),
        (made.no_name(company="Hagen"), Decide.DERIVE_NAME, {"name": "Hagen"}, {"name": "Hagen"}),
        (THREE, Decide.MERGE, {"survivor": "a"}, {"survivor": "a", "members": ["a", "b", "c"]}),
        (
            THREE,
            Decide.MERGE,
            {"survivor": "c", "members": ["c", "b"], "fields": {"name": "b", "phone": "b", "email": "c"}},
            {"survivor": "c", "members": ["b", "c"], "fields": {"name": "b", "phone": "b"}},
        ),
        (
            NAMES,
            Decide.MERGE,
            {"name": "Hagen", "members": ["Hagen", "Hagen AS"]},
            {"name": "Hagen", "members": ["Hagen AS", "Hagen"]},
        ),
        (
            NAMES,
            Decide.RENAME,
            {"name": " Hagen  Fritid "},
            {"name": "Hagen Fritid", "members": ["Hagen AS", "Hagen", "Hagen Nord"]},
        ),
        (NAMES, Decide.KEEP_APART, {"name": "left out"}, {}),
        (made.consents(), Decide.RESTRICT, {"state": "Yes", "channel": "sms"}, {}),
        (made.consents(), Decide.RESTRICT_ALL, {}, {}),
        (made.consents(), Decide.SKIP, {"reason": "Not clear"}, {"reason": "Not clear"}),
        (made.consents(), Decide.UNSURE, {"reason": "left out"}, {}),
    ],
)
def test_what_is_good_comes_back_clean(project, case, action, args, clean):
    assert validated(made.make_item(project, case), action, args) == clean


@pytest.mark.parametrize(
    ("case", "action", "args", "field"),
    [
        (made.no_name(), Decide.SUPPLY_NAME, {"name": "  "}, "name"),
        (made.no_name(), Decide.SUPPLY_NAME, {"name": "x" * 256}, "name"),
        (made.no_name(), Decide.SUPPLY_NAME, {"name": "Bo\u202eEk"}, "name"),
        (made.no_name(), Decide.SUPPLY_NAME, {"name": ["Bo"]}, "name"),
        (made.no_email(), Decide.SKIP, {"reason": "x" * 501}, "reason"),
        (made.no_email(), Decide.MERGE, {"target_id": "99"}, "target_id"),
        (made.duplicate(), Decide.MERGE, {"survivor": "a", "members": ["a"]}, "members"),
        (made.duplicate(), Decide.MERGE, {"survivor": "a", "members": ["a", "z"]}, "survivor"),
        (BY_TARGET, Decide.MERGE, {"target_id": "9"}, "target_id"),
        (made.rare_tag("vip"), Decide.MERGE_TAG, {"into": "vip"}, "into"),
        (made.rare_tag("vip"), Decide.MERGE_TAG, {"into": "no such tag"}, "into"),
        (made.rare_tag("vip"), Decide.MERGE_TAG, {"into": "a\0b"}, "into"),
        (made.rare_tag("vip"), Decide.MERGE_TAG, {"into": "x" * 10_000}, "into"),
        (made.no_email(), Decide.SUPPLY_EMAIL, {"email": "a@@example.com"}, "email"),
        (made.no_email(), Decide.SUPPLY_EMAIL, {"email": "a" * 10_000}, "email"),
        (made.no_email(), Decide.SUPPLY_EMAIL, {"email": "<b>a@example.com"}, "email"),
        (made.no_email(), Decide.SKIP, {"reason": "<script>alert(1)</script>"}, "reason"),
        (made.no_email(), Decide.SKIP, {"reason": "a\0b"}, "reason"),
        (made.no_email("self"), Decide.MERGE, {"into": "self"}, "into"),
        (made.no_email(), Decide.MERGE, {"into": "k\0"}, "into"),
        (made.no_email(), Decide.MERGE, {"into": {"k": 1}}, "into"),
        (made.no_email(), Decide.MERGE, {"target_id": "7" * 1000}, "into"),
        (made.no_name(), Decide.SUPPLY_NAME, {"name": "<i>Bo</i>"}, "name"),
        (made.no_name(), Decide.DERIVE_NAME, {"name": "Somebody Else"}, "name"),
        (THREE, Decide.MERGE, {"survivor": "z"}, "survivor"),
        (THREE, Decide.MERGE, {"survivor": "a", "members": []}, "members"),
        (THREE, Decide.MERGE, {"survivor": "a", "members": ["b", "c"]}, "members"),
        (THREE, Decide.MERGE, {"survivor": "a", "members": {"a": 1}}, "members"),
        (THREE, Decide.MERGE, {"survivor": "a", "fields": {"name": "z"}}, "fields"),
        (THREE, Decide.MERGE, {"survivor": "a", "fields": {"owner_id": "b"}}, "fields"),
        (THREE, Decide.MERGE, {"survivor": "a", "fields": {"crm_id": "b"}}, "fields"),
        (THREE, Decide.MERGE, {"survivor": "a", "fields": "name"}, "fields"),
        (THREE, Decide.MERGE, {"survivor": "a", "members": ["a", "b"], "fields": {"name": "c"}}, "fields"),
        (made.type_conflict(), Decide.AS_TYPE, {"type": "date"}, "type"),
        (made.type_conflict(), Decide.AS_TYPE, {}, "type"),
        (NAMES, Decide.MERGE, {"name": "Other AS"}, "name"),
        (NAMES, Decide.MERGE, {"name": "Hagen Nord", "members": ["Hagen", "Hagen AS"]}, "name"),
        (NAMES, Decide.MERGE, {"name": "Hagen", "members": ["Hagen", "Other AS"]}, "members"),
        (NAMES, Decide.MERGE, {"name": "Hagen", "members": ["Hagen"]}, "members"),
        (NAMES, Decide.RENAME, {"name": ""}, "name"),
        (NAMES, Decide.RENAME, {"name": "<b>Hagen"}, "name"),
        (NAMES, Decide.RENAME, {"name": "x" * 256}, "name"),
        (NAMES, Decide.RENAME, {"name": "Hagen", "members": []}, "members"),
    ],
)
def test_what_is_no_good_names_its_field(project, case, action, args, field):
    item = made.make_item(project, case)
    with pytest.raises(InvalidDecisionError) as problem:
        validated(item, action, args)
    assert problem.value.field == field
    assert problem.value.sentence.endswith(".")


def test_anything_that_the_last_discovery_read_may_be_merged_into(project):
    discovery = made.make_discovery(project)
    made.make_profile(discovery, "far", name="Far Away")
    made.make_person(discovery, "55", "Far Person", "far@example.com")
    item = made.make_item(project)
    assert validated(item, Decide.MERGE, {"into": "far"}) == {"into": "far"}
    assert validated(item, Decide.MERGE, {"target_id": "55"}) == {"target_id": "55"}


def test_a_tag_may_be_merged_into_one_that_differs_by_a_blank_alone(project):
    item = made.make_item(project, made.rare_tag("churned", similar=[("churned ", 40)]))
    assert validated(item, Decide.MERGE_TAG, {"into": "churned "}) == {"into": "churned "}


def test_a_tag_may_be_merged_into_any_tag_there_is(project):
    tag = SourceField(key="tag:newsletter", kind=SourceKind.TAG, name="newsletter")
    store_fields(made.make_discovery(project), [tag], [])
    item = made.make_item(project, made.rare_tag("vip"))
    assert validated(item, Decide.MERGE_TAG, {"into": "newsletter"}) == {"into": "newsletter"}


def settle(item, action, args, by):
    return services.decide(
        item.pk, action, args, user=by, expected_version=item.lock_version, client_key=made.new_key()
    )


@pytest.fixture
def two(project):
    """Two profiles without email, each of which the other one might be."""
    discovery = made.make_discovery(project)
    for key in ("one", "two"):
        made.make_profile(discovery, key, name=key.title())
    return [made.make_item(project, made.no_email(key, name=key.title())) for key in ("one", "two")]


def test_two_profiles_are_never_merged_into_each_other(two, sofia):
    settle(two[0], Decide.MERGE, {"into": "two"}, sofia)
    with pytest.raises(InvalidDecisionError, match="One is merged into this one"):
        validated(two[1], Decide.MERGE, {"into": "one"})


def test_nothing_is_merged_into_a_profile_that_is_skipped(two, sofia):
    settle(two[1], Decide.SKIP, {}, sofia)
    with pytest.raises(InvalidDecisionError, match="Two is skipped by decision"):
        validated(two[0], Decide.MERGE, {"into": "two"})


def test_nothing_is_merged_into_a_tag_that_is_dropped(project, sofia):
    dropped = made.make_item(project, made.rare_tag("VIP", 0))
    settle(dropped, Decide.DROP, {}, sofia)
    item = made.make_item(project, made.rare_tag("vip", similar=[("VIP", 0)]))
    with pytest.raises(InvalidDecisionError, match="“VIP” is dropped by decision"):
        validated(item, Decide.MERGE_TAG, {"into": "VIP"})


@given(
    args=st.dictionaries(
        st.sampled_from(
            ["email", "name", "reason", "into", "target_id", "survivor", "members", "fields", "type"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=4,
        ),
    ),
    number=st.integers(0, 10_000),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_form_sends_it_is_clean_or_refused_by_a_sentence(project, args, number):
    case = [
        made.no_email("n"),
        made.no_name("m"),
        THREE,
        BY_TARGET,
        made.type_conflict(),
        made.rare_tag(),
        NAMES,
        made.consents("c"),
    ][number % 8]
    item = made.make_item(project, case)
    acts = [*ALLOWED[case.kind], Decide.UNSURE]
    try:
        clean, sentence = validated(item, acts[number % len(acts)], args), "."
    except InvalidDecisionError as problem:
        clean, sentence = {}, problem.sentence
    assert sentence.endswith((".", "?"))
    assert set(clean) <= {"email", "name", "reason", "into", "target_id", "survivor", "members", "fields"}
