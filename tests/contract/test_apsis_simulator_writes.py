"""The APSIS One simulator's writes: create, attributes v1 and v2, tags, events, consents 2.0 (reference 4.4 to 7.3)."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.simulators.apsis_one.changes import page_from_json, page_to_json
from migrator.simulators.apsis_one.settings import ApiKey
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, EXPORT_KEYSPACE, SMS_CHANNEL
from tests.contract.apsis_writing import EMAIL, FIRST_NAME, MOBILE, Writer, place


@pytest.fixture
def writer() -> Writer:
    return Writer(profiles=60)


def _problem(answer: httpx.Response) -> int:
    """The status of a refusal in problem form."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code


def test_a_created_profile_is_read_back_with_its_mapped_attribute_in_one_section(writer: Writer) -> None:
    assert writer.create("email", "ny@nordpost.example").status_code == 201
    assert writer.values("email", "NY@nordpost.example") == {EMAIL: "ny@nordpost.example"}
    other = writer.source.shape.sections[1]
    assert writer.values("email", "ny@nordpost.example", other) == {}


def test_a_created_mobile_is_a_number_and_appears_in_the_next_export(writer: Writer) -> None:
    assert writer.create("mobile", "46701234567").status_code == 201
    assert writer.values("mobile", "46701234567") == {MOBILE: 46701234567}
    assert len(writer.exported_profiles()) == 61


def test_creating_what_is_there_is_409_and_a_connectors_keyspace_takes_profiles_too(writer: Writer) -> None:
    key = writer.key(writer.plain())
    assert _problem(writer.create("email", key)) == 409
    assert writer.create(writer.source.shape.crm_keyspace, "9001").status_code == 201


@pytest.mark.parametrize(
    ("keyspace", "key", "status"),
    [
        ("email", "no address", 400),
        ("email", "a@nowhere", 400),
        ("mobile", "0701234567", 400),
        ("mobile", "+46701234567", 400),
        ("export", "0123456789ab", 403),
        ("com.apsis1.keyspaces.nothing", "1", 404),
    ],
)
def test_a_key_that_its_keyspace_does_not_take_is_refused(
    writer: Writer, keyspace: str, key: str, status: int
) -> None:
    assert _problem(writer.create(keyspace, key)) == status


def test_patch_v1_writes_by_version_clears_with_null_and_leaves_the_rest(writer: Writer) -> None:
    key = writer.key(writer.plain())
    before = writer.values("email", key)
    answer = writer.patch("email", key, {FIRST_NAME: "Åsa", "com.apsis1.attributes.lastname": None})
    assert (answer.status_code, answer.content) == (204, b"")
    after = writer.values("email", key)
    assert after.pop(FIRST_NAME) == "Åsa"
    assert "com.apsis1.attributes.lastname" in before.keys() - after.keys()
    assert after.items() <= before.items()


def test_patch_v1_creates_a_missing_profile_and_never_moves_its_key(writer: Writer) -> None:
    assert writer.patch("email", "ny@nordpost.example", {EMAIL: "other@nordpost.example"}).status_code == 204
    assert writer.values("email", "ny@nordpost.example")[EMAIL] == "other@nordpost.example"
    assert writer.status_of("email", "other@nordpost.example") == 404


def test_patch_v2_does_not_create_and_moves_the_key_with_its_attribute(writer: Writer) -> None:
    key = writer.key(writer.plain())
    assert _problem(writer.patch("email", "ny@nordpost.example", {FIRST_NAME: "A"}, version=2)) == 404
    assert writer.patch("email", key, {EMAIL: "moved@nordpost.example"}, version=2).status_code == 204
    assert writer.status_of("email", key) == 404
    assert writer.values("email", "moved@nordpost.example")[EMAIL] == "moved@nordpost.example"


