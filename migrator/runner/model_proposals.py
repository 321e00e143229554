"""The phase of a discovery that asks a language model about uncertain fields, where somebody switched that on.

1. nothing is configured or the project has it off: done; 2. ask, request by request, each stored before it is sent;
3. bring the draft up to what came of it. The rules' map stands before this phase begins, and a failure here leaves it.
"""

from contextlib import closing

from mapping_review import model_asking
from mapping_review import queries as map_queries
from mapping_review import services as map_services
from mapping_review.proposers import by_model
from mapping_review.proposers.by_model import Outcome, Prepared
from mapping_review.proposers.model.limits import ModelSettings
from migrator import model_endpoint, staging, trail
from migrator.choices import LogLevel
from migrator.engine.errors import ConfigurationError
from migrator.models import Discovery
from migrator.runner import lifecycle
from migrator.runner.job import AGAIN, DONE, Job, Step


def model(job: Job) -> Step:
    """Never fails a discovery for what an endpoint does."""
    config = model_asking.in_use(job.run.project)
    version = map_queries.current_version(job.run.project)
    if config is None or version is None or not (keys := model_asking.askable_keys(version)):
        return DONE
    try:
        outcome = _ask(job, config, keys)
    except ConfigurationError as problem:
        outcome = Outcome((), problem=problem.sentence)
    except by_model.Paused:
        return AGAIN
    if outcome.agreed or outcome.changed:
        map_services.build_draft(job.run.project, outcome.proposals)
    _tell(job, outcome)
    return DONE


def _ask(job: Job, config: ModelSettings, keys: set[str]) -> Outcome:
    with closing(model_endpoint.open_endpoint(config)) as endpoint:
        asking = model_asking.Asking(_discovery(job), config, endpoint.send, may_go_on=job.may_go_on)
        return by_model.propose_with_model(_prepared(job), config, asking, keys)


def _prepared(job: Job) -> Prepared:
    project = job.run.project
    return by_model.prepare(
        staging.source_fields(project), staging.target_fields(project), map_queries.settings_for(project)
    )


def _tell(job: Job, outcome: Outcome) -> None:
    """One sentence in the run's log, and the same beside the inventory for the map's page."""
    discovery = _discovery(job)
    text = (
        f"A language model was asked about {outcome.asked} fields: {outcome.agreed} the same, "
        f"{outcome.changed} another choice."
    )
    if outcome.problem:
        text = f"A language model was asked and did not answer everything. {outcome.problem} "
        text += "The other proposals come from name and type rules."
    discovery.refresh_from_db(fields=["inventory"])
    discovery.inventory["model"] = {"asked": outcome.asked, "problem": outcome.problem}
    discovery.save(update_fields=["inventory"])
    _note(job, discovery)
    lifecycle.log(job.run, text, LogLevel.WARNING if outcome.problem else LogLevel.INFO)


def _note(job: Job, discovery: Discovery) -> None:
    """What left the installation belongs in the trail."""
    sent = model_asking.sent_in(discovery)
    if sent:
        sentence = f"Sent {sent} requests about field names and masked shapes to a language model."
        trail.append(
            job.run.project, None, "ask_model", "discovery", discovery.pk, sentence, {"requests": sent}
        )


def _discovery(job: Job) -> Discovery:
    assert job.run.discovery is not None
    return job.run.discovery
