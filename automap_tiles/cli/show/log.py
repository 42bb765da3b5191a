"""Log lines and warnings of the package, shown by the reporter of the run."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Protocol

from automap_tiles.cli.options.mapchete import DebugLines
from automap_tiles.runtime import LegacyKeyWarning


class Messages(Protocol):
    """Shows lines of a log, as reporters do."""

    def message(self, level: str, text: str) -> None:
        """Show a line of the log; `level` as in logging, in lower case."""
        ...


class _ReporterHandler(logging.Handler):
    """Hands each record to a reporter."""

    def __init__(self, reporter: Messages) -> None:
        super().__init__()
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        self._reporter.message(record.levelname.lower(), self.format(record))


@contextlib.contextmanager
def log_to(reporter: Messages, *, verbose: bool) -> Iterator[None]:
    """Send log and warnings to a reporter while the block runs."""
    logger = logging.getLogger("automap_tiles")
    handler = _ReporterHandler(reporter)
    before = logger.level
    # --debug shows the lines below warnings itself
    shows = any(isinstance(other, DebugLines) for other in logger.handlers)
    wants = logging.INFO if verbose and not shows else logging.WARNING
    handler.setLevel(wants)
    logger.addHandler(handler)
    logger.setLevel(min(wants, before or wants))

    def show(message: Warning | str, *_: object, **__: object) -> None:
        reporter.message("warning", str(message))

    try:
        with warnings.catch_warnings():
            warnings.showwarning = show
            # What is said of the user's file is always shown, whatever Python was told to ignore.
            warnings.simplefilter("always", LegacyKeyWarning)
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
