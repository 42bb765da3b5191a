"""Launch runs of an AutoMap service from a script, with nothing but the standard library.

::

    from automap_tiles.client import automap_launch, automap_wait, time_range

    for start, end in time_range(2018, 2021):
        automap_launch({"mode": "composite", "satellites": 2578, "boundary": "my area",
                        "start_date": start, "end_date": end})

The functions talk to the server in the variable `AUTOMAP_SERVER`, with the token in
`AUTOMAP_TOKEN` or the name and password in `AUTOMAP_USER` and `AUTOMAP_PASSWORD`; `Server` does
the same for any other, and `use` lets the functions talk to it. On the page "Code" of a service
this very module runs in the browser, as the user who is logged in.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

__all__ = [
    "LaunchError",
    "Server",
    "ServiceError",
    "automap_jobs",
    "automap_launch",
    "automap_wait",
    "time_range",
    "use",
]

FINAL = frozenset({"successful", "failed", "dismissed"})
_PATIENCE = 120.0
_TRIES = 5
"""Of a request that the network or the server had no time for."""
_CHUNK = 1 << 20


class ServiceError(Exception):
    """The service refused a request, or cannot be reached."""

    def __init__(self, message: str, status: int = 0, problem: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.status = status
        """Code of HTTP; 0: there was no answer."""
        self.problem = dict(problem or {})
        """What the service said, as RFC 9457 has it."""


class LaunchError(ServiceError):
    """The parameters cannot be; `problems` has all that is wrong."""

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Each with `pointer`, `message`, perhaps `found` and `remedy`."""
        return list(self.problem.get("errors", []))


