"""Texts that a database takes, whatever came in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.sound import sound
from migrator.http.client import _parsed


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b\udfff", "a?b?"),
        ("\U0001f4a5 blåbär", "\U0001f4a5 blåbär"),
        ({"a\x00": ["\ud800", {"b": "c\x00"}]}, {"a": ["?", {"b": "c"}]}),
        ([1, 2.5, True, None], [1, 2.5, True, None]),
    ],
)
def test_what_no_database_takes_is_taken_out(value: object, kept: object) -> None:
    assert sound(value) == kept


@given(
    st.recursive(st.text() | st.none() | st.integers(), lambda c: st.lists(c) | st.dictionaries(st.text(), c))
)
def test_whatever_comes_out_can_be_stored_and_stays_what_it_is(value: object) -> None:
    kept = sound(value)
    json.dumps(kept, ensure_ascii=False).encode("utf-8")
    assert "\\u0000" not in json.dumps(kept)
    assert sound(kept) == kept


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a\\u0000b"}',
        b'{"name": "a\\ud800b"}',
        b'{"name": "a\xed\xa0\x80b"}',
        b'{"name": "a\\uDFFFb"}',
    ],
)
def test_every_answer_of_a_service_is_sound(body: bytes) -> None:
    parsed = _parsed(body)
    assert isinstance(parsed, dict)
    assert parsed["name"] in ("ab", "a?b")


def test_an_emoji_in_two_halves_is_one_emoji() -> None:
    assert _parsed(b'{"name": "\\ud83d\\ude00"}') == {"name": "\U0001f600"}
