"""setup: manage.py has done the work before; the command says so."""

import io

from django.core.management import call_command


def test_it_says_that_the_environment_is_ready() -> None:
    said = io.StringIO()
    call_command("setup", stderr=said)
    assert "ready" in said.getvalue()
