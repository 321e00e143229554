"""What may be taken from an endpoint's answer: ids and words from closed lists, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from mapping_review.proposers.model.limits import ANTHROPIC
from mapping_review.proposers.model.request import REASONS, TOOL, TYPES, Outgoing
from migrator.engine.canonical import JsonValue

_MOST_TOKENS = 10**8


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came back. `complete` is false where the body was cut short or larger than anything that was asked."""

    status: int
    body: bytes = b""
    complete: bool = True


class NotReached(Exception):
    """No answer came; the text is one sentence without an address or a key in it."""

    def __init__(self, sentence: str, *, may_have_arrived: bool) -> None:
        super().__init__(sentence)
        self.may_have_arrived = may_have_arrived


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: a choice that was offered, a type and a reason from their lists."""

    choice: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was read. `problem` is a sentence where something is wrong with it; `is_malformed` says that
    the same question may be put once more, `ends` that there is no use in asking anything else."""

    given: Mapping[str, Given] = field(default_factory=dict)
    problem: str = ""
    is_malformed: bool = False
    may_repeat: bool = False
    ends: bool = False
    tokens_in: int | None = None
    tokens_out: int | None = None


def read(outgoing: Outgoing, incoming: Incoming) -> Reply:
    """Never raises, whatever the bytes are."""
    if incoming.status != 200:
        return _refused(incoming.status)
    if not incoming.complete:
        return Reply(problem="The answer was cut short or too large.", is_malformed=True)
    raw = _object(_json(incoming.body))
    reply = _anthropic(raw, outgoing) if outgoing.provider == ANTHROPIC else _openai(raw, outgoing)
    tokens_in, tokens_out = _usage(raw)
    return Reply(reply.given, reply.problem, reply.is_malformed, tokens_in=tokens_in, tokens_out=tokens_out)


def _refused(status: int) -> Reply:
    if status == 429 or status >= 500:
        return Reply(problem=f"The endpoint was busy or failing ({status}).", may_repeat=True)
    if 300 <= status < 400:
        return Reply(problem="The endpoint pointed to another address, which is not followed.", ends=True)
    if status in (401, 403):
        return Reply(problem=f"The endpoint refused the key ({status}).", ends=True)
    return Reply(problem=f"The endpoint refused the request ({status}).", ends=True)


def _openai(raw: Mapping[str, JsonValue], outgoing: Outgoing) -> Reply:
    first = _object(_first(raw.get("choices")))
    message = _object(first.get("message"))
    if message.get("refusal") or first.get("finish_reason") == "content_filter":
        return _DECLINED
    if first.get("finish_reason") == "length":
        return _CUT
    content = message.get("content")
    return _given(_json(content.encode("utf-8", "replace")) if isinstance(content, str) else None, outgoing)


def _anthropic(raw: Mapping[str, JsonValue], outgoing: Outgoing) -> Reply:
    if raw.get("stop_reason") == "refusal":
        return _DECLINED
    if raw.get("stop_reason") == "max_tokens":
        return _CUT
    content = raw.get("content")
    blocks = [_object(block) for block in content] if isinstance(content, list) else []
    used = [b.get("input") for b in blocks if b.get("type") == "tool_use" and b.get("name") == TOOL]
    return _given(used[0] if used else None, outgoing)


_DECLINED = Reply(problem="The model declined to answer.")
_CUT = Reply(problem="The answer ended before it was whole.", is_malformed=True)


def _given(answers: JsonValue, outgoing: Outgoing) -> Reply:
    """Every entry that keeps to its lists; others count as not answered."""
    found = {
        name: given
        for name, choices in outgoing.allowed.items()
        if (given := _one(_object(_object(answers).get(name)), choices)) is not None
    }
    left = outgoing.fields - len(found)
    if not found:
        return Reply(problem="The answer did not have the form that was asked for.", is_malformed=True)
    return Reply(found, f"{left} of {outgoing.fields} fields have no usable answer." if left else "")


def _one(entry: Mapping[str, JsonValue], choices: frozenset[str]) -> Given | None:
    choice, kind, reason = entry.get("choice"), entry.get("type"), entry.get("reason")
    if not isinstance(choice, str) or choice not in choices:
        return None
    if not isinstance(kind, str) or kind not in TYPES or not isinstance(reason, str) or reason not in REASONS:
        return None
    return Given(choice, kind, reason)


def _usage(raw: Mapping[str, JsonValue]) -> tuple[int | None, int | None]:
    usage = _object(raw.get("usage"))
    names = (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
    found = [next((usage[name] for name in pair if name in usage), None) for pair in names]
    return _count(found[0]), _count(found[1])


def _count(value: JsonValue) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
    return int(value) if is_count and isinstance(value, int) else None


def _json(body: bytes) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _first(value: JsonValue) -> JsonValue:
    return value[0] if isinstance(value, list) and value else None