@pytest.mark.parametrize(("mode", "status"), [("conflict", 409), ("keep", 204), ("merge", 204)])
def test_patch_v2_to_a_key_that_somebody_else_has_follows_the_switch(mode: str, status: int) -> None:
    writer = Writer(profiles=60, taken_key_on_v2_patch=mode)
    first, second = writer.plain(), writer.plain(skip=1)
    one, two = writer.key(first), writer.key(second)
    assert writer.patch("email", one, {EMAIL: two}, version=2).status_code == status
    assert writer.values("export", writer.source.export_key(first))[EMAIL] == (
        one if mode == "conflict" else two
    )
    same = writer.app.state.world.find(EXPORT_KEYSPACE, writer.source.export_key(first))
    assert (same == second) == (mode == "merge")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        (FIRST_NAME, "x" * 1_001),
        (FIRST_NAME, 5),
        (FIRST_NAME, {"street": "A"}),
        (EMAIL, "nobody"),
        (MOBILE, "46701234567"),
        (MOBILE, 701234567.5),
        ("com.apsis1.attributes.birthdate", "20130208"),
        ("com.apsis1.attributes.birthdate", "2013-02-30"),
    ],
)
def test_a_value_of_another_type_is_400_and_changes_nothing(
    writer: Writer, attribute: str, value: object
) -> None:
    key = writer.key(writer.plain())
    before = writer.values("email", key)
    for version in (1, 2):
        body = {FIRST_NAME: "Changed", attribute: value}
        assert _problem(writer.patch("email", key, body, version=version)) == 400
    assert writer.values("email", key) == before


def test_an_attribute_of_another_section_is_400(writer: Writer) -> None:
    other = writer.source.shape.sections[1].attributes[-1]
    path = f"{place('email', writer.key(writer.plain()))}/sections/{writer.section.discriminator}/attributes"
    assert _problem(writer.http.patch(path, json={other.live.id: "x"})) == 400


def test_one_value_is_deleted_by_its_version(writer: Writer) -> None:
    key = writer.key(writer.plain())
    base = f"{place('email', key)}/sections/{writer.section.discriminator}/attributes"
    assert writer.http.delete(f"{base}/{writer.version(FIRST_NAME)}").status_code == 204
    assert FIRST_NAME not in writer.values("email", key)
    assert _problem(writer.http.delete(f"{base}/1")) == 404


def test_a_value_written_anew_stands_under_the_live_version(writer: Writer) -> None:
    changed = next(a for a in writer.section.attributes if len(a.versions) > 1)
    index = next(
        i
        for i in range(60)
        if writer.home(i) is writer.section and writer.source.uses_old_version(i, changed)
    )
    key = writer.source.export_key(index)
    act = {"export_key": key, "section": writer.section.discriminator}
    writer.mutate("edit_attribute", attribute=changed.discriminator, value="43", **act)
    path = f"{place('export', key)}/sections/{writer.section.discriminator}/attributes"
    assert writer.get(path).json()[changed.live.id] == "43"


def test_tags_are_set_and_taken_away_by_a_merge_patch(writer: Writer) -> None:
    key, tags = writer.key(writer.plain()), [t.discriminator for t in writer.section.tags[:2]]
    path = f"{place('email', key)}/sections/{writer.section.discriminator}/tags"
    assert writer.http.patch(path, json=dict.fromkeys(tags, True)).status_code == 204
    assert set(tags) <= writer.get(path).json().keys()
    assert writer.http.patch(path, json={tags[0]: None}).status_code == 204
    held = writer.get(path).json()
    assert tags[0] not in held
    assert held[tags[1]] is True
    assert _problem(writer.http.patch(path, json={"usercreated.tags.nothing": True})) == 400
    assert _problem(writer.http.patch(path, json={tags[0]: "yes"})) == 400


def _event(writer: Writer, **changes: Any) -> dict[str, Any]:
    bought = next(e for e in writer.section.events if e.kind == "purchase")
    data = {"order_id": "W1", "amount": 12.5, "currency": "SEK", "items": 2}
    row = {"event_time": "2026-11-01T12:00:00+01:00", "version_id": bought.live.id, "data": data}
    return row | changes


def test_posted_events_are_read_back_and_exported_in_their_window(writer: Writer) -> None:
    key = writer.key(writer.plain())
    path = f"{place('email', key)}/sections/{writer.section.discriminator}/events"
    before = len(writer.get(path).json()["items"])
    answer = writer.http.post(path, json={"items": [_event(writer), _event(writer)]})
    assert (answer.status_code, answer.content) == (204, b"")
    rows = writer.get(path).json()["items"]
    assert len(rows) == before + 2
    written = [row for row in rows if row["event_time"] == "2026-11-01T11:00:00Z"]
    assert [row["data"]["order_id"] for row in written] == ["W1", "W1"]
    exported = writer.exported_profiles(
        events=[written[0]["discriminator"]],
        start_at="2026-11-01T11:00:00Z",
        end_at="2026-11-01T11:00:01Z",
    )
    assert sum(len(s.get("events", [])) for p in exported.values() for s in p["sections"].values()) == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"version_id": "1"}, 400),
        ({"event_time": None}, 400),
        ({"event_time": "yesterday"}, 400),
        ({"data": {"colour": "red"}}, 400),
        ({"data": {"items": "two"}}, 400),
        ({"data": {"items": True}}, 400),
        ({"data": []}, 400),
    ],
)
def test_an_event_that_does_not_fit_its_type_is_refused_with_all_its_fellows(
    writer: Writer, changes: dict[str, Any], status: int
) -> None:
    path = f"{place('email', writer.key(writer.plain()))}/sections/{writer.section.discriminator}/events"
    before = writer.get(path).json()
    rows = [_event(writer), _event(writer, **changes)]
    assert _problem(writer.http.post(path, json={"items": rows})) == status
    assert writer.get(path).json() == before


