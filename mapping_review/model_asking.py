"""Asks a language model and keeps every request to the byte: the only writer of ModelExchange, and of a project's
switch. Part of `services`.

A request is stored before it is sent. One that was answered is never sent again, in this discovery or a later one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mapping_review.choices import UNDECIDED
from mapping_review.models import MapVersion, ModelExchange
from mapping_review.proposers.by_model import GaveUp, Paused
from mapping_review.proposers.model.answer import Given, Incoming, NotReached, Reply, read
from mapping_review.proposers.model.limits import MICRO, ModelSettings, Spent, tokens_in, why_not
from mapping_review.proposers.model.request import Outgoing, repaired
from mapping_review.settling import BY_PERSON
from migrator import policies as roles
from migrator import trail
from migrator.models import Discovery, Project

State = ModelExchange.State
Send = Callable[[Outgoing], Incoming]
SETTING = "model_proposals"
ATTEMPTS = 2
LARGEST_ANSWER = 256 * 1024
OFF = "Asking was switched off."
LOST = "The worker ended before the answer came."


def configured() -> ModelSettings | None:
    """What the operator set; None where no endpoint is named."""
    if settings.CROSSWALK_MODEL_PROVIDER == "off":
        return None
    return ModelSettings(
        provider=settings.CROSSWALK_MODEL_PROVIDER,
        url=settings.CROSSWALK_MODEL_URL,
        model=settings.CROSSWALK_MODEL_NAME,
        price_in=settings.CROSSWALK_MODEL_PRICE_IN,
        price_out=settings.CROSSWALK_MODEL_PRICE_OUT,
        currency=settings.CROSSWALK_MODEL_CURRENCY,
        calls=settings.CROSSWALK_MODEL_MAX_CALLS,
        tokens=settings.CROSSWALK_MODEL_MAX_TOKENS,
        money_micros=round(settings.CROSSWALK_MODEL_MAX_COST * MICRO),
        seconds=float(settings.CROSSWALK_MODEL_MAX_SECONDS),
        timeout=float(settings.CROSSWALK_MODEL_TIMEOUT),
        reasoning=settings.CROSSWALK_MODEL_REASONING,
    )


def in_use(project: Project) -> ModelSettings | None:
    """What this project may ask now; None where the operator or the project has it off."""
    return configured() if project.setting(SETTING) else None


@transaction.atomic
def switch(project: Project, *, on: bool, user: Any) -> None:
    """Let this project ask or not. A request on its way is not called back; none follows it."""
    roles.check_can_edit_fields(user, project)
    found = Project.objects.select_for_update().get(pk=project.pk)
    if bool(found.setting(SETTING)) == on:
        return
    found.settings[SETTING] = on
    found.save(update_fields=["settings"])
    sentence = f"Switched asking a language model about the field map {'on' if on else 'off'}."
    trail.append(found, user, "model_switch", "project", found.pk, sentence, {"on": on})


def askable_keys(version: MapVersion) -> set[str]:
    """Rows that still need a decision and that no person has proposed a rule for."""
    rows = version.decisions.filter(state__in=UNDECIDED).values_list(
        "source_key", "proposal__provenance__proposer"
    )
    return {key for key, proposer in rows if proposer != BY_PERSON}


def sent_in(discovery: Discovery) -> int:
    """How many requests of a discovery left the installation, answered or not."""
    return ModelExchange.objects.filter(discovery=discovery, sent_at__isnull=False).count()


class Asking:
    """Sends the requests of one discovery, one after the other, within the limits. Call it with a request for the
    answers; raises GaveUp and Paused as `by_model.propose_with_model` expects."""

    def __init__(
        self, discovery: Discovery, config: ModelSettings, send: Send, *, may_go_on: Callable[[], bool]
    ) -> None:
        self.discovery, self.config, self._send, self._may_go_on = discovery, config, send, may_go_on

    def __call__(self, outgoing: Outgoing) -> Mapping[str, Given]:
        """An answer that cannot be read is asked for once more; after that the rules' proposals stay."""
        reply = self._reply(outgoing)
        if reply.is_malformed:
            reply = self._reply(repaired(outgoing, self.config.model))
        return reply.given

    def _reply(self, outgoing: Outgoing) -> Reply:
        kept = self._answered(outgoing)
        if kept is not None:
            return read(outgoing, Incoming(200, bytes(kept.response)))
        problem = ""
        for _ in self._attempts(outgoing):
            self._check(outgoing)
            reply = self._sent(outgoing)
            if reply.ends:
                raise GaveUp(reply.problem)
            if not reply.may_repeat:
                return reply
            problem = reply.problem
        raise GaveUp(problem or "The endpoint did not answer.")

    def _answered(self, outgoing: Outgoing) -> ModelExchange | None:
        """The answer to these very bytes from this endpoint; from an earlier discovery only a sound one."""
        return ModelExchange.objects.filter(
            Q(discovery=self.discovery) | Q(problem=""),
            project=self.discovery.project_id,
            request_sha=outgoing.sha,
            endpoint=self._endpoint(outgoing),
            state=State.ANSWERED,
        ).last()

    def _attempts(self, outgoing: Outgoing) -> Iterator[int]:
        """Those that are left: a resumed run goes on counting. A request that a killed worker left behind counts as
        sent, because nobody knows that it was not."""
        earlier = self.discovery_exchanges().filter(request_sha=outgoing.sha)
        earlier.filter(state__in=[State.SENT, State.PREPARED]).update(state=State.FAILED, problem=LOST)
        yield from range(earlier.filter(state=State.FAILED).count(), ATTEMPTS)

    def _check(self, outgoing: Outgoing) -> None:
        if not self._may_go_on():
            raise Paused
        if not Project.objects.get(pk=self.discovery.project_id).setting(SETTING):
            raise GaveUp(OFF)
        sentence = why_not(
            self.config, self._spent(), tokens_in=tokens_in(outgoing.body), tokens_out=outgoing.tokens_out
        )
        if sentence:
            raise GaveUp(sentence)

    def _sent(self, outgoing: Outgoing) -> Reply:
        exchange = self._prepared(outgoing)
        exchange.state, exchange.sent_at = State.SENT, timezone.now()
        exchange.save(update_fields=["state", "sent_at"])
        try:
            incoming = self._send(outgoing)
            reply = read(outgoing, incoming)
            is_free = reply.may_repeat or reply.ends
        except NotReached as problem:
            incoming, reply = Incoming(0), Reply(problem=str(problem), may_repeat=True)
            is_free = not problem.may_have_arrived
        if reply.tokens_in is not None and reply.tokens_out is not None:
            _charge(exchange, self.config, reply.tokens_in, reply.tokens_out)
        elif is_free:
            # It was turned away or never left: endpoints charge for answers.
            _charge(exchange, self.config, 0, 0)
        _finish(exchange, incoming, reply)
        return reply

    def _prepared(self, outgoing: Outgoing) -> ModelExchange:
        """What it may cost at most stands in it until the answer says what it did."""
        most_in = tokens_in(outgoing.body)
        return ModelExchange.objects.create(
            project_id=self.discovery.project_id,
            discovery=self.discovery,
            prepared_at=timezone.now(),
            endpoint=self._endpoint(outgoing),
            model=self.config.model[:200],
            request_sha=outgoing.sha,
            request=outgoing.body,
            fields=outgoing.fields,
            input_tokens=most_in,
            output_tokens=outgoing.tokens_out,
            cost_micros=self.config.cost_micros(most_in, outgoing.tokens_out),
        )

    def _endpoint(self, outgoing: Outgoing) -> str:
        return f"{self.config.url.rstrip('/')}{outgoing.path}"[:300]

    def discovery_exchanges(self) -> Any:
        return ModelExchange.objects.filter(discovery=self.discovery)

    def _spent(self) -> Spent:
        rows = self.discovery_exchanges().exclude(state=State.PREPARED)
        found = list(
            rows.values_list("input_tokens", "output_tokens", "cost_micros", "sent_at", "answered_at")
        )
        return Spent(
            calls=len(found),
            tokens=sum(row[0] + row[1] for row in found),
            money_micros=sum(row[2] for row in found),
            seconds=sum((row[4] - row[3]).total_seconds() for row in found if row[3] and row[4]),
        )


def _charge(exchange: ModelExchange, config: ModelSettings, tokens_in: int, tokens_out: int) -> None:
    exchange.input_tokens, exchange.output_tokens = tokens_in, tokens_out
    exchange.cost_micros = config.cost_micros(tokens_in, tokens_out)


def _finish(exchange: ModelExchange, incoming: Incoming, reply: Reply) -> None:
    """What can be read is kept whole; what cannot, as far as a person needs to see why."""
    exchange.answered_at = timezone.now()
    exchange.state = State.FAILED if reply.may_repeat or reply.ends else State.ANSWERED
    exchange.response = incoming.body[: LARGEST_ANSWER if reply.given else 4_000]
    exchange.problem = reply.problem
    exchange.save()