class Server:
    """A service and who asks it."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address = address.rstrip("/")
        self._token = token

    @classmethod
    def of_environment(cls) -> Server:
        """As the variables say; raises `ServiceError` where they do not."""
        address = os.environ.get("AUTOMAP_SERVER")
        if not address:
            raise ServiceError("set AUTOMAP_SERVER to the address of the service")
        server = cls(address, os.environ.get("AUTOMAP_TOKEN"))
        if server._token is None:
            name, password = (os.environ.get(f"AUTOMAP_{key}") for key in ("USER", "PASSWORD"))
            if not name or not password:
                raise ServiceError("set AUTOMAP_TOKEN, or AUTOMAP_USER and AUTOMAP_PASSWORD")
            server.log_in(name, password)
        return server

    def log_in(self, name: str, password: str) -> None:
        """Get a token; raises `ServiceError`."""
        self._token = None
        said = {"username": name, "password": password}
        self._token = str(self._ask("POST", "/auth", said)["token"])

    def launch(self, parameters: Mapping[str, Any], *, again: bool = False) -> str:
        """Launch a run; its id. Waits while the service takes no more launches.

        Raises `LaunchError` with all that is wrong, `ServiceError`.
        """
        said = {**parameters, **({"again": True} if again else {})}
        key = {"Idempotency-Key": str(uuid.uuid4())}  # asked again it is still the same launch
        return str(self._ask("POST", "/launch", said, key, patient=True)["jobID"])

    def check(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What a run would be: `plan`, `estimate`, `warnings`; raises as `launch`."""
        return dict(self._ask("POST", "/launch", {**parameters, "check": True}))

    def job(self, name: str) -> dict[str, Any]:
        """A job as it is now."""
        return dict(self._ask("GET", f"/jobs/{urllib.parse.quote(name, safe='')}"))

    def jobs(self, **query: str) -> Iterator[dict[str, Any]]:
        """All jobs, newest first; `status="running"`, `q="summer"`, `datetime="2026-11-01/.."`."""
        address: str | None = f"/jobs?{urllib.parse.urlencode(query)}"
        while address is not None:
            page = self._ask("GET", address)
            yield from page["jobs"]
            more = next((each["href"] for each in page["links"] if each["rel"] == "next"), None)
            # the service may call itself by another name than the one it is asked by
            address = None if more is None else f"/jobs?{urllib.parse.urlsplit(more).query}"

    def wait(self, name: str, *, seconds: float | None = None) -> dict[str, Any]:
        """A job at its end; raises `ServiceError` when it does not come in time."""
        until = None if seconds is None else time.monotonic() + seconds
        pause = 0.5
        while (found := self.job(name))["status"] not in FINAL:
            if until is not None and time.monotonic() > until:
                raise ServiceError(f"job {name} is still {found['status']}: {found['message']}")
            time.sleep(pause)
            pause = min(5.0, pause * 1.3)
        return found

    def cancel(self, name: str) -> dict[str, Any]:
        """Ask for the end of a job; one that is at its end is removed with its results."""
        return dict(self._ask("DELETE", f"/jobs/{urllib.parse.quote(name, safe='')}"))

    def upload(self, kind: str, path: str | Path, name: str | None = None) -> dict[str, Any]:
        """Keep a file among the `boundaries` or `samples`; what the service has found in it."""
        name = Path(path).name if name is None else name
        where = f"/files/{kind}/{urllib.parse.quote(name, safe='')}"
        return dict(self._ask("PUT", where, Path(path).read_bytes()))

    def download(self, name: str, folder: str | Path = ".") -> Path:
        """Fetch the archive of a job; what was fetched before is not fetched again.

        Raises `ServiceError`, also for an archive that is not what the service has.
        """
        said = self._ask("GET", f"/jobs/{urllib.parse.quote(name, safe='')}/results")["archive"]
        target = Path(folder, Path(said["title"]).name)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{said['sha256'][:12]}.part")
        for _ in range(_TRIES):
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._fetch(said["href"], part)
            if part.exists() and part.stat().st_size >= said["bytes"]:
                break
            time.sleep(1)
        if not part.exists() or _sha256(part) != said["sha256"]:
            part.unlink(missing_ok=True)
            raise ServiceError(f"the archive of job {name} did not come whole; try again")
        part.replace(target)
        return target

    def _fetch(self, address: str, part: Path) -> None:
        """Go on with a file; the link leads to other places, which must not see the token."""
        start = part.stat().st_size if part.exists() else 0
        request = urllib.request.Request(address, headers={"Range": f"bytes={start}-"})
        with (
            urllib.request.urlopen(request, timeout=_PATIENCE) as answer,
            part.open("ab" if answer.status == 206 else "wb") as file,
        ):
            while chunk := answer.read(_CHUNK):
                file.write(chunk)

    def _ask(
        self,
        method: str,
        where: str,
        body: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        patient: bool = False,
    ) -> Any:
        """The answer; `patient`: a limit of launches is waited for. Raises `ServiceError`."""
        tries = 0
        while True:
            try:
                return self._ask_once(method, where, body, headers or {})
            except ServiceError as error:
                tries += 1
                pause = error.problem.get("retry_after", 2.0**tries)
                is_limit = error.status == 429 and patient
                is_away = error.status in (0, 502, 503) and tries < _TRIES
                if not (is_limit or (is_away and (method != "POST" or headers))):
                    raise
                time.sleep(min(60.0, float(pause)))

    def _ask_once(
        self,
        method: str,
        where: str,
        body: Mapping[str, Any] | bytes | None,
        headers: Mapping[str, str],
    ) -> Any:
        data, known = self._written(body, headers)
        try:
            code, said, content = self._send(method, self.address + where, data, known)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ServiceError(f"{self.address} cannot be reached: {reason}") from None
        if code >= 400:
            raise _refused(code, said, content)
        try:
            found = json.loads(content) if content else {}
        except ValueError:
            found = None
        if not isinstance(found, dict):  # a page of a proxy, or of somebody else
            raise ServiceError(f"{self.address} does not answer as an AutoMap service", code)
        return found

    def _send(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        """(code, headers, content) of one request; raises `OSError`.

        What has no sockets, as a browser, sends in another way.
        """
        request = urllib.request.Request(url, data=data, method=method, headers=dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                return answer.status, dict(answer.headers.items()), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers.items()), _read(error)

    def _written(
        self, body: Mapping[str, Any] | bytes | None, headers: Mapping[str, str]
    ) -> tuple[bytes | None, dict[str, str]]:
        """A body as bytes, and the headers that go with it."""
        known = {"Accept": "application/json", **headers}
        data = body if isinstance(body, bytes) else None
        if body is not None and data is None:
            data = json.dumps(body, default=_plain).encode()
            known["Content-Type"] = "application/json"
        elif data is not None:
            known["Content-Type"] = "application/octet-stream"
        if self._token is not None:
            known["Authorization"] = f"Token {self._token}"
        return data, known


_used: list[Server] = []
"""The one of `use`, if any."""


def use(server: Server) -> None:
    """Let the functions below talk to this server, whatever the variables say."""
    _used[:] = [server]


def _server() -> Server:
    return _used[0] if _used else Server.of_environment()


def automap_launch(parameters: Mapping[str, Any], *, check: bool = False) -> Any:
    """Launch a run; its id, or with `check` what it would be. Raises `LaunchError`."""
    server = _server()
    return server.check(parameters) if check else server.launch(parameters)


def automap_jobs(**query: str) -> list[dict[str, Any]]:
    """All jobs, newest first."""
    return list(_server().jobs(**query))


def automap_wait(name: str, *, seconds: float | None = None) -> dict[str, Any]:
    """A job at its end."""
    return _server().wait(name, seconds=seconds)


def time_range(start: int, end: int, month: int = 12, offset: int = 0) -> Iterator[tuple[str, str]]:
    """Spans of so many months, from January of `start` on, before the year `end`.

    First and last day of each, both of them in it, as ISO dates; `offset` moves them by days.
    `time_range(1990, 2020, month=1)`: each month of 1990 to 2019. A span that would reach into the
    year `end` is left out. Raises `ValueError`.
    """
    if month < 1:
        raise ValueError(f"a span has one month at least, not {month}")
    shift = timedelta(days=offset)
    for first in range(start * 12, end * 12 - month + 1, month):
        last = first + month
        begin, after = (date(each // 12, each % 12 + 1, 1) for each in (first, last))
        final = after - timedelta(days=1)
        yield (begin + shift).isoformat(), (final + shift).isoformat()


def _read(error: urllib.error.HTTPError) -> bytes:
    """What stands in a refusal; one that broke off is a refusal all the same."""
    try:
        return error.read()
    except (OSError, http.client.HTTPException):
        return b""


def _refused(code: int, said: Mapping[str, str], content: bytes) -> ServiceError:
    problem: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        found = json.loads(content)
        problem = found if isinstance(found, dict) else {}
    heads = {name.lower(): value for name, value in said.items()}
    if (pause := heads.get("retry-after", "")).isdecimal():
        problem["retry_after"] = float(pause)
    words = problem.get("detail") or problem.get("title") or http.client.responses.get(code, "")
    kind = LaunchError if problem.get("errors") else ServiceError
    return kind(f"{code}: {words}", code, problem)


def _plain(value: object) -> Any:
    if isinstance(value, set | frozenset | tuple):
        return sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
    if isinstance(value, date | Path):
        return str(value)
    raise TypeError(f"{value!r} is nothing that JSON has")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
