"""Options of mapchete's command line that have another name here, or no effect.

A command of class `WithWords` takes them: options that mean the same are declared beside our own;
`without_effect` declares those that have nothing to do here, and says so when they are given;
`refused` those whose wish is carried out another way, and says which.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_GIVEN = "automap_tiles.words_without_effect"

NO_GRAPH = "tiles are given out while the run goes on, so that no graph of tasks is built"
NO_WORKERS = "the work is done by threads of this process, as many as the storage answers"
FROM_ENVIRONMENT = (
    "credentials and endpoints stand in the environment, where neither logs nor process lists "
    "show them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and so on for s3://, "
    "GDAL_HTTP_USERPWD for http://"
)


class WithWords(click.Command):
    """A command that says which of the options that it was given have no effect."""

    def invoke(self, ctx: click.Context) -> Any:
        given = ctx.meta.get(_GIVEN, ())
        if given:
            from automap_tiles.cli.show.notes import show_note

            show = show_note(ctx.params.get("log_format", "text"))
            for note in given:
                show(note)
        return super().invoke(ctx)


def without_effect(
    *names: str, reason: str, kind: Any = None, metavar: str | None = None
) -> Callable[[Decorated], Decorated]:
    """Take an option of mapchete's that has nothing to do here; a flag where `kind` is None."""

    def given(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
        if value is None or value is False or value == ():
            return
        from automap_tiles.notes import Fate, Note, Subject

        note = Note(
            fate=Fate.IGNORED,
            subject=Subject.OPTIONS,
            reason=reason,
            examples=(parameter.opts[-1],),
        )
        ctx.meta.setdefault(_GIVEN, []).append(note)

    options: dict[str, Any] = {"is_flag": True} if kind is None else {"type": kind}
    return click.option(
        *names, expose_value=False, hidden=True, callback=given, metavar=metavar, **options
    )


def refused(*names: str, remedy: str, flag: bool = False) -> Callable[[Decorated], Decorated]:
    """Refuse an option of mapchete's in words that say what to use."""

    def given(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
        if value is not None and value is not False and value != ():
            raise click.UsageError(f"{parameter.opts[-1]} is not taken here: {remedy}.", ctx)

    return click.option(
        *names, expose_value=False, hidden=True, callback=given, is_flag=flag, multiple=not flag
    )


def log_words(function: Decorated) -> Decorated:
    """Take `--debug` and `--logfile`, for commands without a run."""
    return debug_option(hidden=True)(logfile_option(hidden=True)(function))


def debug_option(*, hidden: bool = False) -> Callable[[Decorated], Decorated]:
    """`--debug`; a run receives it too where it is not hidden."""
    return click.option(
        "-d",
        "--debug",
        is_flag=True,
        hidden=hidden,
        expose_value=not hidden,
        callback=_debug,
        help="No progress bar; every event and all of the log on stderr.",
    )


def logfile_option(*, hidden: bool = False) -> Callable[[Decorated], Decorated]:
    """`--logfile`."""
    return click.option(
        "-l",
        "--logfile",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        hidden=hidden,
        expose_value=False,
        callback=_logfile,
        help="Append every event and all of the log to this file.",
    )


class DebugLines(logging.StreamHandler[Any]):
    """Lines of the log that nobody else shows, on stderr."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(_LINE))
        self.addFilter(lambda record: record.levelno < logging.WARNING)


_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def _debug(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    if value:
        ctx.with_resource(_logging_to(DebugLines()))
    return value


def _logfile(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is None:
        return
    try:
        handler = logging.FileHandler(value, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{value} cannot be written: {error.strerror}", ctx) from error
    handler.setFormatter(logging.Formatter(_LINE))
    ctx.with_resource(_logging_to(handler))


@contextmanager
def _logging_to(handler: logging.Handler) -> Iterator[None]:
    """Send all of the package's log to a handler while the command runs."""
    logger = logging.getLogger("automap_tiles")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        handler.close()
