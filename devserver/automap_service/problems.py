"""What is wrong with a request, as RFC 9457 has it: all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from automap_tiles.errors import ConfigError

OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
TITLES = {
    "no-such-process": "There is no such process",
    "no-such-job": "There is no such job",
    "result-not-ready": "The job is not at its end",
    "invalid-parameter-value": "The parameters cannot be",
}
"""Types that OGC API - Processes has words for."""
OWN = {
    "bad-request": "The request cannot be read",
    "not-logged-in": "Who are you?",
    "wrong-login": "Name or password is wrong",
    "password-is-one-time": "The password has to be changed first",
    "forbidden": "This account may not do that",
    "csrf": "The request did not come from a page of this service",
    "wrong-host": "This service has another name",
    "not-found": "There is nothing here",
    "no-such-file": "There is no such file",
    "method-not-allowed": "This cannot be done here",
    "not-acceptable": "There is no such representation",
    "too-large": "That is too much",
    "unsupported-media-type": "This kind of content is not taken here",
    "too-many-requests": "Too much at a time",
    "limit-reached": "A limit is reached",
    "budget": "It would cost more than it may",
    "same-run-active": "The same run is active",
    "idempotency-key-reused": "This key was used for another request",
    "file-in-use": "A job reads this file",
    "file-replaced": "A file of this name is another one now",
    "job-not-final": "The job is not at its end",
    "job-failed": "The job failed",
    "result-expired": "The data are deleted",
    "ResultLinkExpired": "This link has expired",
    "internal": "Something went wrong on our side",
    "unavailable": "Not now",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong."""

    pointer: str
    """Where in the body, such as `/end_date`; empty: all of it."""
    message: str
    found: Any = None
    remedy: str | None = None

    def to_json(self) -> dict[str, Any]:
        """A member of `errors`."""
        said = {"pointer": self.pointer, "message": self.message}
        if self.found is not None:
            said["found"] = self.found
        return said if self.remedy is None else {**said, "remedy": self.remedy}


def fault_of(error: ConfigError, key: str) -> Fault:
    """An error of the engine in the words of the request."""
    return Fault(
        pointer=f"/{key}",
        message=error.message,
        found=_plain(error.found),
        remedy=error.remedy,
    )


def _plain(value: object) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


@dataclass(kw_only=True)
class Problem(Exception):
    """Raised where a request cannot be answered as it was meant."""

    status: int
    type: str
    detail: str = ""
    errors: Sequence[Fault] = ()
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def to_json(self, base: str) -> dict[str, Any]:
        """The body; `base`: address of this service."""
        is_ogc = self.type in TITLES
        said: dict[str, Any] = {
            "type": f"{OGC if is_ogc else f'{base}/problems/'}{self.type}",
            "title": TITLES[self.type] if is_ogc else OWN[self.type],
            "status": self.status,
        }
        if self.detail:
            said["detail"] = self.detail
        if self.errors:
            said["errors"] = [each.to_json() for each in self.errors]
        return {**said, **self.more}


def invalid(errors: Sequence[Fault]) -> Problem:
    """The parameters cannot be, for these reasons."""
    said = "; ".join(
        f"{each.pointer.removeprefix('/')}: {each.message}" if each.pointer else each.message
        for each in errors
    )
    return Problem(status=400, type="invalid-parameter-value", detail=said[:2000], errors=errors)
