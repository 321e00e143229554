"""The life of a profile in the APSIS One simulator: merge, unmerge, other keys, delete, lock (reference 11)."""

import httpx
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from migrator.simulators.seeds.shape import EMAIL_KEYSPACE, EXPORT_KEYSPACE
from tests.contract.apsis_writing import CRM_ID, EMAIL, FIRST_NAME, KEYSPACES, MOBILE, Writer, one, place

pytestmark = pytest.mark.slow


@pytest.fixture
def writer() -> Writer:
    return Writer(profiles=120)


def _problem(answer: httpx.Response) -> int:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


def test_a_merge_makes_both_keys_lead_to_one_profile_with_the_values_of_both(writer: Writer) -> None:
    index = writer.plain()
    mail = writer.key(index)
    writer.patch("crm", "9001", {FIRST_NAME: "Other", CRM_ID: "9001"})
    before = len(writer.exported_profiles())
    assert writer.merge(one("email", mail), one("crm", "9001")).status_code == 204
    values = writer.values("crm", "9001")
    assert values == writer.values("email", mail)
    assert values[CRM_ID] == "9001"
    assert values[FIRST_NAME] != "Other"
    assert len(writer.exported_profiles()) == before - 1


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_merge_of_other_than_two_profiles_is_400(writer: Writer, number: int) -> None:
    assert _problem(writer.merge(*[one("email", writer.key(writer.plain()))] * number)) == 400


def test_a_merge_makes_what_is_missing_but_not_in_the_export_keyspace(writer: Writer) -> None:
    assert writer.merge(one("email", "a@nordpost.example"), one("crm", "77")).status_code == 204
    assert writer.status_of("crm", "77") == writer.status_of("email", "a@nordpost.example") == 200
    assert _problem(writer.merge(one("email", "a@nordpost.example"), one("export", "0123456789ab"))) == 404
    assert _problem(writer.merge(one("email", "a@nordpost.example"), one("com.nothing", "1"))) == 404
    assert _problem(writer.merge(one("crm", "78"), one("export", "0123456789ab"))) == 404
    assert _problem(writer.merge(one("crm", "79"), one("email", "nobody"))) == 400
    assert writer.status_of("crm", "78") == writer.status_of("crm", "79") == 404


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        (EMAIL, ("a@nordpost.example", "b@nordpost.example")),
        (MOBILE, (46701234567, 46701234568)),
        (CRM_ID, ("1", "2")),
    ],
)
def test_a_merge_of_different_identifying_values_is_409_and_changes_nothing(
    writer: Writer, attribute: str, values: tuple[object, object]
) -> None:
    web = "com.apsis1.keyspaces.web"
    for key, value in zip(("c1", "c2"), values, strict=True):
        writer.patch(web, key, {attribute: value})
    before = writer.app.state.world.find(web, "c1")
    assert _problem(writer.merge(one(web, "c1"), one(web, "c2"))) == 409
    assert writer.app.state.world.find(web, "c1") == before != writer.app.state.world.find(web, "c2")


def test_two_people_with_different_keys_of_one_keyspace_cannot_be_merged(writer: Writer) -> None:
    first, second = (writer.key(writer.plain(skip=n)) for n in (0, 1))
    assert _problem(writer.merge(one("email", first), one("email", second))) == 409


def test_the_merge_after_the_last_permitted_one_is_409() -> None:
    writer = Writer(profiles=120, most_merges=3)
    mail = writer.key(writer.plain())
    statuses = [
        writer.merge(one("email", mail), one("com.apsis1.keyspaces.web", f"cookie{n}")).status_code
        for n in range(4)
    ]
    assert statuses == [204, 204, 204, 409]


def test_merging_what_is_one_already_changes_nothing(writer: Writer) -> None:
    index = writer.plain()
    keys = one("email", writer.key(index)), one("export", writer.source.export_key(index))
    assert writer.merge(*keys).status_code == 204
    assert writer.status_of("email", writer.key(index)) == 200


@pytest.mark.parametrize(("keeps", "kept"), [("first", 0), ("second", 1)])
def test_which_profile_stays_canonical_is_a_switch(keeps: str, kept: int) -> None:
    writer = Writer(profiles=120, merge_keeps=keeps)
    writer.create("crm", "5")
    keys = [writer.source.export_key(writer.plain()), ""]
    crm = writer.app.state.world.find(KEYSPACES["crm"], "5")
    assert crm is not None
    keys[1] = writer.source.export_key(crm)
    writer.merge(one("export", keys[0]), one("crm", "5"))
    assert keys[kept] in writer.exported_profiles()
    assert keys[1 - kept] not in writer.exported_profiles()


