"""Errors as answers: the one place that knows their status codes."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from flask import Flask, Request, Response, jsonify
from flask import request as asked
from werkzeug.exceptions import HTTPException

from automap_devserver.settings import LOOPBACK
from automap_tiles.errors import AutomapError, ConfigError, GridError, TileFailed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_log = logging.getLogger(__name__)


class NotFound(AutomapError):
    """No such resource."""


class TooLong(AutomapError):
    """A tile takes longer than a request may."""


class TooMany(AutomapError):
    """Too many concurrent requests."""


class Refused(AutomapError):
    """A request to change something that comes from elsewhere."""


_STATUS: tuple[tuple[type[AutomapError], int], ...] = (
    (NotFound, 404),
    (Refused, 403),
    (TooLong, 503),
    (TooMany, 503),
    (ConfigError, 400),
    (GridError, 404),
    (TileFailed, 500),
)
"""The first match counts; any other error of ours is 500."""


_PASSED_ON = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
)
"""Headers added by proxies (RFC 7239, RFC 9110 7.6.3, and earlier conventions)."""


def install(app: Flask) -> None:
    """Make an application answer every error as JSON: `{"error": …}`."""
    app.register_error_handler(AutomapError, _ours)
    app.register_error_handler(HTTPException, _of_http)


def status_of(error: AutomapError) -> int:
    """The status code of an error."""
    return next((code for kind, code in _STATUS if isinstance(error, kind)), 500)


def answer_of(error: AutomapError, request: Request) -> Response:
    """The response to a request that failed."""
    status = status_of(error)
    if status == 500 and not isinstance(error, TileFailed):
        _log.error("%s: %s", request.path, error)
    said: dict[str, object] = {"error": str(error)}
    if isinstance(error, ConfigError):
        said["parameter"] = error.key
        if error.file is not None and is_local(request):
            said |= {"file": str(error.file), "line": error.line}
    if isinstance(error, TileFailed) and is_local(request):
        said["traceback"] = error.traceback
    return Response(json.dumps(said), status, mimetype="application/json")


def _ours(error: AutomapError) -> Response:
    return answer_of(error, asked)


def _of_http(error: HTTPException) -> tuple[Response, int]:
    return jsonify({"error": error.description or error.name}), error.code or 500


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine, and not via a proxy or another site's page.

    Only then are tracebacks shown and changes allowed.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        return False
    return is_addressed_here(request)


def is_addressed_here(request: Request) -> bool:
    """Whether the request comes from this machine and addresses it by a local name.

    One forwarded by a proxy does not.
    """
    return is_asked_here(request.environ)


def is_asked_here(environ: WSGIEnvironment) -> bool:
    """The same for a WSGI environment."""
    if not environ.keys().isdisjoint(_PASSED_ON):
        return False
    if environ.get("REMOTE_ADDR") not in LOOPBACK:
        return False
    host = environ.get("HTTP_HOST")
    return _host_name(environ["SERVER_NAME"] if host is None else host) in LOOPBACK


def _host_name(host: str) -> str:
    """The name in a `Host` header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
