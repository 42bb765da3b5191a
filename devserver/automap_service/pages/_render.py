"""Templates and what all of them know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, make_response, render_template, request

from automap_service.problems import OWN, TITLES, Problem
from automap_service.web.context import who


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page; `user` and `csrf` are those of the session."""
    try:
        found = who()
    except Problem:
        found = None
    session = None if found is None else found.session
    response = make_response(
        render_template(
            template,
            user=None if found is None else found.user,
            csrf="" if session is None else session.csrf,
            moment=moment,
            iso=iso,
            size=size,
            span=span,
            price=price,
            here=request.path,
            **values,
        ),
        status,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def problem_page(problem: Problem) -> Response:
    """What went wrong, for people; who is not logged in may do so."""
    if problem.type == "not-logged-in":
        return page("login.html", 401, problem=None)
    title = TITLES.get(problem.type) or OWN[problem.type]
    response = page("problem.html", problem.status, title=title, problem=problem)
    response.headers.update(problem.headers)
    return response


def moment(seconds: float | None) -> str:
    """A time to read."""
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def iso(seconds: float) -> str:
    """A time for machines."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def size(count: float | None) -> str:
    """Bytes to read."""
    value = float(count or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def price(cost: Mapping[str, Any] | None) -> str:
    """What something costs: money, or core hours while nothing has a price."""
    if not cost:
        return "–"
    amount = cost["amount"]
    digits = 2 if amount >= 1 or amount == 0 else 4
    return f"{amount:.{digits}f} {cost['unit']}"


def span(seconds: float | None) -> str:
    """A length of time to read."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
