"""Answers that were kept and are played again: the same request gets the same answer, another one fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from mapping_review.proposers.by_model import Outcome, propose_with_model
from mapping_review.proposers.model.answer import Incoming, read
from mapping_review.proposers.model.cassette import Cassette, CassetteMiss, Send, cassette_from
from mapping_review.proposers.model.limits import PROVIDERS
from tests.record_model_cassette import CASSETTE
from tests.scripted_model import Scripted, choosing
from tests.unit.mapping_review.test_by_model import SETTINGS, prepared
from tests.unit.mapping_review.test_model_answer import ASKED

SCRIPT = choosing({"Qvist": "Member number", "Zorbel": "create_person"})


def play(send: Send) -> dict[str, Outcome]:
    """The small account asked about in both dialects."""
    return {
        provider: propose_with_model(
            prepared(), replace(SETTINGS, provider=provider), lambda o: read(o, send(o)).given
        )
        for provider in PROVIDERS
    }


def test_the_kept_cassette_answers_every_request_and_none_other_is_made() -> None:
    """It fails too where a request became another one by accident: see tests/record_model_cassette.py."""
    cassette = cassette_from(CASSETTE)
    played = play(cassette.replay)
    assert {p: (o.agreed, o.changed) for p, o in played.items()} == dict.fromkeys(PROVIDERS, (1, 1))
    assert len(cassette) == 4


def test_what_was_recorded_is_played_again_without_an_endpoint(tmp_path: Path) -> None:
    recorded = Cassette()
    send = recorded.recording(Scripted(choosing({"Qvist": "Member number"})).send)
    live = propose_with_model(prepared(), SETTINGS, lambda o: read(o, send(o)).given)
    recorded.save(tmp_path / "cassette.json")
    kept = cassette_from(tmp_path / "cassette.json")
    played = propose_with_model(prepared(), SETTINGS, lambda o: read(o, kept.replay(o)).given)
    assert [p.to_json() for p in played.proposals] == [p.to_json() for p in live.proposals]
    assert (len(kept), played.changed) == (2, 1)


def test_a_request_that_was_never_recorded_fails() -> None:
    with pytest.raises(CassetteMiss, match="No answer is kept for request 000000000000"):
        Cassette({"1" * 64: Incoming(200)}).replay(ASKED)


def test_another_model_finds_nothing_in_it() -> None:
    recorded = Cassette()
    send = recorded.recording(Scripted(choosing({})).send)
    propose_with_model(prepared(), SETTINGS, lambda o: read(o, send(o)).given)
    with pytest.raises(CassetteMiss):
        propose_with_model(
            prepared(), replace(SETTINGS, model="large-1"), lambda o: read(o, recorded.replay(o)).given
        )
