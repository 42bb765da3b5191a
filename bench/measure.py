"""CPU time, wall time and memory of a command and everything it starts."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one run of a command took."""

    cpu: float
    """User and system seconds of the command and all its descendants."""
    wall: float
    """Seconds from start to end, or until the mark appeared."""
    memory: float
    """Largest sum of the resident sets of all its processes at one moment, MB (10**6 bytes).

    Pages that processes share count once for each.
    """
    ended: bool
    """False when it was ended from here because the time was up."""
    code: int
    output: str = ""
    load: float = 0.0
    """Load average of the last minute when it started: what else the machine was doing."""


def adopt_orphans() -> None:
    """Let workers whose parent has gone come to this process, so that their CPU time counts."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(
    command: Sequence[str],
    *,
    folder: Path,
    env: Mapping[str, str],
    limit: float,
    mark: Path | None = None,
) -> Usage:
    """Run a command; with `mark`, until that file appears. After `limit` seconds it is ended."""
    log = folder / "output.log"
    load = os.getloadavg()[0]
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **env},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        with _MemoryWatch() as watch:
            reaped = _Reaper(process.pid)
            ended = _wait(reaped, start + limit, mark)
            wall = time.perf_counter() - start
            if reaped.code is None:
                _end_all()
            reaped.wait_for_all()
    process.returncode = reaped.code
    return Usage(
        cpu=reaped.cpu,
        wall=wall,
        memory=watch.peak / 1e6,
        ended=ended,
        code=reaped.code or 0,
        output=log.read_text(errors="replace"),
        load=load,
    )


def _wait(reaper: _Reaper, deadline: float, mark: Path | None) -> bool:
    """Until the command is over or the mark is there: True. Until the time is up: False."""
    while time.perf_counter() < deadline:
        if mark is not None and mark.exists():
            return True
        if reaper.poll():
            return True
        time.sleep(0.002)
    return False


class _Reaper:
    """Waits for children and adds up their CPU time."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: int | None = None
        self.cpu = 0.0

    def poll(self) -> bool:
        """Whether the command itself has ended."""
        while self._next(os.WNOHANG):
            pass
        return self.code is not None

    def wait_for_all(self) -> None:
        while self._next(0):
            pass

    def _next(self, options: int) -> bool:
        try:
            pid, status, used = os.wait4(-1, options)
        except ChildProcessError:
            return False
        if pid == 0:
            return False
        self._add(pid, status, used)
        return True

    def _add(self, pid: int, status: int, used: resource.struct_rusage) -> None:
        self.cpu += used.ru_utime + used.ru_stime
        if pid == self.pid:
            self.code = os.waitstatus_to_exitcode(status)


def _end_all() -> None:
    """Kill the command and all it started; this process has no other children."""
    processes = psutil.Process().children(recursive=True)
    for process in processes:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue


class _MemoryWatch:
    """Samples the memory of all descendants in a thread."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(_resident, me.children(recursive=True))))


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.Error:
        return 0.0
