"""Figures for Prometheus."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from automap_service.hosts import is_loopback
from automap_service.problems import Problem
from automap_service.web._asked import query
from automap_service.web.context import address, service

_log = logging.getLogger(__name__)

views = Blueprint("operations", __name__)
REGISTRY = "automap-service-registry"


@views.get("/metrics")
def metrics() -> Response:
    """For this machine, and for whoever has the token of the configuration."""
    query(())
    if not (_has_token() or _is_own()):
        detail = "asked from this machine, or with the token of web.metrics_token_file"
        raise Problem(status=403, type="forbidden", detail=detail)
    found: CollectorRegistry = current_app.extensions[REGISTRY]
    return Response(generate_latest(found), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token() -> bool:
    path = service().settings.web.metrics_token_file
    kind, _, said = request.headers.get("Authorization", "").partition(" ")
    if not path or kind.lower() != "bearer":
        return False
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        _log.error("web.metrics_token_file cannot be read: %s", error)
        return False
    return bool(token) and hmac.compare_digest(said.strip().encode(), token.encode())


def _is_own() -> bool:
    """Whether the request began on this machine: not where a proxy stands before the service."""
    web = service().settings.web
    host = urlsplit(web.url).hostname
    if web.behind_proxy or (host is not None and not is_loopback(host)):
        return False
    return is_loopback(address())
