"""Turn errors into messages and exit codes; the only place that does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

import click

from automap_tiles.errors import (
    AutomapError,
    ResourceError,
    TilesFailed,
    is_without_handles,
    missing_extra,
)

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


def run_guarded(command: click.Command, argv: Sequence[str] | None) -> int:
    """Run a click command; say what went wrong in one message; return the exit code."""
    _end_as_orderly_as_interrupted()
    try:
        code = command.main(
            args=None if argv is None else list(argv), prog_name="automap", standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except TilesFailed as error:
        # The summary has said it already.
        return error.exit_code
    except BrokenPipeError:
        return _pipe_closed()
    except (AutomapError, OSError, ImportError) as error:
        said = _in_words(error)
        if said is None:
            raise
        click.echo(f"{click.style('Error', fg='red', bold=True)}: {said}", err=True)
        return said.exit_code
    # Commands return None; `--help` and `--version` end with click's exit code.
    return code if isinstance(code, int) else 0


def _in_words(error: AutomapError | OSError | ImportError) -> AutomapError | None:
    """What to tell of an error; None where it is none of those that are foreseen."""
    if isinstance(error, ResourceError):
        return error
    if is_without_handles(error):  # a shared library that cannot be opened is an ImportError
        return ResourceError.without_handles()
    if isinstance(error, AutomapError):
        return error
    # the net below the optional imports
    return missing_extra(error) if isinstance(error, ImportError) else None


def leave_threads_behind(code: int) -> None:
    """End this process now if threads are still in the middle of a tile.

    A thread cannot be stopped, and Python would wait for it. The journal is closed by now; what
    the thread has half written is a part file, which the next run removes.
    """
    main = threading.main_thread()
    if any(thread is not main and not thread.daemon for thread in threading.enumerate()):
        end_now(code)


def end_now(code: int) -> NoReturn:
    """End this process without waiting for any thread."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_as_orderly_as_interrupted() -> None:
    """Batch systems end a job with SIGTERM: take it like Ctrl-C."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _pipe_closed() -> int:
    """Whoever read our output has seen enough (`automap tiles … | head`)."""
    # Python flushes stdout once more at its end; let that go nowhere instead of complaining.
    sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115, PTH123
    return 0
