"""The rules of background work and of the pages' security, as they reach Celery and Django."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from migrator.celery import app
from migrator.embedded.ephemeral import environment_for

REPOSITORY = Path(__file__).resolve().parents[2]
DATABASE = "postgresql://app@/crosswalk?host=/nowhere"


def start(environment: dict[str, str], code: str = "") -> "subprocess.CompletedProcess[str]":
    """Settings in a process of their own, with this environment and no other."""
    return subprocess.run(
        (sys.executable, "-c", f"from django.conf import settings as s; s.DEBUG; {code}"),
        cwd=REPOSITORY,
        env={"PATH": os.defpath, "DJANGO_SETTINGS_MODULE": "migrator.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wake_up_is_kept_until_its_work_is_done_and_given_back_by_a_killed_worker() -> None:
    conf = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)
    assert (conf.worker_prefetch_multiplier, conf.task_ignore_result) == (1, True)
    assert conf.result_backend is None


def test_no_task_outlives_a_sixtieth_of_the_time_after_which_its_message_is_sent_again() -> None:
    assert app.conf.broker_transport_options["visibility_timeout"] >= 60 * app.conf.task_time_limit


def test_rabbitmq_keeps_messages_in_quorum_queues() -> None:
    environment = environment_for(DATABASE, "amqp://guest@localhost//")
    told = start(environment, "print(s.CELERY_TASK_DEFAULT_QUEUE_TYPE)")
    assert told.stdout == "quorum\n"


@pytest.mark.parametrize("name", ["SECRET_KEY", "CROSSWALK_SECRET_KEYS"])
def test_with_a_database_every_key_has_to_be_the_operators(name: str) -> None:
    environment = environment_for(DATABASE, "memory://")
    del environment[name]
    told = start(environment)
    assert told.returncode == 1
    assert f"{name} is not set" in told.stderr


def test_sqlite_is_refused_with_a_sentence() -> None:
    told = start(environment_for("sqlite:///db.sqlite3", "memory://"))
    assert "PostgreSQL only" in told.stderr


def test_by_default_pages_are_served_over_https_only_and_simulators_are_refused() -> None:
    told = start({}, "import json; print(json.dumps([s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT]))")
    assert json.loads(told.stdout) == [True, True]
    assert start({}, "print(s.CROSSWALK_ALLOW_SIMULATORS)").stdout == "False\n"


def test_pages_load_nothing_from_elsewhere() -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == ["'self'"]
    assert "'unsafe-inline'" not in str(directives)


def test_a_session_ends_after_twelve_hours_and_is_no_scripts_business() -> None:
    assert settings.SESSION_COOKIE_AGE == 12 * 3600
    assert settings.SESSION_COOKIE_HTTPONLY


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"CROSSWALK_MODEL_PROVIDER": "openai"}, "CROSSWALK_MODEL_URL is not set"),
        (
            {"CROSSWALK_MODEL_PROVIDER": "openai", "CROSSWALK_MODEL_URL": "https://model.example/v1"},
            "CROSSWALK_MODEL_NAME is not set",
        ),
        (
            {
                "CROSSWALK_MODEL_PROVIDER": "anthropic",
                "CROSSWALK_MODEL_URL": "https://model.example/v1",
                "CROSSWALK_MODEL_NAME": "small-1",
            },
            "CROSSWALK_MODEL_KEY is not set",
        ),
        (
            {"CROSSWALK_MODEL_PROVIDER": "gpt"},
            "CROSSWALK_MODEL_PROVIDER is 'gpt'. Use one of: off, openai, anthropic.",
        ),
    ],
    ids=["no address", "no model", "no key", "unknown provider"],
)
def test_a_language_model_that_is_half_configured_is_refused(given: dict[str, str], missing: str) -> None:
    told = start(environment_for(DATABASE, "memory://") | given)
    assert told.returncode == 1
    assert missing in told.stderr


def test_no_language_model_is_asked_unless_somebody_names_one() -> None:
    told = start(environment_for(DATABASE, "memory://"), "print(s.CROSSWALK_MODEL_PROVIDER, s.HAS_MODEL)")
    assert told.stdout == "off False\n"
