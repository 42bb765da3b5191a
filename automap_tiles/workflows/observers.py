"""Observers of a run, which receive its events and cannot disturb it.

A package provides one as an entry point of the group `automap_tiles.observers`: a function of one
text (what the user wrote after the name, or nothing) that returns a context manager, whose value is
called with each event. The context is exited when the run ends, with its error if there is one. The
two below are examples.
"""

from __future__ import annotations

import contextlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.plugins import plugins
from automap_tiles.workflows.events import Event, Finished, Noted, PhaseFinished, Started

Observer: TypeAlias = Callable[[Event], None]
Opening: TypeAlias = Callable[[str], AbstractContextManager[Observer]]

ENTRY_POINTS = "automap_tiles.observers"

ADDRESS = "AUTOMAP_WEBHOOK"
"""Environment variable with the URL of a webhook, which is a secret: anyone who knows it may post
there. It is never printed."""

_SECONDS = 10.0


def observed(events: Generator[Event], wanted: Sequence[str]) -> Generator[Event]:
    """The events of a run, passed to observers; each is given as `name` or `name=text`.

    A failing observer is reported once and not called again. Raises `ConfigError` for an unknown
    name, and what opening one raises, before the first event.
    """
    with contextlib.ExitStack() as stack, contextlib.closing(events):
        asked = {each: stack.enter_context(_opened(each)) for each in wanted}
        for event in events:
            for name, observe in list(asked.items()):
                try:
                    observe(event)
                # Third-party code beside a run, which continues without it.
                except Exception as error:  # noqa: BLE001
                    del asked[name]
                    yield Noted(note=_failed(name, error))
            yield event


@contextlib.contextmanager
def log(target: str) -> Iterator[Observer]:
    """JSON lines with timestamps in a file, appended to an existing one."""
    if not target:
        raise ConfigError("says no file", key="observe", found="log", remedy="log=FILE")
    try:
        file = Path(target).open("a", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", target) from error
    with file:

        def observe(event: Event) -> None:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            file.write(json.dumps({"time": now, **event.to_json()}) + "\n")
            file.flush()

        yield observe


@contextlib.contextmanager
def webhook(target: str) -> Iterator[Observer]:
    """One-sentence messages in chat format when a run begins and ends, successfully or not."""
    address = os.environ.get(ADDRESS, "")
    if target or not address.startswith(("https://", "http://")):
        raise ConfigError(
            "the address of a webhook is a secret, and is taken from the environment",
            key="observe",
            found="webhook",
            remedy=f"--observe webhook, and {ADDRESS}=https://…",
        )

    def observe(event: Event) -> None:
        if isinstance(event, Started | PhaseFinished | Finished):
            _post(address, _sentence(event))

    try:
        yield observe
    except BaseException as error:
        with contextlib.suppress(OSError):
            _post(address, f"AutoMap: the run was broken off ({type(error).__name__})")
        raise


_OWN: dict[str, Opening] = {"log": log, "webhook": webhook}


def _opened(wanted: str) -> AbstractContextManager[Observer]:
    name, _, target = wanted.partition("=")
    if name in _OWN:
        return _OWN[name](target)
    found = plugins(ENTRY_POINTS, _OWN)
    if name not in found:
        known = ", ".join(sorted([*_OWN, *found]))
        raise ConfigError(
            "no observer has this name", key="observe", found=name, remedy=f"one of {known}"
        )
    opening: Opening = found[name].load()
    return opening(target)


def _failed(wanted: str, error: Exception) -> Note:
    name = wanted.partition("=")[0]
    why = str(error) if isinstance(error, _Refused) else type(error).__name__
    return Note(
        fate=Fate.LOST,
        subject=Subject.PLUGINS,
        reason=f"an observer failed and is told no more of this run: {why}",
        examples=(name,),
    )


class _Refused(OSError):
    """A webhook that rejects a message; without its URL."""


def _post(address: str, text: str) -> None:
    request = urllib.request.Request(
        address,
        data=json.dumps({"text": text}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise _Refused(f"the webhook answered {error.code}") from None
    except (OSError, ValueError):
        raise _Refused("the webhook cannot be reached") from None


def _sentence(event: Started | PhaseFinished | Finished) -> str:
    said = event.to_json()
    if isinstance(event, Started):
        return f"AutoMap: a run of {said['total']} tiles begins, into {said.get('output')}"
    names = ("written", "empty", "skipped", "failed")
    counts = ", ".join(f"{said[name]} {name}" for name in names if name in said)
    what = f"step {event.phase}" if isinstance(event, PhaseFinished) else "the run"
    stopped = f"; stopped: {said['stopped_by']}" if said.get("stopped_by") else ""
    return f"AutoMap: {what} has ended, {counts}{stopped}, in {said.get('output')}"
