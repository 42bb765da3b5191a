"""Report zooms that are read from a tile directory although it has no tiles there."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.formats.tiles._listing import first_tile, has_tiles
from automap_tiles.notes import Fate, Note, Subject, tell


def report_missing_zooms(files: TileFiles, zooms: Iterable[int]) -> None:
    """Note a tile without data because the folder has no tiles of these zooms at all."""
    missing = sorted(zooms)
    if not missing or not all(_lacks(files, zoom) for zoom in missing):
        return
    tell(
        Note(
            fate=Fate.LOST,
            subject=Subject.TILES,
            reason=f"{files.storage.root} has tiles, but none of the zoom that is as fine as these",
            examples=tuple(f"zoom {zoom}" for zoom in missing),
            remedy="max_zoom under the input for tiles that are coarser than that, other "
            "zoom_levels, or tile_directory_zoom or fallback_to_higher_zoom of read()",
        )
    )


@lru_cache(maxsize=256)
def _lacks(files: TileFiles, zoom: int) -> bool:
    """Whether a folder has tiles, but none of a zoom.

    For keys that do not begin with the zoom this would require a complete listing, which is not
    made.
    """
    if not files.layout.schema.startswith("{zoom}/") or has_tiles(files, zoom):
        return False
    return first_tile(files) is not None
