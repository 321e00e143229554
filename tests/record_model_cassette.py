"""Records tests/data/model_cassette.json anew: `.venv/bin/python -m tests.record_model_cassette`.

Needed when the prompt, the form of a question or what the rules make of the small account changed on purpose. The
answers are a script's, so nobody is asked.
"""

import os
from pathlib import Path

import django

CASSETTE = Path(__file__).parent / "data" / "model_cassette.json"


def record() -> None:
    from mapping_review.proposers.model.cassette import Cassette
    from tests.scripted_model import Scripted
    from tests.unit.mapping_review.test_model_cassette import SCRIPT, play

    cassette = Cassette()
    play(cassette.recording(Scripted(SCRIPT).send))
    cassette.save(CASSETTE)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "migrator.settings")
    os.environ.setdefault("DEBUG", "true")
    django.setup()
    record()
