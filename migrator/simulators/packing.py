"""Answers compressed for clients that say they take it, as a content delivery network does. It knows no vendor."""

import gzip
from dataclasses import replace

from migrator.simulators.http_wsgi import Request, Response

_SMALLEST = 1_000
_QUICK = 1


def packed(request: Request, response: Response) -> Response:
    """The same answer, with gzip where the request takes it and the body is worth it.

    Answers that are broken, streamed or encoded on purpose stay as they are.
    """
    accepted = request.headers.get("accept-encoding", "").lower()
    is_plain = response.pieces is None and response.announced is None and response.cut_after is None
    if "gzip" not in accepted or not is_plain or len(response.body) < _SMALLEST:
        return response
    if "content-encoding" in response.headers:
        return response
    headers = {**response.headers, "content-encoding": "gzip", "vary": "accept-encoding"}
    # mtime 0: the same answer has the same bytes.
    return replace(response, body=gzip.compress(response.body, _QUICK, mtime=0), headers=headers)
