"""Options that several commands share, and what their values become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import click

from automap_tiles.cli.options._collecting import collecting
from automap_tiles.cli.options.mapchete import (
    NO_GRAPH,
    debug_option,
    logfile_option,
    without_effect,
)
from automap_tiles.workflows.how import Concurrency, How
from automap_tiles.workflows.where import Value, Where

if TYPE_CHECKING:
    from automap_tiles.workflows.execute import Inputs

RESAMPLINGS = (
    "nearest",
    "bilinear",
    "cubic",
    "cubic_spline",
    "lanczos",
    "average",
    "mode",
    "gauss",
)
"""GDAL's names (gdalwarp -r, gdaladdo -r)."""

CONCURRENCIES: tuple[str, ...] = get_args(Concurrency)


def parse_zooms(text: str) -> tuple[int, ...]:
    """`7`, or `3,7` for 3 to 7: zooms, ascending; raises `click.BadParameter`."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a zoom nor min,max") from None
    if len(numbers) > 2:
        raise click.BadParameter(f"{text!r}: give one zoom or min,max")
    if min(numbers) < 0 or max(numbers) > 30:
        raise click.BadParameter(f"{text!r}: zooms go from 0 to 30")
    return tuple(range(min(numbers), max(numbers) + 1))


def parse_bands(text: str) -> tuple[int, ...]:
    """`3,2,1`: numbers of bands; raises `click.BadParameter`."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of numbers") from None
    if min(numbers) < 1:
        raise click.BadParameter("bands are counted from 1")
    return numbers


def parse_key_value(text: str) -> tuple[str, Value]:
    """`NAME=VALUE`; numbers, true, false and none become what they say."""
    key, _, value = text.partition("=")
    if not (key and value):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE")
    return key.lower(), _plain_value(value)


def _plain_value(text: str) -> Value:
    words: dict[str, Value] = {
        "true": True,
        "yes": True,
        "false": False,
        "no": False,
        "none": None,
        "null": None,
    }
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parsed_by(parse: Callable[[str], Any]) -> Callable[..., Any]:
    """A callback for an option whose text `parse` turns into its value; for each if several."""

    def callback(_: click.Context, __: click.Parameter, value: str | tuple[str, ...] | None) -> Any:
        if isinstance(value, tuple):
            return tuple(parse(text) for text in value)
        return None if value is None else parse(value)

    return callback


def workers_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--workers`: how many work at a time."""
    return click.option(
        "-w",
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="How many at a time.  [default: number of cores]",
    )(function)


def zooms_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--zoom`; the command receives `zooms`, or None."""
    return click.option(
        "-z",
        "--zoom",
        "zooms",
        callback=parsed_by(parse_zooms),
        metavar="ZOOM|MIN,MAX",
        help=text,
    )


def bounds_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--bounds`, four numbers or None."""
    return click.option(
        "-b",
        "--bounds",
        type=(float, float, float, float),
        metavar="LEFT BOTTOM RIGHT TOP",
        help=text,
    )


_AREA_OPTIONS = (
    zooms_option("One zoom, or the first and the last."),
    bounds_option("Only tiles in this box, in the CRS of the pyramid or of --bounds-crs."),
    click.option("--bounds-crs", metavar="CRS", help="CRS of --bounds, such as EPSG:4326."),
    click.option(
        "-a",
        "--area",
        metavar="WKT|FILE",
        help="Only tiles in this area: WKT, or a vector file.",
    ),
    click.option("--area-crs", metavar="CRS", help="CRS of --area where it is WKT."),
    click.option(
        "-p",
        "--point",
        type=(float, float),
        metavar="X Y",
        help="Only tiles over this point, in the CRS of the pyramid or of --point-crs.",
    ),
    click.option("--point-crs", metavar="CRS", help="CRS of --point, such as EPSG:4326."),
)


def _check_area(where: Where) -> None:
    if where.point is not None and (where.bounds is not None or where.area is not None):
        raise click.UsageError("--point goes with neither --bounds nor --area.")