def test_events_of_tools_unknown_profiles_and_empty_lists_are_refused(writer: Writer) -> None:
    opened = next(e for e in writer.section.events if e.kind == "opened").live.id
    section = writer.section.discriminator
    path = f"{place('email', writer.key(writer.plain()))}/sections/{section}/events"
    rows = [_event(writer, version_id=opened, data={})]
    assert _problem(writer.http.post(path, json={"items": rows})) == 403
    assert _problem(writer.http.post(path, json={"items": []})) == 400
    assert _problem(writer.http.post(path, json={"items": [_event(writer)] * 1_001})) in (400, 413)
    nobody = f"{place('email', 'nobody@nordpost.example')}/sections/{section}/events"
    assert _problem(writer.http.post(nobody, json={"items": [_event(writer)]})) == 404


def test_the_status_of_posted_events_is_a_switch() -> None:
    writer = Writer(profiles=60, event_post_status=202)
    path = f"{place('email', writer.key(writer.plain()))}/sections/{writer.section.discriminator}/events"
    assert writer.http.post(path, json={"items": [_event(writer)]}).status_code == 202


def _consent(writer: Writer, key: str, **changes: Any) -> httpx.Response:
    topic = next(t for t in writer.section.topics if EMAIL_CHANNEL in t.channels)
    body = {
        "topic_discriminator": topic.discriminator,
        "channel_discriminator": EMAIL_CHANNEL,
        "type": "opt-in",
        "reason": "Asked at the till",
        **changes,
    }
    path = f"/v2{place('email', key)}/sections/{writer.section.discriminator}/consents"
    return writer.http.post(path, json={k: v for k, v in body.items() if v is not None})


def test_a_consent_is_201_when_new_204_when_changed_and_409_when_the_same(writer: Writer) -> None:
    writer.create("email", "ny@nordpost.example")
    key = "ny@nordpost.example"
    steps = ["opt-in", "opt-in", "opt-out", "opt-in"]
    statuses = [_consent(writer, key, type=step).status_code for step in steps]
    assert statuses == [201, 409, 204, 204]
    path = f"/v2{place('email', key)}/sections/{writer.section.discriminator}/consents"
    row = writer.get(path).json()["items"][0]
    assert (row["type"], row["reason"], row["source"]) == ("opt-in", "Asked at the till", "One API")
    assert row["modified_at"].startswith("2026-11-18T")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "pending-opt-in"},
        {"type": "confirmed-opt-in"},
        {"type": "maybe"},
        {"reason": None},
        {"channel_discriminator": "com.apsis1.channels.fax"},
        {"topic_discriminator": "usercreated.topics.nothing"},
    ],
)
def test_a_consent_that_cannot_be_written_is_400(writer: Writer, changes: dict[str, Any]) -> None:
    assert _problem(_consent(writer, writer.key(writer.plain()), **changes)) == 400


def test_a_confirmed_opt_in_is_not_made_weaker(writer: Writer) -> None:
    index = writer.plain()
    topic = next(t for t in writer.section.topics if EMAIL_CHANNEL in t.channels)
    act = {"export_key": writer.source.export_key(index), "section": writer.section.discriminator}
    writer.mutate(
        "set_consent", topic=topic.discriminator, channel=EMAIL_CHANNEL, type="confirmed-opt-in", **act
    )
    assert _problem(_consent(writer, writer.key(index))) == 409
    assert _consent(writer, writer.key(index), type="opt-out").status_code == 204


