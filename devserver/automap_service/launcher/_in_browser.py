"""Scripts of users in the worker of their own browser; `worker.js` loads it into Pyodide.

The client is `automap_tiles.client` itself, byte for byte. Only what carries its requests is
another: a worker has no sockets but may wait for an answer of its own origin.
"""

from __future__ import annotations

import builtins
import linecache
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from automap_tiles import client

_SCRIPT = "script.py"
_DRY = "dry-run-"


class Here(client.Server):
    """The service that the page is of, asked as the user who is logged in."""

    def __init__(self, address: str, csrf: str, bridge: Any, *, is_dry: bool) -> None:
        """`bridge`: `request`, `launched` and `sleep` of the worker."""
        super().__init__(address)
        self._csrf = csrf
        self._bridge = bridge
        self._is_dry = is_dry
        self._checked: list[str] = []

    def launch(self, parameters: Mapping[str, Any], *, again: bool = False) -> str:
        """Launch a run, or in a dry run only check it; its id."""
        if not self._is_dry:
            name = super().launch(parameters, again=again)
            self._bridge.launched(name, _described(parameters), "")
            return name
        try:
            found = _found(self.check(parameters))
        except client.LaunchError as error:
            if any(each["pointer"] for each in error.problems):
                raise  # a launch would have been refused as well
            found = f"it would fail: {error}"
        name = f"{_DRY}{len(self._checked) + 1}"
        self._checked.append(name)
        self._bridge.launched("", _described(parameters), found)
        return name

    def job(self, name: str) -> dict[str, Any]:
        """A job as it is now; a dry run is at its end at once."""
        if name in self._checked:
            said = "dry run: it was checked, not launched"
            return {"id": name, "jobID": name, "status": "dismissed", "message": said}
        return super().job(name)

    def download(self, name: str, folder: str | Path = ".") -> Path:  # noqa: ARG002
        """The browser downloads by itself."""
        raise client.ServiceError(f"download it from its page: {self.address}/jobs/{name}")

    def _send(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        said = {**headers, **({} if method == "GET" else {"X-CSRF-Token": self._csrf})}
        names, values = list(said), list(said.values())
        answer = self._bridge.request(method, url, data, names, values)
        if not answer.status:
            raise OSError("the browser had no answer")
        known = {"Retry-After": str(answer.retry_after or "")}
        return int(answer.status), known, str(answer.text).encode()


def _described(parameters: Mapping[str, Any]) -> str:
    """A launch in a line of the page's list."""
    words = [str(parameters[key]) for key in ("description", "mode") if parameters.get(key)]
    dates = [str(parameters.get(key, "")) for key in ("start_date", "end_date")]
    return ", ".join([*words, " to ".join(dates)])


def _found(checked: Mapping[str, Any]) -> str:
    scenes = checked["plan"]["scenes"]
    return f"{scenes} scene{'' if scenes == 1 else 's'}"


def run(code: str, server: Here, sleep: Callable[[float], None]) -> bool:
    """Run a script; whether it came to its end. What goes wrong is told as Python does."""
    client.use(server)
    time.sleep = _sleeping(sleep)
    linecache.cache[_SCRIPT] = (len(code), None, code.splitlines(keepends=True), _SCRIPT)
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    names |= {name: getattr(client, name) for name in client.__all__}
    try:
        exec(compile(code, _SCRIPT, "exec"), names)
    except SystemExit as left:
        return not left.code
    except client.LaunchError as error:
        _tell(error, error.__traceback__)
        for each in error.problems:
            remedy = f"; {each['remedy']}" if each.get("remedy") else ""
            where = f"{each['pointer']}: " if each["pointer"] else ""
            sys.stderr.write(f"  {where}{each['message']}{remedy}\n")
    except BaseException as error:  # noqa: BLE001 (a script of somebody, shown to them)
        _tell(error, error.__traceback__)
    else:
        return True
    return False


def _tell(error: BaseException, found: TracebackType | None) -> None:
    """Lines of the script alone: what is around it is none of its author's business."""
    frames = [each for each in traceback.extract_tb(found) if each.filename == _SCRIPT]
    lines = traceback.format_list(frames)
    if lines:
        lines.insert(0, "Traceback (most recent call last):\n")
    sys.stderr.write("".join([*lines, *traceback.format_exception_only(error)]))


def _sleeping(sleep: Callable[[float], None]) -> Callable[[Any], None]:
    """`time.sleep` that leaves the processor to others."""

    def wait(seconds: Any) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        sleep(seconds * 1000)

    return wait
