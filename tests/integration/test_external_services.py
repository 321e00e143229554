"""The production set-up on real servers, where they answer on their standard local ports."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from migrator.embedded import ports
from migrator.embedded.ephemeral import environment_for
from migrator.embedded.processes import wait_until

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("CROSSWALK_TEST_POSTGRES", "postgresql://postgres:postgres@127.0.0.1:5432/postgres")
BROKERS = {"rabbitmq": "amqp://guest:guest@127.0.0.1:5672//", "redis": "redis://127.0.0.1:6379/15"}
# A task of its own, so that what is tested is the way of a message and not a run.
WORKER = """
import sys
from celery import shared_task
from migrator.celery import app

@shared_task(name="tests.touch")
def touch(path: str) -> None:
    open(path, "w").close()

app.conf.task_default_queue = sys.argv[2]
if sys.argv[1] == "send":
    app.send_task("tests.touch", [sys.argv[3]])
else:
    app.worker_main(["worker", "--pool", "prefork", "-c", "1", "-n", sys.argv[2], "--without-mingle"])
"""


def run_python(code: str, *arguments: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (sys.executable, "-c", code, *arguments),
        cwd=REPOSITORY,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.parametrize("kind", BROKERS)
def test_a_task_is_carried_by_an_external_broker(kind: str, tmp_path: Path) -> None:
    port = int(BROKERS[kind].rpartition(":")[2].partition("/")[0])
    if not ports.accepts(port):
        pytest.skip(f"no {kind} answers on port {port}")
    queue, touched = f"crosswalk-test-{uuid4()}", tmp_path / "touched"
    environment = environment_for("postgresql:///unused", BROKERS[kind])
    worker = run_python(WORKER, "work", queue, environment=environment)
    try:
        assert run_python(WORKER, "send", queue, str(touched), environment=environment).wait(30) == 0
        assert wait_until(touched.exists, 30)
    finally:
        worker.terminate()
        worker.wait(30)


@pytest.fixture
def external_database() -> object:
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as problem:
        pytest.skip(f"no PostgreSQL answers on its standard port: {str(problem).splitlines()[0]}")
    name = f"crosswalk_test_{uuid4().hex}"
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_the_schema_migrations_run_on_an_external_postgresql(external_database: str) -> None:
    done = subprocess.run(
        (sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"),
        cwd=REPOSITORY,
        env=os.environ | environment_for(external_database, "memory://"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
