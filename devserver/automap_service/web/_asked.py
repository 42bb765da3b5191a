"""Reading requests: JSON, queries, times."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.utils import cached_property

from automap_service.problems import Fault, Problem, invalid

_DEEPEST = 50
_NUL = "\0"
_NO_NUL = "has a NUL character"


def json_body() -> dict[str, Any]:
    """The object in the body; raises `Problem`."""
    if not request.is_json:
        raise Problem(
            status=415, type="unsupported-media-type", detail="Content-Type: application/json"
        )
    try:
        found = json.loads(
            request.get_data(),
            parse_constant=_no_number,
            parse_float=_finite,
            object_pairs_hook=_once_each,
        )
        json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be kept
    except RecursionError:
        raise _unreadable("is nested too deeply") from None
    except UnicodeEncodeError:
        raise _unreadable("has half a character (a lone surrogate)") from None
    except ValueError as error:
        raise _unreadable(f"is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise _unreadable("must be an object")
    if _depth(found) > _DEEPEST:
        raise _unreadable("is nested too deeply")
    if any(_NUL in text for text in _texts(found)):
        raise _unreadable(_NO_NUL)
    return found


def check_address() -> None:
    """Raise `Problem` for NUL in the address: databases keep none, or end there."""
    _refuse_nul(request.path, *itertools.chain(*request.args.items(multi=True)))


class FormRequest(Request):
    """A request whose form holds no NUL.

    The form is checked when it is read, not before: reading it consumes the body, and an upload
    sent by a client that names no type counts as a form.
    """

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """The fields of the form; raises `Problem` for NUL in one."""
        found = super().form
        _refuse_nul(*itertools.chain(*found.items(multi=True)))
        return found


def query(allowed: Collection[str]) -> dict[str, str]:
    """The parameters of the address; raises `Problem` for those that mean nothing here."""
    faults = [
        Fault(pointer="", message=f"there is no such query parameter: {name}")
        for name in request.args
        if name not in allowed
    ]
    if faults:
        raise invalid(faults)
    return {name: request.args[name] for name in request.args}


def whole(said: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number of a query; raises `Problem`."""
    text = said.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 19) or not low <= int(text) <= high:
        raise invalid(
            [Fault(pointer="", message=f"{name} is a number from {low} to {high}", found=text)]
        )
    return int(text)


def interval(text: str) -> tuple[float | None, float | None]:
    """The ends of `2018-01-01T00:00:00Z/..`, or of one moment; raises `Problem`."""
    first, slash, last = text.partition("/")
    try:
        ends = [None if end in ("", "..") else _moment(end) for end in (first, last or first)]
    except ValueError:
        ends = [None, None]
        slash = ""
    if ends == [None, None] and not slash:
        message = "datetime is a time, or two with a slash, such as 2018-01-01T00:00:00Z/.."
        raise invalid([Fault(pointer="", message=message, found=text)])
    if slash and last in ("", ".."):
        ends[1] = None
    return ends[0], ends[1]


def _moment(text: str) -> float:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def rfc3339(seconds: float | None) -> str | None:
    """A moment in UTC."""
    if seconds is None:
        return None
    found = datetime.fromtimestamp(seconds, UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise ValueError(f"{text[:40]} is too large for a number")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _texts(value: Any) -> Iterator[str]:
    """All of them, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _refuse_nul(*texts: str) -> None:
    if any(_NUL in text for text in texts):
        raise Problem(status=400, type="bad-request", detail=f"the request {_NO_NUL}")


def _unreadable(detail: str) -> Problem:
    return Problem(status=400, type="bad-request", detail=f"the body {detail}")
