"""The line to a language model over real sockets, against an endpoint that behaves in every bad way."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from mapping_review.proposers.by_model import prepare, requests_in
from mapping_review.proposers.model.answer import Incoming, NotReached, Reply, read
from mapping_review.proposers.model.limits import ANTHROPIC, OPENAI, ModelSettings
from mapping_review.proposers.model.request import Outgoing
from migrator.engine.errors import ConfigurationError
from migrator.model_endpoint import open_endpoint
from tests.scripted_model import Say, Scripted, always, plain, serving
from tests.unit.mapping_review.test_by_model import CATALOGUE, QVIST, RULES, ZORBEL

KEY = "sk-test-8f2b1c9d7e"
GOOD = always("create_person")


@pytest.fixture(autouse=True)
def operator(settings: Any) -> Any:
    """An operator who lets an endpoint on this machine be asked."""
    settings.CROSSWALK_MODEL_KEY = KEY
    settings.CROSSWALK_MODEL_ALLOW_PRIVATE = True
    return settings


def outgoing_to(config: ModelSettings) -> Outgoing:
    ((_, outgoing),) = requests_in(prepare((QVIST, ZORBEL), CATALOGUE, RULES).questions(), config)
    return outgoing


def ask(url: str, *, provider: str = OPENAI, timeout: float = 5.0) -> tuple[Outgoing, Incoming]:
    config = ModelSettings(provider, url, "small-1", timeout=timeout)
    outgoing = outgoing_to(config)
    with closing(open_endpoint(config)) as endpoint:
        return outgoing, endpoint.send(outgoing)


def reply_of(say: Say, **how: Any) -> Reply:
    with serving(Scripted(say)) as url:
        return read(*ask(url, **how))


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC])
def test_an_answer_comes_in_either_dialect(provider: str) -> None:
    reply = reply_of(GOOD, provider=provider)
    assert {given.choice for given in reply.given.values()} == {"create_person"}
    assert (reply.tokens_in, reply.tokens_out) == (1000, 50)


@pytest.mark.parametrize(
    ("provider", "path", "header", "value"),
    [
        (OPENAI, "/v1/chat/completions", "authorization", f"Bearer {KEY}"),
        (ANTHROPIC, "/v1/messages", "x-api-key", KEY),
    ],
)
def test_the_bytes_that_are_shown_are_the_bytes_that_go_out(
    provider: str, path: str, header: str, value: str
) -> None:
    scripted = Scripted(GOOD)
    with serving(scripted) as url:
        outgoing, _ = ask(url, provider=provider)
    assert scripted.bodies == [outgoing.body]
    assert (scripted.paths, scripted.headers[0][header]) == ([path], value)
    assert KEY.encode() not in outgoing.body


def test_anthropic_is_told_which_version_of_it_is_meant() -> None:
    scripted = Scripted(GOOD)
    with serving(scripted) as url:
        ask(url, provider=ANTHROPIC)
    assert scripted.headers[0]["anthropic-version"] == "2023-06-01"


BAD: dict[str, tuple[Say, str]] = {
    "malformed": (plain(b"Sure! a1 is an e-mail."), "The answer did not have the form that was asked for."),
    "unknown choices": (always("c99"), "The answer did not have the form that was asked for."),
    "cut-off JSON": (
        plain(b'{"choices":[{"message":{"content":"{\\"a1\\":'),
        "The answer did not have the form",
    ),
    "huge": (plain(b"[" + b"1," * 400_000 + b"1]"), "The answer was cut short or too large."),
    "429": (plain(b"{}", 429, retry_after="30"), "The endpoint was busy or failing (429)."),
    "500": (plain(b"oops", 500), "The endpoint was busy or failing (500)."),
    "401": (plain(b"{}", 401), "The endpoint refused the key (401)."),
    "404": (plain(b"{}", 404), "The endpoint refused the request (404)."),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_is_one_sentence_and_no_choice(case: str) -> None:
    say, sentence = BAD[case]
    reply = reply_of(say)
    assert dict(reply.given) == {}
    assert reply.problem.startswith(sentence)


def test_nothing_is_sent_twice_by_the_line_itself() -> None:
    scripted = Scripted(plain(b"{}", 500), GOOD)
    with serving(scripted) as url:
        ask(url)
    assert len(scripted.bodies) == 1


def test_a_slow_endpoint_is_left_after_the_time_that_it_was_given() -> None:
    started = time.monotonic()
    with serving(Scripted(plain(b"{}", delay_s=1.5))) as url, pytest.raises(NotReached) as problem:
        ask(url, timeout=0.3)
    assert time.monotonic() - started < 3.0
    assert (str(problem.value), problem.value.may_have_arrived) == (
        "The endpoint did not answer in time.",
        True,
    )


def test_nobody_at_the_address_means_that_nothing_arrived() -> None:
    with serving(Scripted(GOOD)) as url:
        pass
    with pytest.raises(NotReached) as problem:
        ask(url)
    assert (str(problem.value), problem.value.may_have_arrived) == (
        "The endpoint could not be reached.",
        False,
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_a_private_address_is_not_followed(status: int) -> None:
    inside = Scripted(GOOD)
    with serving(inside) as private:
        reply = reply_of(plain(b"", status, location=f"{private}/chat/completions"))
    assert (inside.bodies, reply.ends) == ([], True)
    assert reply.problem == "The endpoint pointed to another address, which is not followed."


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.8", "192.168.1.1", "[fd00::1]", "[::ffff:127.0.0.1]"],
)
def test_a_private_address_is_never_connected_to_unless_the_operator_says_so(
    operator: Any, host: str
) -> None:
    operator.CROSSWALK_MODEL_ALLOW_PRIVATE = False
    with pytest.raises(NotReached, match="could not be reached"):
        ask(f"https://{host}/v1")


@pytest.mark.parametrize(
    "url",
    ["http://model.example/v1", "ftp://model.example", "https://me:pw@model.example/v1", "https://", "model"],
)
def test_an_address_that_is_not_plain_https_is_refused_with_the_name_of_its_variable(
    operator: Any, url: str
) -> None:
    operator.CROSSWALK_MODEL_ALLOW_PRIVATE = False
    with pytest.raises(ConfigurationError, match="CROSSWALK_MODEL_URL"):
        ask(url)


def test_a_key_with_a_line_break_is_refused(operator: Any) -> None:
    operator.CROSSWALK_MODEL_KEY = "sk-test\nx-evil: 1"
    with pytest.raises(ConfigurationError, match="CROSSWALK_MODEL_KEY"):
        open_endpoint(ModelSettings(OPENAI, "https://model.example/v1", "small-1"))


def test_without_a_key_no_credentials_are_sent(operator: Any) -> None:
    operator.CROSSWALK_MODEL_KEY = ""
    scripted = Scripted(GOOD)
    with serving(scripted) as url:
        ask(url)
    assert not {"authorization", "x-api-key"} & set(scripted.headers[0])


def test_a_key_that_comes_back_in_an_answer_is_taken_out() -> None:
    said = json.dumps({"error": {"message": f"Incorrect key: {KEY}"}}).encode()
    with serving(Scripted(plain(said, 401))) as url:
        _, incoming = ask(url)
    assert KEY.encode() not in incoming.body
    assert b"[key]" in incoming.body


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_neither_the_key_nor_the_request_is_in_a_log(logged: pytest.LogCaptureFixture) -> None:
    for say in (GOOD, plain(KEY.encode(), 500), plain(b"{}", delay_s=0.5)):
        with serving(Scripted(say)) as url:
            try:
                ask(url, timeout=0.2)
            except NotReached:
                continue
    text = "\n".join(f"{record.getMessage()} {record.args}" for record in logged.records)
    assert "POST /model" in text
    assert [word for word in (KEY, "Qvist", "create_person") if word in text] == []


def test_the_key_is_not_shown_by_the_line_as_text() -> None:
    config = replace(ModelSettings(OPENAI, "https://model.example/v1", "small-1"))
    with closing(open_endpoint(config)) as endpoint:
        assert KEY not in repr(endpoint)
