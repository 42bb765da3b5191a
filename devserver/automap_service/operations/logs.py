"""The log of the service: for people, or as lines of JSON for programs.

A line of JSON says which request, user (by id) and job it belongs to. Addresses stand in it as the
pattern of their route, for some of them are secrets.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

from automap_service.settings import Settings

FIELDS = ("request", "user", "job", "method", "route", "status", "ms", "runner", "attempt")
"""What a record may carry besides its words (`extra=`)."""
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_NAMES = ("automap_service", "automap_tiles", "waitress")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in FIELDS:
            if (value := getattr(record, name, None)) is not None:
                said[name] = value
        if record.exc_info is not None and record.exc_info[1] is not None:
            said["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(said, ensure_ascii=True, default=str)


def start(settings: Settings, stream: TextIO | None = None) -> logging.Handler:
    """Write the log of this process as the configuration wants it, to standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if settings.log.format == "json" else text)
    for name in _NAMES:
        logger = logging.getLogger(name)
        logger.setLevel(_LEVELS[settings.log.level])
        logger.addHandler(handler)
        logger.propagate = False
    return handler


def end(handler: logging.Handler) -> None:
    """Write it no more."""
    for name in _NAMES:
        logger = logging.getLogger(name)
        logger.removeHandler(handler)
        logger.propagate = True
