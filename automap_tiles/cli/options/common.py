"""Options that several commands share, and what their values become."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import click

from automap_tiles.cli.options._collecting import collecting
from automap_tiles.workflows.execution import Concurrency
from automap_tiles.workflows.subset import Subset, Value

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


def dask_scheduler_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--dask-scheduler`: the address of a scheduler that runs already."""
    return click.option(
        "--dask-scheduler",
        metavar="ADDRESS",
        help="With --concurrency dask: a running scheduler, such as tcp://host:8786.  "
        "[default: a cluster on this machine]",
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


def _check_area(where: Subset) -> None:
    if where.point is not None and (where.bounds is not None or where.area is not None):
        raise click.UsageError("--point goes with neither --bounds nor --area.")


def area_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-z -b -a -p` and their CRSs; the command receives one `where: Where`."""
    return collecting(function, _AREA_OPTIONS, "where", Subset, _check_area)


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


def check_vrt(vrt: bool, idx_out_dir: str | None) -> None:
    """Raise `click.UsageError` for a folder of what is not to be written."""
    if idx_out_dir is not None and not vrt:
        raise click.UsageError("--idx-out-dir says where --vrt writes, which is not given.")


def vrt_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--vrt` and `--idx-out-dir`, for commands that make tiles."""
    return click.option(
        "--vrt", is_flag=True, help="Then write all tiles of each zoom as one raster, for GDAL."
    )(
        click.option(
            "--idx-out-dir", metavar="FOLDER", help="Where --vrt writes.  [default: the output]"
        )(function)
    )
