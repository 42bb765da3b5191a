"""A lease on an output in an object store: one writer at a time, expiring unless renewed.

The lock is an object that says who holds it. It is made only where there is none, and written anew
every few seconds over what its holder wrote last; so whoever finds one that has not been renewed
for the time of the lease, by the clock of the store, may write its own over it, and of two that do
so at once one fails.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from automap_tiles.errors import AutomapError, OutputBusy
from automap_tiles.storage.conditional import ChangedMeanwhile, GuardedStorage, Version
from automap_tiles.storage.liveness import is_alive, start_of

LEASE_SECONDS = 60.0
RENEW_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Content of a lock object."""

    holder: str
    """Host and process."""
    since: str
    seconds: float
    """Duration of the lease without renewal (seconds)."""
    token: str
    machine: str | None
    pid: int
    started: str | None

    @property
    def is_dead(self) -> bool:
        """Whether the holder was a process of this machine that has ended."""
        if self.machine is None or self.machine != _machine() or self.started is None:
            return False
        return not is_alive(self.pid) or start_of(self.pid) != self.started


class OutputLease:
    """The lock of an output in an object store, held until `release`."""

    def __init__(self, storage: GuardedStorage, key: str, output: str) -> None:
        """Acquire it; raises `OutputBusy` while it is held, `OutputError`, `InputError`."""
        self._storage, self._key, self._output = storage, key, output
        self._token = secrets.token_hex(8)
        self._since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        self._beat = 0
        self.taken_from: str | None = None
        """The previous holder, which died."""
        self._version = self._take()

    def renew(self) -> None:
        """Renew the lease; raises `OutputBusy` when another writer has taken over."""
        self._beat += 1
        try:
            self._version = self._storage.put_over(self._key, self._content(), self._version)
        except ChangedMeanwhile:
            self._version = self._own_version()

    def release(self) -> None:
        """Release it, if it is still ours."""
        with suppress(OutputBusy):
            self._own_version()
            self._storage.delete(self._key)

    def _take(self) -> Version:
        known: Version | None = None
        while True:
            try:
                version = self._storage.put_over(self._key, self._content(), known)
                return self._storage.check_guard(self._key, self._content(), version)
            except ChangedMeanwhile:
                there = self._storage.get_version(self._key)
            if there is None:  # Released at this moment.
                known = None
                continue
            content, known = there
            found = _parse(content)
            if found is not None and found.token == self._token:
                return known
            self._refuse_living(found)
            self.taken_from = "an unknown writer" if found is None else found.holder

    def _refuse_living(self, found: _Found | None) -> None:
        """Raise `OutputBusy` for a lock whose holder may be alive."""
        if found is not None and found.is_dead:
            return
        age = self._storage.age(self._key)
        lease = LEASE_SECONDS if found is None else found.seconds
        if age is None or age > lease:
            return
        who = "another run" if found is None else f"a run of {found.holder}, since {found.since},"
        raise OutputBusy(
            f"{self._output}: {who} is writing this output and gave a sign of life {age:.0f} s "
            "ago; wait for it or stop it. If it was killed, its hold on the output ends in "
            f"{lease - age:.0f} s: then run again"
        )

    def _own_version(self) -> Version:
        """Version of our own lock object; raises `OutputBusy` when it is not ours."""
        there = self._storage.get_version(self._key)
        found = None if there is None else _parse(there[0])
        if there is None or found is None or found.token != self._token:
            who = "another run" if found is None else f"a run of {found.holder}"
            raise OutputBusy(
                f"{self._output}: {who} has taken this output over, because this run gave no sign "
                f"of life for {LEASE_SECONDS:.0f} s (was the machine asleep, or the network "
                "gone?); what is written stays, and the other run goes on"
            )
        return there[1]

    def _content(self) -> bytes:
        said = {
            "holder": f"{socket.gethostname()}, process {os.getpid()}",
            "since": self._since,
            "seconds": LEASE_SECONDS,
            "token": self._token,
            "machine": _machine(),
            "pid": os.getpid(),
            "started": start_of(os.getpid()),
            "beat": self._beat,
        }
        return json.dumps(said, indent=1).encode()


def _parse(content: bytes) -> _Found | None:
    """Content of a lock; None if another program wrote it."""
    try:
        said: dict[str, Any] = json.loads(content)
        return _Found(
            holder=str(said["holder"]),
            since=str(said["since"]),
            seconds=float(said["seconds"]),
            token=str(said["token"]),
            machine=said["machine"],
            pid=int(said["pid"]),
            started=said["started"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _machine() -> str | None:
    """Names this machine, since it was started, and the space its process ids are of.

    None where the system does not tell: then a lease has to end by itself.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def lease_is_held(storage: GuardedStorage, key: str) -> bool:
    """Whether a live writer holds the output, as far as can be told without writing.

    The age of its last renewal is measured by the clock of this machine.
    """
    try:
        there = storage.get_version(key)
        if there is None:
            return False
        found = _parse(there[0])
        if found is not None and found.is_dead:
            return False
        written = storage.written(key)
    except AutomapError:
        return False
    lease = LEASE_SECONDS if found is None else found.seconds
    return written is not None and (datetime.now(UTC) - written).total_seconds() <= lease
