"""The bytes that go to an endpoint, in its own dialect, and the checksum under which their answer is kept."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from mapping_review.proposers.model.limits import ANTHROPIC, ModelSettings
from mapping_review.proposers.model.questions import FIXED_CHOICES, Question
from migrator.engine.canonical import JsonValue, canonical_json
from migrator.engine.inventory import FieldType

PROMPT = Path(__file__).parent / "prompt.txt"
# Of the text in prompt.txt and the form of the questions: a change of either is another version.
PROMPT_VERSION = "fields-1"
AS_IS = "as_is"
TYPES = (AS_IS, *(t.value for t in FieldType if t not in (FieldType.USER, FieldType.ADDRESS)))
REASONS = ("name", "values", "name_and_values", "section", "nothing_fits", "not_customer_data")
REPAIR = "That was not an answer in the form that was asked for. Answer once more: the form and nothing else."
TOOL = "answer"
_TOKENS_AN_ANSWER, _TOKENS_AROUND, _TOKENS_TO_THINK = 60, 200, 8_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. `allowed` says which choices exist under each field's id, `keys` which field that is."""

    provider: str
    path: str
    body: bytes
    sha: str
    tokens_out: int
    allowed: Mapping[str, frozenset[str]]
    keys: Mapping[str, str]

    @property
    def fields(self) -> int:
        return len(self.keys)


def request_for(questions: Sequence[Question], settings: ModelSettings, turn: int = 1) -> Outgoing:
    """The request about these fields; equal arguments give equal bytes."""
    asked = {f"a{number}": question for number, question in enumerate(questions, start=1)}
    allowed = {i: (*(name for name, _ in q.ordered(turn)), *FIXED_CHOICES) for i, q in asked.items()}
    fields = canonical_json({"fields": [{"id": i, **q.asked(turn)} for i, q in asked.items()]})
    tokens_out = _TOKENS_AROUND + _TOKENS_AN_ANSWER * len(asked) + _TOKENS_TO_THINK * settings.reasoning
    body = _body(settings, [{"role": "user", "content": fields}], _schema(allowed), tokens_out)
    return Outgoing(
        provider=settings.provider,
        path="/messages" if settings.provider == ANTHROPIC else "/chat/completions",
        body=_bytes(body),
        sha=request_sha(settings.provider, settings.model, _bytes(body)),
        tokens_out=tokens_out,
        allowed={i: frozenset(names) for i, names in allowed.items()},
        keys={i: question.key for i, question in asked.items()},
    )


def repaired(outgoing: Outgoing, model: str) -> Outgoing:
    """The same question with one sentence more, for an answer that could not be read. The answer itself is not
    sent back: it was written by nobody we know."""
    body = json.loads(outgoing.body)
    body["messages"][-1]["content"] += f"\n\n{REPAIR}"
    return replace(outgoing, body=_bytes(body), sha=request_sha(outgoing.provider, model, _bytes(body)))


def request_sha(provider: str, model: str, body: bytes) -> str:
    """What an answer is kept under: provider, model, version of the prompt, and the request to the byte."""
    return hashlib.sha256("\n".join((provider, model, PROMPT_VERSION, "")).encode() + body).hexdigest()


@cache
def prompt() -> str:
    return PROMPT.read_text(encoding="utf-8").strip()


def _body(
    settings: ModelSettings, messages: list[JsonValue], schema: JsonValue, tokens_out: int
) -> dict[str, JsonValue]:
    steady: dict[str, JsonValue] = {} if settings.reasoning else {"temperature": 0}
    if settings.provider == ANTHROPIC:
        tool: JsonValue = {"name": TOOL, "description": "Give the answers.", "input_schema": schema}
        return steady | {
            "model": settings.model,
            "max_tokens": tokens_out,
            "system": prompt(),
            "messages": messages,
            "tools": [tool],
            "tool_choice": {"type": "tool", "name": TOOL},
        }
    limit = "max_completion_tokens" if settings.reasoning else "max_tokens"
    form: JsonValue = {"name": TOOL, "strict": True, "schema": schema}
    return steady | {
        "model": settings.model,
        limit: tokens_out,
        "messages": [{"role": "system", "content": prompt()}, *messages],
        "response_format": {"type": "json_schema", "json_schema": form},
    }


def _schema(allowed: Mapping[str, Sequence[str]]) -> JsonValue:
    """One entry for each field, each with a list of its own of what may be answered."""
    return {
        "type": "object",
        "properties": {name: _entry(choices) for name, choices in allowed.items()},
        "required": list(allowed),
        "additionalProperties": False,
    }


def _entry(choices: Sequence[str]) -> JsonValue:
    listed = {"choice": choices, "type": TYPES, "reason": REASONS}
    return {
        "type": "object",
        "properties": {name: {"type": "string", "enum": list(words)} for name, words in listed.items()},
        "required": list(listed),
        "additionalProperties": False,
    }


def _bytes(body: JsonValue) -> bytes:
    return canonical_json(body).encode()
