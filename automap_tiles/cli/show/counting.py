"""A progress bar for work of known length other than a run."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import click

from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    PhaseStarted,
    Skipped,
    Started,
)

_log = logging.getLogger(__name__)

Outcome = TypeVar("Outcome")


def counted(events: Iterable[Event], kind: type[Outcome], *, wanted: bool = True) -> Outcome:
    """Show a bar, if one is wanted, while a workflow goes on; its outcome, which is of that kind.

    The bar begins where the number of items is told, by the start or by a phase.
    """
    with contextlib.ExitStack() as stack:
        advance: Callable[[int], None] = lambda _: None  # noqa: E731 - until there is a bar
        for event in events:
            match event:
                case Started(total=int(total)) | PhaseStarted(total=int(total)) if wanted:
                    advance = stack.enter_context(counting(total))
                case Done() | Failed():
                    advance(1)
                case Skipped(count=count):
                    advance(count)
                case Finished(outcome=outcome) if isinstance(outcome, kind):
                    return outcome
    raise AssertionError("a workflow ends with its outcome")


def logged(events: Iterable[Event], *, verbose: bool = False) -> Iterator[Event]:
    """The same events; each goes to the log, and with `verbose` items are shown as lines."""
    for event in events:
        if verbose and isinstance(event, Done | Failed):
            said = event.item.to_json()
            click.echo(" ".join(str(value) for value in said.values()), err=True)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s", json.dumps(event.to_json(), ensure_ascii=False, default=str))
        yield event


@contextlib.contextmanager
def counting(total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with a number of items; a bar on a terminal, else nothing."""
    if not sys.stderr.isatty() or not total:
        yield lambda _: None
        return
    with click.progressbar(length=total, file=sys.stderr, show_pos=True) as bar:
        yield bar.update
