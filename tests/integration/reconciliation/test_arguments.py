"""What a person may enter for an act, and the sentence where it is no good."""

import pytest

from migrator.engine.cases import Decide
from migrator.engine.inventory import SourceField, SourceKind
from migrator.staging import store_fields
from reconciliation.arguments import InvalidDecisionError, validated
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db
PERSONS = [{"target_id": 7, "name": "Karin Holm"}, {"target_id": 8, "name": "Karin H"}]
BY_TARGET = made.duplicate(made.member("solo"), match="target", targets=PERSONS)
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
