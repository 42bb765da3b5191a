"""`automap tiles`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.common import area_options
from automap_tiles.workflows.subset import Subset

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.grid import Pyramid


@click.command()
@click.argument("mapchete_file", required=False, type=click.Path(exists=True, dir_okay=False))
@area_options
@click.option(
    "--grid",
    type=click.Choice(("geodetic", "mercator")),
    help="Instead of MAPCHETE_FILE: tiles of this grid.",
)
@click.option("--metatiling", type=int, default=1, show_default=True, help="With --grid.")
@click.option("--count", is_flag=True, help="Only how many there are per zoom.")
def command(
    mapchete_file: str | None, where: Subset, grid: str | None, metatiling: int, count: bool
) -> None:
    """List or count the tiles of a process, or of a grid.

    One tile per line: zoom, row and column of the metatile, as `execute --tile` takes them. Tiles
    are those that share area with the process's area and inputs, or with --bounds and --area.
    """
    if (mapchete_file is None) == (grid is None):
        raise click.UsageError("Give either a MAPCHETE_FILE or --grid.")
    if grid is not None:
        source = _of_grid(grid, metatiling, where)
    else:
        assert mapchete_file is not None  # one of the two is given
        source = _of_process(mapchete_file, where)
    if count:
        _print_counts(*source)
    else:
        _print_tiles(*source)


_AreaAt = Callable[[int], "BaseGeometry"]


def _of_process(path: str, where: Subset) -> tuple[Pyramid, tuple[int, ...], _AreaAt]:
    from automap_tiles.workflows.selections import open_narrowed

    process = open_narrowed(path, where)
    return process.pyramid, process.zooms, process.area_at


def _of_grid(grid: str, metatiling: int, where: Subset) -> tuple[Pyramid, tuple[int, ...], _AreaAt]:
    from automap_tiles.grid import Pyramid
    from automap_tiles.workflows.selections import area_of

    if where.zooms is None:
        raise click.UsageError("--grid needs --zoom.")
    pyramid = Pyramid.from_grid(grid, metatiling=metatiling)
    area = area_of(where, pyramid)
    whole = pyramid.bounds.polygon() if area is None else area
    return pyramid, where.zooms, lambda _: whole


def _print_tiles(pyramid: Pyramid, zooms: tuple[int, ...], area_at: _AreaAt) -> None:
    from automap_tiles.grid import cover

    for zoom in zooms:
        for index in cover.tiles(pyramid, area_at(zoom), zoom):
            click.echo(f"{index.zoom} {index.row} {index.col}")


def _print_counts(pyramid: Pyramid, zooms: tuple[int, ...], area_at: _AreaAt) -> None:
    from automap_tiles.grid import cover

    total = 0
    for zoom in zooms:
        number = cover.count(pyramid, area_at(zoom), zoom)
        total += number
        click.echo(f"{zoom} {number}")
    click.echo(f"total {total}")
