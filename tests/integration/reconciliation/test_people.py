"""Whom a profile may be merged into when no candidate fits."""

import pytest

from reconciliation.people import found_people
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(project):
    discovery = made.make_discovery(project)
    made.make_profile(discovery, "k-1", name="Karin Holm-Ek", email="karin@hagen.example", phone="4790555013")
    made.make_profile(discovery, "own", name="Karin Holm")
    made.make_person(discovery, "711", "Karin Holm", "k.holm@polar.example")
    return made.make_item(project, made.no_email("own", name="Karin Holm"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("karin", [{"target_id": "711"}, {"into": "k-1"}]),
        ("Karin Holm-Ek", [{"into": "k-1"}]),
        ("KARIN@hagen.example", [{"into": "k-1"}]),
        ("+47 905 55 013", [{"into": "k-1"}]),
        ("k-1", [{"into": "k-1"}]),
        ("k.holm@polar.example", [{"target_id": "711"}]),
        ("711", [{"target_id": "711"}]),
        ("own", []),
        ("ka", []),
        ("", []),
        ("ka\0rin", []),
        ("100%", []),
    ],
)
def test_anybody_is_found_by_name_email_phone_or_key_but_never_the_profile_itself(item, wanted, found):
    assert [one.args for one in found_people(item, wanted)] == found


def test_nobody_is_found_before_a_discovery(project):
    assert found_people(made.make_item(project), "karin") == ()


def test_a_long_list_is_cut(project):
    discovery = made.make_discovery(project)
    for number in range(20):
        made.make_profile(discovery, f"k{number}", name="Karin Holm")
    assert len(found_people(made.make_item(project), "karin")) == 8
