"""Entry point of `automap`.

The commands are found by name in one literal table and imported when they are called, so that
`automap --help` loads neither NumPy nor rasterio.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click

from automap_tiles.cli._environment import settle_environment
from automap_tiles.cli._exits import INTERRUPTED, leave_threads_behind, run_guarded
from automap_tiles.cli._gc_pause import pause_gc


class _Entry(NamedTuple):
    """One line of `automap --help`."""

    module: str
    summary: str


COMMANDS: dict[str, _Entry] = {
    "execute": _Entry("execute", "Run a process on its tiles."),
    "create": _Entry("create", "Write a template process that runs as it is."),
    "tiles": _Entry("tiles", "List or count the tiles of a process, or of a grid."),
    "info": _Entry("info", "Show a process, an output or a journal: what is done, empty, failed."),
    "verify": _Entry("verify", "Compare an output with the checksums kept when it was written."),
    "formats": _Entry("formats", "List the formats that can be read and written."),
    "processes": _Entry(
        "processes", "List the built-in processes, or show what NAME does and takes."
    ),
    "convert": _Entry("convert", "Turn a file or tile directory into tiles or a single file."),
    "cp": _Entry("cp", "Copy tiles from one tile directory to another."),
    "rm": _Entry("rm", "Delete tiles of a tile directory."),
    "index": _Entry("index", "Write an index of the tiles that exist."),
    "stac": _Entry("stac", "Tell catalogues of tiles, by a STAC item."),
    "run": _Entry("run", "From satellite products to scenes, composites and maps of classes."),
    "download": _Entry("download", "Fetch scenes and prepare them: one multiband GeoTIFF each."),
    "reproduce": _Entry("reproduce", "Make the run of a record again, to the same bytes."),
    "series": _Entry("series", "The values of a point or an area over time, as CSV and as a plot."),
    "coregister": _Entry(
        "coregister", "By how much each scene is to be moved to lie on the others of its tile."
    ),
    "timelapse": _Entry("timelapse", "Show a place over time: an animation as GIF, WebP or AVIF."),
    "samples": _Entry(
        "samples", "Which pixels are samples of which class, and what the picture shows there."
    ),
    "clusters": _Entry("clusters", "Which kinds of pixels a picture has, without samples."),
    "train": _Entry("train", "Train a classifier on samples and a picture."),
    "assess": _Entry(
        "assess", "How good a map of classes is, or the points that are needed to find out."
    ),
    "serve": _Entry("serve", "Show processes, outputs, scenes and dated rasters on a map."),
    "export": _Entry("export", "Write tiles for web maps without a server: XYZ, PMTiles, MBTiles."),
    "service": _Entry(
        "service", "A page and an API for many users, to launch runs and fetch their results."
    ),
    "launch": _Entry("launch", "Launch a run at an AutoMap service."),
    "show-env": _Entry("show_env", "Show the environment variables that count here."),
    "doctor": _Entry(
        "doctor", "Look at this machine: versions, drivers, extras, disks, credentials."
    ),
    "completion": _Entry(
        "completion", "Print what lets a shell complete commands, options and choices with TAB."
    ),
    "man": _Entry("man", "Print the manual page, made of what the commands say of themselves."),
    "demo": _Entry("demo", "Fetch real Sentinel-2 imagery, make tile pyramids and a map of it."),
}
"""Name of the command -> its module (with a click command `command`) and its line of help."""


_OTHERS = "mapchete.cli.commands"
"""Group of entry points; mapchete's own names are ours too, and stay ours."""


_MAY_BE_EMPTY = (
    *("--description", "--title", "--attribution"),
    *("--mask", "--provenance", "--statistics", "--values", "--bands", "--indices", "--radius"),
    *("--window-statistics", "--textures", "--texture-of", "--also"),
)
"""Options whose value may be empty: texts, and lists of names, such as no mask at all."""


class _LazyGroup(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return _of_others(cmd_name)
        module = importlib.import_module(f"automap_tiles.cli.commands.{entry.module}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        _refuse_empty(ctx, args)
        if name in COMMANDS or name.startswith("-") or _of_others(name) is not None:
            return super().resolve_command(ctx, args)
        import difflib  # nothing else here needs it

        close = difflib.get_close_matches(name, COMMANDS, 1, 0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        if name.endswith((".mapchete", ".py")) or Path(name).is_file():
            hint = f" To run a process file: automap execute {name}"
        raise click.UsageError(f"No such command {name!r}.{hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def _refuse_empty(ctx: click.Context, args: Sequence[str]) -> None:
    """Raise `UsageError` for an empty argument: as a path it would be the working folder."""
    for before, text in pairwise(args):
        option = text.removesuffix("=") if text.startswith("--") else before
        if text in ("", f"{option}=") and option not in _MAY_BE_EMPTY:
            where = f" after {option}" if option.startswith("-") else ""
            hint = "Is it of a variable that is not set?"
            raise click.UsageError(f"An empty argument{where} is not a value. {hint}", ctx)


def _of_others(name: str) -> click.Command | None:
    """A command that another package brings along for mapchete, such as `eo` of mapchete-eo."""
    from importlib import metadata

    for entry in metadata.entry_points(group=_OTHERS, name=name):
        command: object = entry.load()
        if isinstance(command, click.Command):
            return command
    return None


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="automap-tiles", prog_name="automap")
def automap() -> None:
    """Run a function of yours over every tile of a web-map grid.

    \b
    automap create mine.mapchete     a process to start from
    automap execute mine.mapchete    run it
    automap COMMAND --help           the options of a command
    """  # noqa: D301 (click's mark is the control character, not a backslash)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; without `argv` that of this process.

    0: fine. 1: tiles failed, or something could not be read or written. 2: wrong usage or
    configuration. 130: interrupted.
    """
    settle_environment()
    if argv is None:  # this process is ours
        pause_gc()
    code = run_guarded(automap, argv)
    if argv is None and code == INTERRUPTED:
        leave_threads_behind(code)
    return code
