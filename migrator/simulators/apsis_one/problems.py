"""Refusals of APSIS One: `{title, status, detail}` as application/problem+json (reference 2.3)."""

import json
from http import HTTPStatus

from migrator.simulators.http_wsgi import Response


class ApiProblem(Exception):
    """A request is refused; carries the status and the sentence of the answer."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def problem_response(problem: ApiProblem, *, with_detail: bool = True) -> Response:
    """The refusal as an answer."""
    body: dict[str, object] = {"title": HTTPStatus(problem.status).phrase, "status": problem.status}
    if with_detail:
        body["detail"] = problem.detail
    headers = {"content-type": "application/problem+json", **problem.headers}
    return Response(problem.status, json.dumps(body).encode(), headers)
