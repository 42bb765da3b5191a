"""A bar for work of known length that is no run."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click


@contextlib.contextmanager
def counting(total: int) -> Iterator[Callable[[], None]]:
    """Gives a function to call once per item; shows a bar on a terminal, else nothing."""
    if not sys.stderr.isatty() or not total:
        yield lambda: None
        return
    with click.progressbar(length=total, file=sys.stderr, show_pos=True) as bar:
        yield lambda: bar.update(1)
