"""Answers: JSON, problems, headers."""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from automap_service.problems import Problem, fault_of, invalid
from automap_service.web.context import base, is_https, service
from automap_service.web.html import html
from automap_tiles.errors import ConfigError

_log = logging.getLogger(__name__)

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_KINDS = {
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    415: "unsupported-media-type",
    413: "too-large",
}


def as_json(
    said: Any, status: int = 200, headers: dict[str, str] | None = None, kind: str | None = None
) -> Response:
    """JSON that is never kept by anybody in between."""
    response = Response(
        json.dumps(said, ensure_ascii=False, allow_nan=False),
        status=status,
        mimetype=kind or "application/json",
    )
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store" if status >= 400 else "private, no-cache"
    return response


def tagged(said: Any) -> Response:
    """JSON with an `ETag`: 304 for those who know it already."""
    response = as_json(said)
    response.add_etag()
    response.make_conditional(request)
    return response


def wants_html() -> bool:
    """Whether the request names HTML, as browsers do; `*/*` alone means JSON."""
    accepted = request.accept_mimetypes
    named = any(kind.lower() in ("text/html", "application/xhtml+xml") for kind, _ in accepted)
    return named and accepted.best_match(["text/html", "application/json"]) == "text/html"


def install(app: Flask) -> None:
    """Problems, headers and the check of the host."""
    app.before_request(_check_host)
    app.after_request(_headers)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(ConfigError, _config_error)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_is_away)
    app.register_error_handler(Exception, _unforeseen)


def _check_host() -> None:
    settings = service().settings
    known = {*settings.web.hosts, urlsplit(settings.web.url).hostname or ""}
    if settings.web.host in _LOOPBACK:
        known |= _LOOPBACK
    known.add(settings.web.host)
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host not in known:
        raise Problem(status=400, type="wrong-host")


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if is_https():
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    origin = request.headers.get("Origin")
    if origin is not None and origin in service().settings.web.cors:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, Idempotency-Key, If-None-Match"
        )
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
        response.headers["Access-Control-Expose-Headers"] = "Location, ETag, Retry-After"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers.add("Vary", "Origin")
    return response


def _problem(problem: Problem) -> Response:
    if wants_html() and request.method != "PUT":
        return html().problem(problem)
    return as_json(
        problem.to_json(base()), problem.status, problem.headers, "application/problem+json"
    )


def _config_error(error: ConfigError) -> Response:
    return _problem(invalid([fault_of(error, error.key or "")]))


def _http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return _problem(Problem(status=413, type="too-large"))
    code = error.code or 500
    if code < 400:  # a redirect
        return Response(error.get_response().get_data(), code, dict(error.get_headers()))
    headers = {}
    if code == 405:
        headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    kind = _KINDS.get(code, "bad-request")
    return _problem(Problem(status=code, type=kind, headers=headers))


def _database_is_away(error: OperationalError) -> Response:
    """Locked for too long, or not reached: nothing was done, and it may be asked again."""
    detail = f"reference {_logged(error)}"
    headers = {"Retry-After": "10"}
    return _problem(Problem(status=503, type="unavailable", detail=detail, headers=headers))


def _unforeseen(error: Exception) -> Response:
    return _problem(Problem(status=500, type="internal", detail=f"reference {_logged(error)}"))


def _logged(error: Exception) -> str:
    """The reference under which an error stands in the log."""
    reference = secrets.token_hex(6)
    rule = request.url_rule  # the address itself may hold a word that opens something
    where = "an unknown address" if rule is None else rule.rule
    _log.error(
        "reference %s: %s %s",
        reference,
        request.method,
        where,
        exc_info=error,
        extra={"request": g.get("request_id")},
    )
    return reference
