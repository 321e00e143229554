"""Consents of the first model in the APSIS One simulator, and what each model blocks of the other (reference 7)."""

from urllib.parse import quote

import httpx
import pytest

from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL, Topic
from tests.contract.apsis_writing import Writer, place


@pytest.fixture
def writer() -> Writer:
    return Writer(profiles=120, consent_model="1.0")


def _topic(writer: Writer) -> Topic:
    return next(t for t in writer.section.topics if t.channels == (EMAIL_CHANNEL,))


def _say(writer: Writer, address: str, type_: str, level: str = "topic") -> httpx.Response:
    """Write a consent at account, section, list or topic level."""
    topic = _topic(writer)
    body = {"type": type_}
    ids = {
        "section_discriminator": topic.section,
        "consent_list_discriminator": topic.folder,
        "topic_discriminator": topic.discriminator,
    }
    depth = ("account", "section", "list", "topic").index(level)
    path = f"/audience/channels/{EMAIL_CHANNEL}/addresses/{quote(address)}/consents"
    return writer.http.post(path, json=body | dict(list(ids.items())[:depth]))


def _agreed(writer: Writer, address: str, channel: str = EMAIL_CHANNEL) -> list[str]:
    topic = _topic(writer)
    path = (
        f"/audience/channels/{channel}/addresses/{quote(address)}/consents/sections/{topic.section}"
        f"/consent-lists/{topic.folder}/evaluations"
    )
    return [row["topic_discriminator"] for row in writer.get(path).json()["items"]]


def test_lists_and_their_topics_cover_the_section(writer: Writer) -> None:
    base = f"/audience/sections/{writer.section.discriminator}/consent-lists"
    lists = writer.items(base)
    assert all(set(row) == {"discriminator", "name", "description"} for row in lists)
    topics = [
        t["discriminator"] for row in lists for t in writer.items(f"{base}/{row['discriminator']}/topics")
    ]
    assert sorted(topics) == sorted(t.discriminator for t in writer.section.topics)
    assert writer.get(f"{base}/usercreated.targets.nothing/topics").status_code == 404


def test_an_opt_in_holds_for_its_topic_until_an_opt_out(writer: Writer) -> None:
    topic = _topic(writer).discriminator
    assert _agreed(writer, "ny@nordpost.example") == []
    assert _say(writer, "ny@nordpost.example", "opt-in").status_code == 201
    assert _agreed(writer, "NY@nordpost.example") == [topic]
    assert _say(writer, "ny@nordpost.example", "opt-in").status_code == 409
    assert _say(writer, "ny@nordpost.example", "opt-out").status_code == 204
    assert _agreed(writer, "ny@nordpost.example") == []


@pytest.mark.parametrize("level", ["account", "section", "list"])
def test_an_opt_out_above_the_topic_outranks_its_opt_in(writer: Writer, level: str) -> None:
    _say(writer, "ny@nordpost.example", "opt-in")
    assert _say(writer, "ny@nordpost.example", "opt-out", level).status_code == 201
    assert _agreed(writer, "ny@nordpost.example") == []
    assert _say(writer, "ny@nordpost.example", "opt-in", level).status_code == 400


def test_seeded_people_are_evaluated_by_their_address(writer: Writer) -> None:
    topic = _topic(writer)
    answers = {}
    for index in range(60):
        held = {(c.topic, c.channel): c.type for c in writer.source.consents(index)}
        address = writer.source.people.get(index).email
        if (
            address
            and (topic.discriminator, EMAIL_CHANNEL) in held
            and index == writer.source.index_of("com.apsis1.keyspaces.email", address)
        ):
            agreed = held[topic.discriminator, EMAIL_CHANNEL] in ("opt-in", "confirmed-opt-in")
            assert (topic.discriminator in _agreed(writer, address)) == agreed
            answers[agreed] = True
    assert answers.keys() == {True, False}


def test_nonsense_is_refused(writer: Writer) -> None:
    assert _say(writer, "ny@nordpost.example", "maybe").status_code == 400
    path = "/audience/channels/com.apsis1.channels.fax/addresses/1/consents"
    assert writer.http.post(path, json={"type": "opt-out"}).status_code == 404
    assert _agreed(writer, "46701234567", SMS_CHANNEL) == []


def test_a_subscription_needs_a_profile_and_a_keyspace_that_manages_them(writer: Writer) -> None:
    topic, section = _topic(writer), writer.section.discriminator
    body = {"consent_list_discriminator": topic.folder, "topic_discriminator": topic.discriminator}
    path = f"{place('email', writer.key(writer.plain()))}/sections/{section}/subscriptions"
    assert [writer.http.post(path, json=body).status_code for _ in range(2)] == [201, 409]
    web = next(
        k for k in writer.source.shape.keyspaces if not k.manage_subscriptions and "web" in k.discriminator
    )
    closed = f"{place(web.discriminator, 'c1')}/sections/{section}/subscriptions"
    assert writer.http.post(closed, json=body).status_code == 403
    nobody = f"{place('email', 'nobody@nordpost.example')}/sections/{section}/subscriptions"
    assert writer.http.post(nobody, json=body).status_code == 404


def _v1_calls(writer: Writer) -> list[httpx.Response]:
    section, topic = writer.section.discriminator, _topic(writer)
    base = f"/audience/sections/{section}/consent-lists"
    address = f"/audience/channels/{EMAIL_CHANNEL}/addresses/a%40b.example/consents"
    return [
        writer.get(base),
        writer.get(f"{base}/{topic.folder}/topics"),
        writer.http.post(address, json={"type": "opt-out"}),
        writer.get(f"{address}/sections/{section}/consent-lists/{topic.folder}/evaluations"),
        writer.http.post(f"{place('email', 'a@b.example')}/sections/{section}/subscriptions", json={}),
    ]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_account_on_the_second_model_blocks_the_five_calls_of_the_first(status: int) -> None:
    writer = Writer(profiles=60, blocked_consent_status=status)
    assert [answer.status_code for answer in _v1_calls(writer)] == [status] * 5


def test_an_account_on_the_first_model_blocks_the_calls_of_the_second(writer: Writer) -> None:
    section = writer.section.discriminator
    path = f"/v2{place('email', writer.key(writer.plain()))}/sections/{section}/consents"
    answers = [
        writer.get(f"/v2/audience/sections/{section}/topics"),
        writer.get(f"/v2/audience/sections/{section}/topic-folders"),
        writer.http.post(path, json={}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3


def test_in_the_first_model_a_profiles_consents_carry_no_dates(writer: Writer) -> None:
    rows = [row for i in range(30) for row in writer.read(i, "consents").json()["items"]]
    assert rows
    assert all(set(row) == {"topic_discriminator", "channel_discriminator", "type"} for row in rows)
    closed = Writer(profiles=60, consent_model="1.0", consents_readable_in_model_1=False)
    assert closed.read(0, "consents").status_code == 403