def test_a_keyspace_that_does_not_manage_subscriptions_takes_no_consent(writer: Writer) -> None:
    web = next(
        k
        for k in writer.source.shape.keyspaces
        if not k.manage_subscriptions and "dynamics" in k.name.lower()
    )
    writer.create(web.discriminator, "77")
    topic = writer.section.topics[0]
    path = f"/v2{place(web.discriminator, '77')}/sections/{writer.section.discriminator}/consents"
    body = {
        "topic_discriminator": topic.discriminator,
        "channel_discriminator": SMS_CHANNEL,
        "type": "opt-in",
    }
    assert _problem(writer.http.post(path, json=body | {"reason": "r"})) == 403


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_the_export_keyspace_refuses_every_write_with_the_chosen_status(status: int) -> None:
    writer = Writer(profiles=60, unwritable_keyspace_status=status)
    base = f"{place('export', writer.source.export_key(1))}/sections/{writer.section.discriminator}"
    answers = [
        writer.http.patch(f"{base}/attributes", json={writer.version(FIRST_NAME): "A"}),
        writer.http.patch(f"/v2{base}/attributes", json={FIRST_NAME: "A"}),
        writer.http.delete(f"{base}/attributes/{writer.version(FIRST_NAME)}"),
        writer.http.patch(f"{base}/tags", json={}),
        writer.http.post(f"{base}/events", json={"items": [_event(writer)]}),
        writer.http.post(f"/v2{base}/consents", json={}),
    ]
    assert [_problem(answer) for answer in answers] == [status] * 6


@pytest.mark.parametrize("read_only", [("*",), ("com.apsis1.keyspaces.email",)])
def test_a_read_only_api_key_reads_and_does_not_write(read_only: tuple[str, ...]) -> None:
    extra = ApiKey("reader", "secret", read_only_keyspaces=read_only)
    writer = Writer(profiles=60, more_api_keys=(extra,))
    body = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "secret"}
    token = writer.http.post("/oauth/token", json=body).json()["access_token"]
    writer.http.headers["authorization"] = f"Bearer {token}"
    key = writer.key(writer.plain())
    assert writer.status_of("email", key) == 200
    assert _problem(writer.patch("email", key, {FIRST_NAME: "A"})) == 403
    assert _problem(writer.http.delete(place("email", key))) == 403


def test_what_an_integration_made_is_written_only_through_its_own_keyspace() -> None:
    writer = Writer(profiles=400)
    section = next(s for s in writer.source.shape.sections if s.crm)
    owned = next(a for a in section.attributes if a.discriminator.startswith("com.apsis1.integrations."))
    profile = next(
        p
        for p in writer.source.iter_profiles()
        if section.discriminator in p.sections and "com.apsis1.keyspaces.email" in p.keys
    )
    mail = place("email", profile.keys["com.apsis1.keyspaces.email"])
    body = {owned.live.id: "5"}
    where = f"/sections/{section.discriminator}/attributes"
    assert _problem(writer.http.patch(mail + where, json=body)) == 403
    connector = writer.source.shape.crm_keyspace
    assert writer.http.patch(place(connector, "31") + where, json=body).status_code == 204
    rows = writer.get(
        f"/audience/sections/{section.discriminator}/attributes", include_keyspace_permissions="true"
    ).json()["items"]
    block = next(r for r in rows if r["discriminator"] == owned.discriminator)["keyspace_permissions"]
    assert {b["keyspace_discriminator"] for b in block if b["write"]} >= {connector}
    assert not any(b["write"] for b in block if b["keyspace_discriminator"] == "com.apsis1.keyspaces.email")


def test_a_wrong_method_is_405_and_an_unknown_address_404_as_problems(writer: Writer) -> None:
    answer = writer.http.put("/audience/sections")
    assert (_problem(answer), answer.headers["allow"]) == (405, "GET")
    assert _problem(writer.get("/audience/profiles")) == 404
    below = place("email", writer.key(writer.plain()))
    assert _problem(writer.get(f"{below}/nothing")) == 404
    assert _problem(writer.get(below)) == 405


_VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=40))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([FIRST_NAME, EMAIL, MOBILE]), _VALUES, max_size=3))
def test_any_patch_is_either_applied_whole_or_not_at_all(values: dict[str, Any]) -> None:
    writer = _SHARED
    key = writer.key(writer.plain())
    before = writer.values("email", key)
    answer = writer.patch("email", key, values)
    after = writer.values("email", key)
    if answer.status_code == 204:
        assert after == {k: v for k, v in {**before, **values}.items() if v is not None}
    else:
        assert (answer.status_code, after) == (400, before)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from([FIRST_NAME, EMAIL]), st.text(max_size=20), max_size=2))
def test_a_page_of_the_journal_reads_back_as_it_was_written(values: dict[str, str]) -> None:
    page = _SHARED.app.state.world.changes(3)
    page.attributes.update({("s", name): value for name, value in values.items()})
    page.tags["s", "t"] = True
    page.keys["k"] = None
    assert page_from_json(page_to_json(page)) == page


_SHARED = Writer(profiles=60)