def test_an_unmerged_key_leaves_without_the_data(writer: Writer) -> None:
    mail = writer.key(writer.plain())
    writer.merge(one("email", mail), one("crm", "9001"))
    path = f"/audience/profiles/merges/keyspaces/{KEYSPACES['crm']}/profiles/9001"
    assert writer.http.delete(path).status_code == 204
    assert writer.values("crm", "9001") == {}
    assert writer.values("email", mail)[EMAIL]
    assert writer.app.state.world.find(EMAIL_KEYSPACE, mail) != writer.app.state.world.find(
        KEYSPACES["crm"], "9001"
    )


def test_unmerging_the_canonical_key_is_400_and_a_stand_alone_one_is_no_error(writer: Writer) -> None:
    mail = writer.key(writer.plain())
    path = f"/audience/profiles/merges/keyspaces/{EMAIL_KEYSPACE}/profiles/{mail}"
    assert writer.http.delete(path).status_code == 204
    assert writer.values("email", mail)[EMAIL]
    writer.merge(one("email", mail), one("crm", "9001"))
    assert _problem(writer.http.delete(path)) == 400
    nobody = f"/audience/profiles/merges/keyspaces/{EMAIL_KEYSPACE}/profiles/nobody@nordpost.example"
    assert _problem(writer.http.delete(nobody)) == 404


def test_another_identifier_takes_the_place_of_the_old_one(writer: Writer) -> None:
    mail = writer.key(writer.plain())
    path = f"{place('email', mail)}/sections/{writer.section.discriminator}"
    body = {"from": one("email", mail), "to": one("email", "new@nordpost.example")}
    assert writer.http.put(path, json=body).status_code == 204
    assert writer.status_of("email", mail) == 404
    assert writer.values("email", "new@nordpost.example")[EMAIL] == "new@nordpost.example"


def test_an_identifier_in_another_keyspace_frees_the_old_key(writer: Writer) -> None:
    mail = writer.key(writer.plain())
    path = f"{place('email', mail)}/sections/{writer.section.discriminator}"
    body = {"from": one("email", mail), "to": one("crm", "42")}
    assert writer.http.put(path, json=body).status_code == 204
    assert writer.status_of("email", mail) == 404
    assert writer.values("crm", "42")[CRM_ID] == "42"
    assert writer.create("email", mail).status_code == 201


def test_an_identifier_that_is_in_use_or_not_the_profiles_own_is_refused(writer: Writer) -> None:
    mail, other = (writer.key(writer.plain(skip=n)) for n in (0, 1))
    path = f"{place('email', mail)}/sections/{writer.section.discriminator}"
    taken = {"from": one("email", mail), "to": one("email", other)}
    assert _problem(writer.http.put(path, json=taken)) == 409
    foreign = {"from": one("email", other), "to": one("email", "new@nordpost.example")}
    assert _problem(writer.http.put(path, json=foreign)) == 400
    assert _problem(writer.http.put(path, json={"from": one("email", mail)})) == 400


@pytest.mark.parametrize("keyspace", ["email", "export"])
def test_a_deleted_profile_vanishes_after_the_delay_with_all_its_keys(keyspace: str) -> None:
    writer = Writer(profiles=120, delete_delay=600.0)
    index = writer.plain()
    keys = {"email": writer.key(index), "export": writer.source.export_key(index)}
    assert writer.http.delete(place(keyspace, keys[keyspace])).status_code == 204
    assert writer.status_of("email", keys["email"]) == 200
    writer.now += 599
    assert {writer.status_of(name, key) for name, key in keys.items()} == {200}
    writer.now += 1
    assert {writer.status_of(name, key) for name, key in keys.items()} == {404}
    assert keys["export"] not in writer.exported_profiles()


def test_a_deleted_key_can_be_created_again_as_an_empty_profile(writer: Writer) -> None:
    mail = writer.key(writer.plain())
    assert writer.http.delete(place("email", mail)).status_code == 204
    assert writer.create("email", mail).status_code == 201
    assert writer.values("email", mail) == {EMAIL: mail}