def area_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-z -b -a -p` and their CRSs; the command receives one `where: Where`."""
    return collecting(function, _AREA_OPTIONS, "where", Where, _check_area)


def input_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--input-file`; the command receives `inputs`, as orders have them."""
    option = click.option(
        "-i",
        "--input-file",
        "inputs",
        multiple=True,
        metavar="[NAME=]PATH",
        callback=lambda _context, _parameter, value: parse_inputs(value),
        help="Read this instead of the path in the file; the name may be left out when the process "
        "has one input. Can be given several times.",
    )
    return option(function)


def parse_inputs(values: tuple[str, ...]) -> Inputs:
    """The path of the only input, or paths by the names of inputs; raises `click.UsageError`."""
    if not values:
        return None
    pairs = [value.partition("=") for value in values]
    # A path may hold a "=" too, but what stands before it then is no name.
    named = {name: path for name, sign, path in pairs if sign and name.isidentifier()}
    if len(named) == len(values):
        return tuple(named.items())
    if len(values) == 1:
        return values[0]
    raise click.UsageError("Several --input-file must be NAME=PATH, each name once.")


def vrt_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--vrt` and `--idx-out-dir`, for commands that make tiles."""
    return click.option(
        "--vrt", is_flag=True, help="Then write all tiles of each zoom as one raster, for GDAL."
    )(
        click.option(
            "--idx-out-dir", metavar="FOLDER", help="Where --vrt writes.  [default: the output]"
        )(function)
    )


@dataclass(frozen=True, kw_only=True)
class RunChoices:
    """How: as given at the command line."""

    concurrency: Concurrency
    """What the workers are."""
    workers: int | None
    """How many at a time; as many as there are cores when None."""
    dask_scheduler: str | None
    """Address of a running scheduler; a cluster on this machine when None."""
    overwrite: bool
    """Compute also what is done already."""
    fail_fast: bool
    """Stop at the first failed tile."""
    tile_timeout: float | None = None
    """Seconds that a tile may take."""
    log_format: str
    """`text` or `json`."""
    progress: bool
    """Whether to show progress."""
    verbose: bool
    """One line per tile, and the log's INFO lines."""
    debug: bool = False
    """Every event and all of the log on stderr, and no progress."""

    @property
    def how(self) -> How:
        """The part of an order."""
        return How(
            concurrency=self.concurrency,
            workers=self.workers,
            dask_scheduler=self.dask_scheduler,
            overwrite=self.overwrite,
            fail_fast=self.fail_fast,
            tile_timeout=self.tile_timeout,
        )


_RUN_OPTIONS = (
    click.option(
        "-o", "--overwrite", is_flag=True, help="Compute also the tiles that are done already."
    ),
    click.option(
        "--fail-fast", is_flag=True, help="Stop at the first failed tile (default: go on)."
    ),
    click.option(
        "--tile-timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="A tile that takes longer has failed; its worker is ended and replaced. Not with "
        "--concurrency threads or none.  [default: no limit]",
    ),
    click.option(
        "--concurrency",
        type=click.Choice(CONCURRENCIES),
        default="processes",
        show_default=True,
        help="What the workers are.",
    ),
    click.option(
        "-w",
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Number of workers.  [default: number of cores]",
    ),
    click.option(
        "--dask-scheduler",
        metavar="ADDRESS",
        help="With --concurrency dask: a running scheduler, such as tcp://host:8786.  "
        "[default: a cluster on this machine]",
    ),
    click.option(
        "--log-format",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="json: one JSON object per line on stderr, no progress bar.",
    ),
    click.option(
        "--progress/--no-progress",
        " /--no-pbar",
        default=True,
        help="Show progress: a bar on a terminal, else a line every few seconds.  [default: yes]",
    ),
    click.option("-v", "--verbose", is_flag=True, help="One line per tile."),
    debug_option(),
    logfile_option(),
    without_effect("--dask-no-task-graph", "--no-task-graph", reason=NO_GRAPH),
)


def _check_run(how: RunChoices) -> None:
    if how.dask_scheduler is not None and how.concurrency != "dask":
        raise click.UsageError("--dask-scheduler needs --concurrency dask.")
    if how.tile_timeout is not None and how.concurrency in ("threads", "none"):
        raise click.UsageError(
            "--tile-timeout needs --concurrency processes or dask: a tile that hangs can only be "
            "ended with the process that it runs in."
        )


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run; the command receives one `how: RunOptions`."""
    return collecting(function, _RUN_OPTIONS, "how", RunChoices, _check_run)
