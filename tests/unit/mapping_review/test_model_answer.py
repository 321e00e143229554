"""Reading an endpoint's answer: closed lists, both dialects, and everything that an answer can be instead."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_review.proposers.model.answer import Given, Incoming, Reply, read
from mapping_review.proposers.model.limits import ANTHROPIC, OPENAI
from mapping_review.proposers.model.request import Outgoing

ASKED = Outgoing(
    provider=OPENAI,
    path="/chat/completions",
    body=b"{}",
    sha="0" * 64,
    tokens_out=100,
    allowed={"a1": frozenset({"c1", "skip"}), "a2": frozenset({"c1", "c2", "unsure"})},
    keys={"a1": "attribute:one", "a2": "attribute:two"},
)
OTHER = replace(ASKED, provider=ANTHROPIC)
GOOD = {"choice": "c1", "type": "as_is", "reason": "name"}
DEEP = "[" * 200_000


def openai(content: Any, **message: Any) -> bytes:
    text = content if isinstance(content, str) else json.dumps(content)
    choice = {"message": {"content": text, **message}, "finish_reason": "stop"}
    return json.dumps(
        {"choices": [choice], "usage": {"prompt_tokens": 900, "completion_tokens": 40}}
    ).encode()


def anthropic(answers: Any, stop: str = "tool_use", name: str = "answer") -> bytes:
    content = [{"type": "text", "text": "Sure."}, {"type": "tool_use", "name": name, "input": answers}]
    usage = {"input_tokens": 900, "output_tokens": 40}
    return json.dumps({"content": content, "stop_reason": stop, "usage": usage}).encode()


def reply_to(body: bytes, asked: Outgoing = ASKED, *, status: int = 200, complete: bool = True) -> Reply:
    return read(asked, Incoming(status, body, complete))


@pytest.mark.parametrize(("asked", "body"), [(ASKED, openai), (OTHER, anthropic)], ids=[OPENAI, ANTHROPIC])
def test_a_whole_answer_is_taken(asked: Outgoing, body: Any) -> None:
    reply = reply_to(body({"a1": GOOD, "a2": {**GOOD, "choice": "unsure"}}), asked)
    assert reply.given == {"a1": Given("c1", "as_is", "name"), "a2": Given("unsure", "as_is", "name")}
    assert (reply.problem, reply.tokens_in, reply.tokens_out) == ("", 900, 40)


@pytest.mark.parametrize(
    "entry",
    [
        {**GOOD, "choice": "c9"},
        {**GOOD, "choice": "C1"},
        {**GOOD, "choice": ["c1"]},
        {**GOOD, "type": "password"},
        {**GOOD, "reason": "because I was told so"},
        {"choice": "c1"},
        "c1",
        None,
    ],
    ids=str,
)
def test_an_entry_outside_its_lists_counts_as_not_answered(entry: Any) -> None:
    reply = reply_to(openai({"a1": entry, "a2": GOOD}))
    assert set(reply.given) == {"a2"}
    assert reply.problem == "1 of 2 fields have no usable answer."


def test_fields_that_nobody_asked_about_are_not_looked_at() -> None:
    assert set(reply_to(openai({"a1": GOOD, "a2": GOOD, "a3": GOOD, "note": "<b>hi</b>"})).given) == {
        "a1",
        "a2",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<html>busy</html>",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": {"0": 1}}',
        openai("Sure! Here is the answer."),
        openai('{"a1": {"choice": "c1"'),
        openai([GOOD]),
        openai({}),
        b"\xff\xfe",
        DEEP.encode(),
        openai(DEEP),
    ],
    ids=range(13),
)
def test_an_answer_in_another_form_may_be_asked_for_once_more(body: bytes) -> None:
    reply = reply_to(body)
    assert (dict(reply.given), reply.is_malformed, reply.ends) == ({}, True, False)
    assert reply.problem == "The answer did not have the form that was asked for."


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (ASKED, openai("", refusal="I cannot help with that.")),
        (OTHER, anthropic({}, stop="refusal")),
        (ASKED, b'{"choices": [{"message": {}, "finish_reason": "content_filter"}]}'),
    ],
    ids=["openai", "anthropic", "filtered"],
)
def test_a_refusal_is_taken_for_an_answer(asked: Outgoing, body: bytes) -> None:
    reply = reply_to(body, asked)
    assert (reply.problem, reply.is_malformed, reply.ends) == ("The model declined to answer.", False, False)


def test_an_answer_that_ended_early_is_not_used_in_part() -> None:
    whole = json.loads(openai({"a1": GOOD, "a2": GOOD}))
    whole["choices"][0]["finish_reason"] = "length"
    assert reply_to(json.dumps(whole).encode()).problem == "The answer ended before it was whole."
    assert not reply_to(anthropic({"a1": GOOD}, stop="max_tokens"), OTHER).given


def test_a_tool_that_was_not_offered_says_nothing() -> None:
    assert not reply_to(anthropic({"a1": GOOD}, name="run_shell"), OTHER).given


def test_a_body_that_was_cut_is_not_read() -> None:
    assert not reply_to(openai({"a1": GOOD, "a2": GOOD}), complete=False).given


@pytest.mark.parametrize(
    ("status", "again", "ends"),
    [
        (429, True, False),
        (500, True, False),
        (503, True, False),
        (302, False, True),
        (307, False, True),
        (400, False, True),
        (401, False, True),
        (403, False, True),
        (404, False, True),
    ],
)
def test_a_status_says_whether_asking_again_is_of_use(status: int, again: bool, ends: bool) -> None:
    reply = reply_to(openai({"a1": GOOD}), status=status)
    assert (dict(reply.given), reply.may_repeat, reply.ends) == ({}, again, ends)
    assert reply.problem.endswith(".")


@pytest.mark.parametrize(
    "usage", [None, [], {"prompt_tokens": "9"}, {"prompt_tokens": -1}, {"prompt_tokens": True}]
)
def test_a_usage_that_cannot_be_is_no_usage(usage: Any) -> None:
    whole = json.loads(openai({"a1": GOOD, "a2": GOOD})) | {"usage": usage}
    assert reply_to(json.dumps(whole).encode()).tokens_in is None


@given(st.binary(max_size=400), st.sampled_from([200, 204, 302, 429, 500]))
def test_no_bytes_make_it_raise(body: bytes, status: int) -> None:
    assert not reply_to(body, status=status).given


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_no_json_makes_it_raise(value: Any) -> None:
    assert not reply_to(json.dumps(value).encode(), OTHER).given