def test_a_locked_person_is_410_for_ever_through_every_key_and_for_every_write(writer: Writer) -> None:
    mail = writer.key(writer.plain())
    writer.merge(one("email", mail), one("crm", "9001"))
    assert writer.http.put(f"{place('crm', '9001')}/locks").status_code == 204
    key = writer.source.export_key(writer.plain())
    section = writer.section.discriminator
    assert [writer.status_of(n, k) for n, k in (("email", mail), ("crm", "9001"), ("export", key))] == [
        410
    ] * 3
    answers = [
        writer.create("email", mail),
        writer.patch("email", mail, {FIRST_NAME: "A"}),
        writer.patch("email", mail, {FIRST_NAME: "A"}, version=2),
        writer.http.patch(f"{place('email', mail)}/sections/{section}/tags", json={}),
        writer.http.delete(place("email", mail)),
        writer.http.put(f"{place('email', mail)}/locks"),
        writer.merge(one("email", mail), one("email", "b@nordpost.example")),
        writer.http.delete(f"/audience/profiles/merges/keyspaces/{KEYSPACES['crm']}/profiles/9001"),
    ]
    assert [_problem(answer) for answer in answers] == [410] * len(answers)
    assert key not in writer.exported_profiles()


def test_the_acts_of_other_people_meet_profiles_that_the_api_made(writer: Writer) -> None:
    writer.create("email", "ny@nordpost.example")
    index = writer.app.state.world.find(EMAIL_KEYSPACE, "ny@nordpost.example")
    assert index is not None
    key, section = writer.source.export_key(index), writer.section.discriminator
    writer.mutate("edit_attribute", export_key=key, section=section, attribute=FIRST_NAME, value="Ny")
    writer.mutate("add_event", export_key=key, section=section, event="Purchase")
    assert writer.values("export", key)[FIRST_NAME] == "Ny"
    events = writer.get(f"{place('export', key)}/sections/{section}/events").json()["items"]
    assert len(events) == 1
    writer.mutate("delete_profile", export_key=key)
    assert writer.status_of("email", "ny@nordpost.example") == 404


@pytest.mark.parametrize("key", ["12/7", "a/b/c", "å+ä@x", "100%", "/"])
def test_a_key_with_odd_characters_works_in_every_call(writer: Writer, key: str) -> None:
    """A server decodes the path, so a slash in a key looks like another segment."""
    assert writer.create("crm", key).status_code == 201
    assert writer.patch("crm", key, {FIRST_NAME: "Odd"}).status_code == 204
    assert writer.values("crm", key) == {CRM_ID: key, FIRST_NAME: "Odd"}
    assert writer.http.post(f"{place('crm', key)}/evaluations", json={"segments": []}).status_code == 200
    assert writer.http.put(f"{place('crm', key)}/locks").status_code == 204
    assert _problem(writer.http.delete(place("crm", key))) == 410


class KeysAgree(RuleBasedStateMachine):
    """Whatever is created, merged, parted, deleted: one key leads to one profile, and every one is exported once."""

    def __init__(self) -> None:
        super().__init__()
        self.writer = Writer(profiles=5, export_delay=0.0)
        self.expected: dict[str, str] = {}

    @rule(key=st.sampled_from("abcd"))
    def create(self, key: str) -> None:
        status = self.writer.create("email", f"{key}@nordpost.example").status_code
        assert status == (409 if key in self.expected else 201)
        self.expected.setdefault(key, key)

    @rule(first=st.sampled_from("abcd"), cookie=st.sampled_from("xyz"))
    def merge(self, first: str, cookie: str) -> None:
        """A cookie belongs to one person at most: joining it to a second one joins two e-mails, which is 409."""
        known = self.expected.get(cookie)
        status = self.writer.merge(
            one("email", f"{first}@nordpost.example"), one("com.apsis1.keyspaces.web", cookie)
        ).status_code
        assert status == (409 if known not in (None, first) else 204)
        if status == 204:
            self.expected[first] = self.expected[cookie] = first

    @rule(key=st.sampled_from("abcd"))
    def delete(self, key: str) -> None:
        status = self.writer.http.delete(place("email", f"{key}@nordpost.example")).status_code
        assert status == (204 if key in self.expected else 404)
        person = self.expected.get(key)
        self.expected = {k: p for k, p in self.expected.items() if p != person}

    @invariant()
    def keys_lead_to_their_person(self) -> None:
        world = self.writer.app.state.world
        led: dict[str, set[int | None]] = {}
        for key, person in self.expected.items():
            keyspace = EMAIL_KEYSPACE if key in "abcd" else "com.apsis1.keyspaces.web"
            name = f"{key}@nordpost.example" if key in "abcd" else key
            led.setdefault(person, set()).add(world.find(keyspace, name))
        assert all(len(found) == 1 and None not in found for found in led.values())
        assert len({index for found in led.values() for index in found}) == len(led)
        exported = [world.profile(i).keys[EXPORT_KEYSPACE] for i in world.iter_indexes()]
        assert len(set(exported)) == len(exported) == 5 + len(led)


KeysAgree.TestCase.settings = hypothesis_settings(max_examples=25, stateful_step_count=12, deadline=None)
TestKeysAgree = KeysAgree.TestCase
