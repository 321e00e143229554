"""A language model's endpoint on this machine that says what a test wrote for it, in either dialect."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mapping_review.proposers.model.answer import Incoming
from mapping_review.proposers.model.request import Outgoing

Asked = Mapping[str, Any]
Answers = dict[str, dict[str, str]]
Say = Callable[[Asked], "Said"]


@dataclass
class Said:
    """One answer of the endpoint."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


def fields_of(asked: Asked) -> list[dict[str, Any]]:
    """The fields in a request, from its bytes as the model reads them."""
    fields, _ = json.JSONDecoder().raw_decode(asked["messages"][-1]["content"])
    found: list[dict[str, Any]] = fields["fields"]
    return found


def choosing(wanted: Mapping[str, str], *, kind: str = "as_is", reason: str = "name") -> Say:
    """Answers by the source field's name: a target field's name or a fixed choice; "unsure" for all others."""

    def say(asked: Asked) -> Said:
        answers: Answers = {}
        for each in fields_of(asked):
            choice = wanted.get(each["name"], "unsure")
            by_field = {other["field"]: other["id"] for other in each["choices"]}
            answers[each["id"]] = {"choice": by_field.get(choice, choice), "type": kind, "reason": reason}
        return saying(asked, answers)

    return say


def always(choice: str, kind: str = "as_is") -> Say:
    def say(asked: Asked) -> Said:
        answers = {
            each["id"]: {"choice": choice, "type": kind, "reason": "name"} for each in fields_of(asked)
        }
        return saying(asked, answers)

    return say


def saying(asked: Asked, answers: Any) -> Said:
    """The answers in the dialect of the request, with what they cost."""
    if "tools" in asked:
        content = [{"type": "tool_use", "name": "answer", "input": answers}]
        usage = {"input_tokens": 1000, "output_tokens": 50}
        body = {"content": content, "stop_reason": "tool_use", "usage": usage}
    else:
        message = {"role": "assistant", "content": json.dumps(answers), "refusal": None}
        choices = [{"message": message, "finish_reason": "stop"}]
        body = {"choices": choices, "usage": {"prompt_tokens": 1000, "completion_tokens": 50}}
    return Said(json.dumps(body).encode())


def plain(body: bytes, status: int = 200, delay_s: float = 0.0, **headers: str) -> Say:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked: Said(body, status, named, delay_s)


class Scripted:
    """Gives what the script says one after the other, the last one for ever, and remembers what it was asked."""

    def __init__(self, *script: Say) -> None:
        self.script = list(script)
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    def answer(self, body: bytes) -> Said:
        self.bodies.append(body)
        say = self.script[min(len(self.bodies), len(self.script)) - 1]
        return say(json.loads(body))

    def send(self, outgoing: Outgoing) -> Incoming:
        """Without a socket, for tests of what is above the wire."""
        said = self.answer(outgoing.body)
        return Incoming(said.status, said.body)


@contextmanager
def serving(scripted: Scripted) -> Iterator[str]:
    """The address of the endpoint, version included, while it runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            scripted.headers.append({name.lower(): value for name, value in self.headers.items()})
            scripted.paths.append(self.path)
            said = scripted.answer(body)
            time.sleep(said.delay_s)
            # Whoever asked may have gone meanwhile.
            with suppress(ConnectionError):
                self._say(said)

        def _say(self, said: Said) -> None:
            self.send_response(said.status)
            for name, value in {"content-type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
