"""Who asks, and the service that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from sqlalchemy import Connection

from automap_service import audit
from automap_service.accounts.credentials import Session
from automap_service.accounts.users import User
from automap_service.hosts import address_of
from automap_service.problems import Problem
from automap_service.service import Service

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Who:
    """Somebody who is logged in."""

    user: User
    session: Session | None = None
    """Of a browser; None: a token."""


def service() -> Service:
    """Of this application."""
    return cast(Service, current_app.extensions["automap-service"])


def base() -> str:
    """Address of the service as users see it, without a slash at its end."""
    settings = service().settings
    return address_of(settings) if settings.web.url else request.host_url.rstrip("/")


def cookie_name() -> str:
    """`__Host-` where the address is https: no other host may set it."""
    return "__Host-automap" if is_https() else "automap"


def is_https() -> bool:
    """Whether users come by https."""
    url = service().settings.web.url
    return urlsplit(url).scheme == "https" if url else request.scheme == "https"


def who() -> Who | None:
    """Who asks, if that is known; raises `Problem` for a token that is worth nothing."""
    if "who" not in g:
        g.who = _who()
    return cast("Who | None", g.who)


def _who() -> Who | None:
    if (said := request.headers.get("Authorization")) is not None:
        kind, _, word = said.partition(" ")
        known = kind.lower() in ("token", "bearer")
        user = service().words.of_token(word.strip()) if known else None
        if user is None:
            raise not_logged_in("the token is unknown or has expired")
        return Who(user=user)
    word = request.cookies.get(cookie_name(), "")
    if not word:
        return None
    seconds = service().settings.limits.session_hours * 3600
    session = service().words.of_session(word, seconds)
    return None if session is None else Who(user=session.user, session=session)


def needs(
    *rights: str, one_time: bool = False
) -> Callable[[Callable[_Given, _Result]], Callable[_Given, _Result]]:
    """Answer only users, with these rights; `one_time`: also with a one-time password."""

    def around(view: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
        @wraps(view)
        def answer(*args: _Given.args, **more: _Given.kwargs) -> _Result:
            found = user_asking()
            if found.one_time and not one_time:
                raise Problem(status=403, type="password-is-one-time")
            for right in rights:
                if right not in found.rights:
                    raise Problem(status=403, type="forbidden", detail=f"needs the right {right}")
            return view(*args, **more)

        return answer

    return around


def user_asking() -> User:
    """Who asks; raises `Problem` when nobody does."""
    found = who()
    if found is None:
        raise not_logged_in("log in, or send a token")
    if found.session is not None and request.method not in READING:
        check_csrf(found.session)
    return found.user


def check_csrf(session: Session | None) -> None:
    """Raise `Problem` for what another page might have sent; without a session no word is due."""
    if not _is_from_here():
        raise Problem(status=403, type="csrf", detail="it came from another origin")
    if session is None:
        return
    said = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    if not said or not _same(said, session.csrf):
        raise Problem(status=403, type="csrf", detail="X-CSRF-Token is missing or wrong")


def _is_from_here() -> bool:
    if (fetched := request.headers.get("Sec-Fetch-Site")) is not None:
        return fetched == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin in (base(), request.host_url.rstrip("/"))


def _same(one: str, other: str) -> bool:
    import hmac

    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def not_logged_in(detail: str) -> Problem:
    """Somebody has to say who they are."""
    headers = {"WWW-Authenticate": 'Bearer realm="AutoMap"'}
    return Problem(status=401, type="not-logged-in", detail=detail, headers=headers)


def address() -> str:
    """Of whoever asks."""
    return request.remote_addr or ""


def write_down(act: str, about: str = "", user: User | None = None) -> None:
    """Put an act into the audit."""
    with service().database.writing() as connection:
        write_down_in(connection, act, about, user)


def write_down_in(
    connection: Connection, act: str, about: str = "", user: User | None = None
) -> None:
    """Put an act into the audit in the transaction that does it."""
    found = user or (known.user if (known := who()) else None)
    audit.note(
        connection,
        service().database.clock(),
        act,
        user=None if found is None else found.id,
        about=about,
        address=address(),
    )


def nothing() -> Response:
    """204."""
    return Response(status=204)
