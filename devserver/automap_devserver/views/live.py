"""Events as they happen (server-sent events, HTML Living Standard, section 9.2)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response

from automap_devserver._events import Hub
from automap_devserver._preview import Previews

_LONGEST = 600.0
"""Seconds after which a stream ends; browsers reconnect by themselves."""


def blueprint(hub: Hub, previews: Previews) -> Blueprint:
    """`/api/events`."""
    views = Blueprint("live", __name__)

    @views.get("/api/events")
    def events() -> Response:
        stream = _stream(hub, previews)
        first = next(stream)  # too many listeners are reported before the first byte
        response = Response(_with(first, stream), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        return response

    return views


def _stream(hub: Hub, previews: Previews) -> Iterator[str]:
    ends = time.monotonic() + _LONGEST
    with hub.listen() as messages:
        yield "retry: 1000\n\n"
        previews.look()
        for preview in previews:
            yield _event("process", preview.status())
            yield _event("journal", preview.journal())
        for message in messages:
            yield ": still here\n\n" if message is None else _event(message.kind, message.data)
            if time.monotonic() > ends:
                return


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _event(kind: str, data: Mapping[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
