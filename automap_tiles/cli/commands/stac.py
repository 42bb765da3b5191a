"""`automap stac`: what catalogues know of tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from automap_tiles.cli.options.common import bounds_option, zooms_option
from automap_tiles.cli.options.mapchete import WithWords, log_words


@click.group()
def command() -> None:
    """Tell catalogues of tiles, by a STAC item."""


@command.command("create-item", cls=WithWords)
@click.argument("tiles", metavar="TILE_DIRECTORY")
@click.option("-i", "--item-id", metavar="TEXT", help="[default: the name of the folder]")
@click.option(
    "-m",
    "--item-metadata",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.yaml",
    help="More properties of the item, such as datetime.",
)
@zooms_option("One zoom, or the first and the last.  [default: all that have tiles]")
@click.option(
    "-p",
    "--item-path",
    metavar="FILE.json",
    help="Where to write.  [default: into the folder, by its id]",
)
@click.option("--asset-basepath", metavar="PATH", help="Write this before the tiles' own part.")
@click.option("--relative-paths", is_flag=True, help="Name the tiles from the item's folder.")
@click.option(
    "--indent",
    type=click.IntRange(0, 16),
    default=4,
    show_default=True,
    help="Blanks before each level of the JSON.",
)
@bounds_option("What the item is about.  [default: what the tiles cover]")
@click.option("--bounds-crs", metavar="CRS", help="CRS of --bounds, such as EPSG:4326.")
@click.option("-f", "--force", is_flag=True, help="Replace an item that is there.")
@log_words
def create_item(  # noqa: PLR0913 - the options
    *,
    tiles: str,
    item_id: str | None,
    item_metadata: Path | None,
    zooms: tuple[int, ...] | None,
    item_path: str | None,
    asset_basepath: str | None,
    relative_paths: bool,
    indent: int,
    bounds: tuple[float, float, float, float] | None,
    bounds_crs: str | None,
    force: bool,
) -> None:
    """Write a STAC item of a tile directory.

    It is of the tiled-assets extension: GDAL opens it as one raster, catalogues find it.
    """
    from automap_tiles.cli.show.notes import show_note, showing_notes
    from automap_tiles.storage import Address
    from automap_tiles.workflows.subset import Subset
    from automap_tiles.workflows.tiles.stac import ItemRequest, item_of, write_item

    wish = ItemRequest(
        tiles=tiles,
        id=item_id,
        where=Subset(zooms=zooms, bounds=bounds, bounds_crs=bounds_crs),
        metadata={} if item_metadata is None else _metadata(item_metadata),
        asset_basepath=asset_basepath,
        relative=relative_paths,
    )
    with showing_notes(show_note("text")):
        place, item = item_of(wish)
    path = item_path or place
    if not force and Address.of(path).exists():
        raise click.UsageError(f"{path} is there already; --force replaces it.")
    write_item(item, path, indent)
    click.echo(path)


@command.command("create-prototype-files", cls=WithWords)
@click.argument("tiles", metavar="TILE_DIRECTORY")
@click.option("-f", "--force", is_flag=True, hidden=True)
@log_words
def create_prototype_files(*, tiles: str, force: bool) -> None:  # noqa: ARG001 - as in mapchete
    """Say that nothing is needed for the item to be opened.

    GDAL asks for a blank tile at the corner of each zoom only where an item does not say dtype and
    nodata of its bands. Ours does, and a blank tile would count as one that was made.
    """
    from automap_tiles.workflows.tiles.stac import ItemRequest, item_of

    place, _ = item_of(ItemRequest(tiles=tiles, metadata={"datetime": "unknown"}))
    click.echo(
        f"Nothing to write: {place}, as `automap stac create-item` writes it, is opened without."
    )


def _metadata(path: Path) -> dict[str, Any]:
    from automap_tiles.errors import ConfigError
    from automap_tiles.runtime.document import read_document

    values = read_document(path).values
    if not all(isinstance(key, str) for key in values):
        raise ConfigError("has a key that is not text", file=path)
    return values
