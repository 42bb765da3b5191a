"""The one place where errors become a message and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from automap_tiles.errors import AutomapError, TilesFailed

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


def run_guarded(command: click.Command, argv: Sequence[str] | None) -> int:
    """Run a click command; say what went wrong in one message; return the exit code."""
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
    except AutomapError as error:
        click.echo(f"{click.style('Error', fg='red', bold=True)}: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        return _pipe_closed()
    # Commands return None; `--help` and `--version` end with click's exit code.
    return code if isinstance(code, int) else 0


def _pipe_closed() -> int:
    """Whoever read our output has seen enough (`automap tiles … | head`)."""
    # Python flushes stdout once more at its end; let that go nowhere instead of complaining.
    sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115, PTH123
    return 0
