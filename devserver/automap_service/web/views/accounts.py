"""Logging in, tokens, and what one may."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from automap_service.accounts.users import LogInRefused, User
from automap_service.costs.learning import HELD
from automap_service.costs.prices import prices_of
from automap_service.problems import Fault, Problem, invalid
from automap_service.web._answers import as_json
from automap_service.web._asked import json_body, query, rfc3339
from automap_service.web.context import (
    address,
    needs,
    not_logged_in,
    nothing,
    service,
    user_asking,
    write_down,
)
from automap_tiles.errors import ConfigError
from automap_tiles.jobs.job import ACTIVE

views = Blueprint("accounts", __name__)
_FIELDS = frozenset({"username", "password", "new_password", "grant_type", "scope"})


@views.post("/auth")
def log_in() -> Response:
    """A token for a name and a password, as JSON or as a form."""
    said = _said()
    user = checked_login(said["username"], said["password"])
    if user.one_time and "new_password" in said:
        user = changed(user, said["new_password"], said["password"])
    if user.one_time:
        detail = "send new_password with it, or log in on the page"
        raise Problem(status=403, type="password-is-one-time", detail=detail)
    if "api" not in user.rights:
        raise Problem(status=403, type="forbidden", detail="needs the right api")
    seconds = service().settings.limits.token_hours * 3600
    issued = service().words.new_token(user.id, seconds)
    write_down("token", user=user)
    return as_json(
        {
            "token": issued.word,
            "expires": rfc3339(issued.expires),
            "access_token": issued.word,
            "token_type": "Bearer",
            "expires_in": int(seconds),
        }
    )


@views.delete("/auth")
@needs(one_time=True)
def log_out() -> Response:
    """The token is worth nothing any more."""
    kind, _, word = request.headers.get("Authorization", "").partition(" ")
    if not kind:
        raise not_logged_in("send the token that shall end")
    user = user_asking()
    service().words.end_token(word.strip())
    write_down("token ended", user=user)
    return nothing()


@views.get("/me")
@needs(one_time=True)
def me() -> Response:
    """Who one is, what one may and what is left."""
    user = user_asking()
    limits = service().settings.limits
    files, size = service().files.used(user.id)
    with service().database.reading() as connection:
        active = service().store.count(user.id, ACTIVE, connection)
    return as_json(
        {
            "name": user.name,
            "rights": list(user.rights),
            "limits": {**asdict(limits), **user.limits},
            "used": {
                "files": files,
                "files_bytes": size,
                "active_jobs": active,
                "month_cost": round(service().ledger.spent(user.id), 6),
                "unit": prices_of(service().settings).unit,
            },
        }
    )


@views.get("/limits")
def limits() -> Response:
    """What is allowed."""
    query(())
    settings = service().settings
    return as_json(
        {
            **asdict(settings.limits),
            "job_hours": settings.runner.hours,
            "result_days": settings.results.days,
            "link_hours": settings.results.link_hours,
        }
    )


@views.get("/costs")
def costs() -> Response:
    """What is paid for, and how often estimates held."""
    query(())
    settings, held = service().settings, service().estimates.calibration()
    prices = prices_of(settings)
    return as_json(
        {
            "unit": prices.unit,
            "currency": prices.currency if prices.are_set else None,
            "prices": {
                "core_hour": prices.core_hour,
                "gb_fetched": prices.gb_fetched,
                "gb_day": prices.gb_day,
            },
            "result_days": prices.days,
            "estimates": {"jobs": held.jobs, "inside": held.inside, "aim": HELD},
        }
    )


def checked_login(name: str, password: str) -> User:
    """The user; raises `Problem` in the same words whatever is wrong."""
    try:
        user = service().users.log_in(name, password, address())
    except LogInRefused as refused:
        wait = math.ceil(refused.wait)
        status = 429 if wait else 401
        headers = {"Retry-After": str(wait)} if wait else {"WWW-Authenticate": "Bearer"}
        if not wait:  # those that wait were not even looked at
            write_down("login refused")
        raise Problem(status=status, type="wrong-login", headers=headers) from None
    write_down("login", user=user)
    return user


def changed(user: User, new: str, old: str) -> User:
    """The user with another password; raises `Problem`."""
    if new == old:
        raise invalid([Fault(pointer="/new_password", message="must be another one")])
    try:
        service().users.set_password(user.id, new)
    except ConfigError as error:
        raise invalid([Fault(pointer="/new_password", message=error.message)]) from None
    write_down("password", user=user)
    return service().users.named(user.name)


def _said() -> dict[str, str]:
    said: dict[str, Any] = json_body() if request.is_json else dict(request.form)
    faults = [
        Fault(pointer=f"/{name}", message="there is no such member")
        for name in said
        if name not in _FIELDS
    ]
    faults += [
        Fault(pointer=f"/{name}", message="is needed, a text")
        for name in ("username", "password")
        if not isinstance(said.get(name), str)
    ]
    if not isinstance(said.get("new_password", ""), str):
        faults.append(Fault(pointer="/new_password", message="must be a text"))
    if faults:
        raise invalid(faults)
    return said
