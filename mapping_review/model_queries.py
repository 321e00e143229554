"""What the page about the language model shows: what would be sent now, and what was. Reads only."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mapping_review import model_asking, queries
from mapping_review.models import MapVersion, ModelExchange
from mapping_review.proposers import by_model
from mapping_review.proposers.model.limits import MICRO, NOBODY, PROVIDER_NAMES, ModelSettings, tokens_in
from mapping_review.proposers.model.request import Outgoing
from migrator import staging
from migrator.models import Project

BY_RULES_ALONE = "Proposals come from name and type rules only. You can work as usual."
_SHOWN = 100
# What could turn a line around or hide in it; JSON has a spelling for each.
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says about one field, for people."""

    name: str
    facts: str
    shapes: tuple[str, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A request that would be sent now. `is_known` says that its answer is kept and it is not sent again."""

    number: int
    outgoing: Outgoing
    is_known: bool

    @property
    def text(self) -> str:
        return visible(self.outgoing.body)

    @property
    def size(self) -> int:
        return len(self.outgoing.body)

    @property
    def tokens(self) -> int:
        return tokens_in(self.outgoing.body)

    @property
    def asked(self) -> list[Asked]:
        return asked_in(self.outgoing.body)


def upcoming(version: MapVersion) -> list[Upcoming]:
    """The requests that the next discovery would begin with, were it to find what the last one found."""
    project = version.project
    config = model_asking.configured() or NOBODY
    prepared = by_model.prepare(
        staging.source_fields(project), staging.target_fields(project), queries.settings_for(project)
    )
    questions = prepared.questions(model_asking.askable_keys(version))
    found = [outgoing for _, outgoing in by_model.requests_in(questions, config)]
    known = _answered(project, found)
    return [Upcoming(n, outgoing, outgoing.sha in known) for n, outgoing in enumerate(found, start=1)]


def exchanges_of(project: Project) -> list[ModelExchange]:
    """The newest ones first, without their bytes."""
    return list(project.model_exchanges.defer("request", "response").order_by("-pk")[:_SHOWN])


def asked_in(body: bytes) -> list[Asked]:
    """The fields of a request, read back from its bytes, so that the table cannot show anything else."""
    content = json.loads(body)["messages"][-1]["content"]
    fields, _ = json.JSONDecoder().raw_decode(content)
    return [_asked(entry) for entry in fields["fields"]]


def visible(body: bytes) -> str:
    """Bytes as text, with what cannot be seen spelled out."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", body.decode("utf-8", "replace"))


def facts_about(config: ModelSettings | None) -> list[tuple[str, str]]:
    """How the model is reached and what it may cost; nothing where none is configured."""
    if config is None:
        return []
    money = f", {config.money_micros / MICRO:.2f} {config.currency}" if config.money_micros else ""
    price = f"{config.price_in:g} and {config.price_out:g} {config.currency} for a million tokens in and out"
    return [
        ("Endpoint", f"{PROVIDER_NAMES[config.provider]}, {urlsplit(config.url).hostname or 'no address'}"),
        ("Model", config.model),
        (
            "Limits of one discovery",
            f"{config.calls} requests, {config.tokens:,} tokens, {config.seconds:g} s{money}",
        ),
        ("Price", price if config.price_in or config.price_out else "not set"),
    ]


def line_for(version: MapVersion) -> str:
    """The sentence on the map's page; "" where a model answered."""
    if model_asking.in_use(version.project) is None:
        return BY_RULES_ALONE
    told = (version.discovery.inventory if version.discovery else {}).get("model") or {}
    problem = told.get("problem", "")
    return (
        f"The language model did not answer everything. {problem} You can work as usual." if problem else ""
    )


def cost_of(exchange: ModelExchange, config: ModelSettings | None) -> str:
    """Money as people read it; "" where no price was set."""
    currency = (config or NOBODY).currency
    return f"{exchange.cost_micros / MICRO:.4f} {currency}" if exchange.cost_micros else ""


def _answered(project: Project, found: Iterable[Outgoing]) -> set[str]:
    rows = project.model_exchanges.filter(
        request_sha__in=[outgoing.sha for outgoing in found], state=ModelExchange.State.ANSWERED, problem=""
    )
    return set(rows.values_list("request_sha", flat=True))


def _asked(entry: dict[str, Any]) -> Asked:
    facts = f"{entry['reads_as'].replace('_', ' ')}; filled: {entry['filled']}; {entry['values']}"
    choices = [f"{choice['on']}: {choice['field']}" for choice in entry["choices"]]
    return Asked(entry["name"], facts, tuple(f"{s} ({n})" for s, n in entry["shapes"]), tuple(choices))
