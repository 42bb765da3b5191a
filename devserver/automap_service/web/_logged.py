"""What is written down of every request."""

from __future__ import annotations

import logging
import re
import secrets
import time

from flask import Flask, Response, g, request

from automap_service.operations.metrics import Requests

HEADER = "X-Request-ID"
"""Told by a proxy, or made here; it stands in the answer and in every line of the log."""
_log = logging.getLogger(__name__)
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def install(app: Flask, requests: Requests) -> None:
    """Count and log what an application answers."""

    def count(response: Response) -> Response:
        rule = request.url_rule
        route = "unknown" if rule is None else rule.rule
        requests.add(request.method, route, response.status_code)
        response.headers[HEADER] = g.get("request_id", "")
        if _log.isEnabledFor(logging.INFO):
            _write(response, route)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, _begin)
    app.after_request(count)


def request_id() -> str:
    """Of the request that is answered."""
    return str(g.get("request_id", ""))


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
    g.begun = time.monotonic()


def _write(response: Response, route: str) -> None:
    who = g.get("who")
    milliseconds = (time.monotonic() - g.get("begun", time.monotonic())) * 1000
    _log.info(
        "%s %s %s",
        request.method,
        route,
        response.status_code,
        extra={
            "request": request_id(),
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "ms": round(milliseconds, 1),
            "user": None if who is None else who.user.id,
            "job": (request.view_args or {}).get("job"),
        },
    )
