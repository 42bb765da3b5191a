"""A child process as seen by its runner: start, read, request to stop, kill."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

Line = dict[str, Any]

PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV",
    "GDAL_DATA", "PROJ_DATA", "PROJ_LIB", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "OMP_NUM_THREADS", "NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
"""Environment variables passed to children; anything else may be a secret."""
_LONGEST_LINE = 16 << 20


@dataclass(frozen=True, kw_only=True)
class Task:
    """Task of a child."""

    order: Mapping[str, Any]
    workspace: Path
    check: bool = False
    """Dry run."""
    memory: int | None = None
    """Address space limit per process, bytes; None: unlimited."""
    environment: Sequence[str] = ()
    """Names of further variables to pass on, such as credentials for a bucket with scenes."""

    def to_json(self) -> Line:
        """Input of the child."""
        return {
            "order": dict(self.order),
            "workspace": str(self.workspace),
            "check": self.check,
            "memory": self.memory,
        }


class Child:
    """A running child, leader of its own session.

    A context manager that leaves no process behind.
    """

    def __init__(self, task: Task) -> None:
        mine, theirs = os.pipe()
        try:
            self._process = _begin(mine, _environment(task.environment))
        except OSError:
            os.close(theirs)
            raise
        finally:
            os.close(mine)
        self._lifeline = theirs
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as stream:
            stream.write(json.dumps(task.to_json()).encode())
        self._asked: float | None = None
        self._is_over = False

    @property
    def pid(self) -> int:
        """Id of the process, its session and its group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def lines(self, pause: float) -> Iterator[Line | None]:
        """Its output lines until it has ended; None whenever `pause` seconds have passed.

        Lines of its standard error are `{"event": "said", "message": …}`.
        """
        with selectors.DefaultSelector() as selector:
            parts: dict[str, bytes] = {"out": b"", "err": b""}
            selector.register(_stream(self._process.stdout), selectors.EVENT_READ, "out")
            selector.register(_stream(self._process.stderr), selectors.EVENT_READ, "err")
            while selector.get_map():
                # asked first: a runner that was frozen wakes after its pause, with everything
                # unread
                has_ended = self.exit_code is not None
                ready = selector.select(0 if has_ended else pause)
                if not ready:
                    if has_ended:
                        break  # its workers may still hold the pipes; `end` kills them
                    yield None
                for key, _ in ready:
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        selector.unregister(key.fileobj)
                    *whole, rest = (parts[key.data] + data).split(b"\n")
                    parts[key.data] = rest[-_LONGEST_LINE:]
                    for line in whole:
                        yield _parsed(line, key.data)
                yield None
            for name, rest in parts.items():
                if rest and name == "err":
                    yield _parsed(rest, name)

    def ask_to_end(self) -> None:
        """Ask it to stop; completed work is kept."""
        if self._asked is None and self.exit_code is None:
            self._asked = time.monotonic()
            os.kill(self.pid, signal.SIGTERM)

    def is_overdue(self, seconds: float) -> bool:
        """Whether it was asked to stop longer ago than this."""
        return self._asked is not None and time.monotonic() - self._asked > seconds

    def end(self) -> None:
        """Kill it and everything it started, now; its output can still be read."""
        if self._is_over:  # its process id may have been reused
            return
        self._is_over = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self._lifeline)
        for stream in (self._process.stdout, self._process.stderr):
            _stream(stream).close()


def _begin(lifeline: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the process, which ends when nobody holds the other end of the lifeline."""
    return subprocess.Popen(
        [sys.executable, "-m", "automap_tiles.jobs.child", str(lifeline)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(lifeline,),
        env=environment,
        start_new_session=True,
    )


def _environment(more: Sequence[str]) -> dict[str, str]:
    names = (*PASSED_ON, *more)
    return {name: os.environ[name] for name in names if name in os.environ}


def _stream(stream: Any) -> Any:
    assert stream is not None
    return stream


def _parsed(line: bytes, source: str) -> Line:
    text = line.decode("utf-8", "replace").rstrip()
    if source == "out":
        with contextlib.suppress(ValueError):
            found = json.loads(text)
            if isinstance(found, dict):
                return found
    return {"event": "said", "message": text}
