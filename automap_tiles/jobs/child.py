"""The process of one job: carries an order out and tells of it in lines of JSON.

Started by `process.Child`. It knows neither database nor store, and ends with all its workers as
soon as the runner that holds the other end of its pipe is gone, however that came about.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from automap_tiles.errors import AutomapError, ConfigError, ResourceError, is_without_handles
from automap_tiles.stopping import Stopped, StopToken
from automap_tiles.workflows import check, order_from_json, run

try:
    import fcntl
except ImportError:  # not on Windows, where runners are not available either
    fcntl = None  # type: ignore[assignment]

LOCK = ".job.lock"
"""In the workspace; held by a child for as long as it lives."""
_ASK_SECONDS = 0.2


def main(said: Mapping[str, Any], lifeline: int) -> int:
    """Carry out the order in `said`; exit code 0, or 1 after an `error`.

    `said`: `order`, `check` (dry run), `workspace`, `memory` in bytes or None.
    """
    os.umask(0o077)
    tell = _open_stream()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Ctrl-C is handled by the runner, which then stops this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
    if (memory := said.get("memory")) is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        _work(said, stop, tell)
    except Stopped:
        _line(tell, {"event": "stopped"})
    except AutomapError as error:
        _line(tell, {"event": "error", **_in_words(error)})
        return 1
    except MemoryError:
        _line(tell, {"event": "error", "message": "it needs more memory than a job is given"})
        return 1
    except OSError as error:
        _line(tell, {"event": "error", "message": _of_system(error)})
        return 1
    return 0


def _work(said: Mapping[str, Any], stop: StopToken, tell: IO[str]) -> None:
    order = order_from_json(said["order"])
    if said.get("check"):
        _line(tell, {"event": "report", "report": check(order).to_json()})
        return
    with _alone(Path(said["workspace"]), stop, tell):
        for event in run(order, stop=stop):
            _line(tell, event.to_json())
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(each.ru_utime + each.ru_stime for each in used)
    memory = max(each.ru_maxrss for each in used) * 1024  # of the largest process
    said = {"event": "used", "core_seconds": round(seconds, 2), "memory_bytes": memory}
    _line(tell, said)


@contextlib.contextmanager
def _alone(workspace: Path, stop: StopToken, tell: IO[str]) -> Iterator[None]:
    """Wait until an earlier attempt, which may be terminating, has left the workspace."""
    workspace.mkdir(parents=True, exist_ok=True)
    with (workspace / LOCK).open("ab") as file:
        told = False
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                if stop.is_set():
                    raise Stopped from None
                if not told:
                    _line(tell, {"event": "waiting", "message": "an earlier attempt is ending"})
                    told = True
                time.sleep(_ASK_SECONDS)
            else:
                break
        os.utime(file.fileno())  # opening alone does not mark the workspace as in use
        yield


def _follow(lifeline: int) -> None:
    """Wait for the runner to go away, then end this process and all its workers."""
    with contextlib.suppress(OSError):
        while os.read(lifeline, 1):
            pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _open_stream() -> IO[str]:
    """A private stream on the original stdout; other output goes to stderr, which is the log."""
    own = os.dup(1)
    os.set_inheritable(own, False)
    os.dup2(2, 1)
    return os.fdopen(own, "w", encoding="utf-8", buffering=1)


def _line(tell: IO[str], said: Mapping[str, Any]) -> None:
    tell.write(json.dumps(said, ensure_ascii=True, allow_nan=False, default=str) + "\n")


def _in_words(error: AutomapError) -> dict[str, Any]:
    if is_without_handles(error):
        return {"message": str(ResourceError.without_handles())}
    if not isinstance(error, ConfigError):
        return {"message": str(error)}
    return {
        "message": error.message,
        "key": error.key,
        "found": None if error.found is None else str(error.found),
        "remedy": error.remedy,
    }


def _of_system(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


if __name__ == "__main__":
    sys.exit(main(json.load(sys.stdin), int(sys.argv[1])))
