"""Answers kept under the checksum of their request, to play them again without an endpoint. A miss fails: nothing is
ever asked in its place."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from mapping_review.proposers.model.answer import Incoming
from mapping_review.proposers.model.request import Outgoing

Send = Callable[[Outgoing], Incoming]


class CassetteMiss(LookupError):
    """The cassette holds no answer to this request."""


class Cassette:
    """Answers by `Outgoing.sha`."""

    def __init__(self, answers: Mapping[str, Incoming] | None = None) -> None:
        self._answers = dict(answers or {})

    def __len__(self) -> int:
        return len(self._answers)

    def replay(self, outgoing: Outgoing) -> Incoming:
        """The kept answer; raises CassetteMiss where there is none."""
        if outgoing.sha not in self._answers:
            raise CassetteMiss(
                f"No answer is kept for request {outgoing.sha[:12]}. Record the cassette again if the prompt, the "
                "form of the questions or the proposals by rules changed on purpose."
            )
        return self._answers[outgoing.sha]

    def recording(self, send: Send) -> Send:
        """A sender that asks and keeps what came back."""

        def ask(outgoing: Outgoing) -> Incoming:
            self._answers[outgoing.sha] = incoming = send(outgoing)
            return incoming

        return ask

    def save(self, path: Path) -> None:
        kept = {
            sha: {"status": a.status, "complete": a.complete, "body": base64.b64encode(a.body).decode()}
            for sha, a in sorted(self._answers.items())
        }
        path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def cassette_from(path: Path) -> Cassette:
    """Reads what `Cassette.save` wrote."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Cassette(
        {
            sha: Incoming(entry["status"], base64.b64decode(entry["body"]), entry["complete"])
            for sha, entry in kept.items()
        }
    )
