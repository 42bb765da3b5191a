"""MBTiles 1.3 (github.com/mapbox/mbtiles-spec): one SQLite file, rows counted from the south."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import OutputError
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.workflows.export._archive import INDEX, KEY, TILES, settle

if TYPE_CHECKING:
    from automap_tiles.workflows.export._ledger import Ledger
    from automap_tiles.workflows.export._sink import Description

_APPLICATION = 0x4D504258
"""`MPBX`, by which `file` and others recognise an MBTiles file (section "Database")."""


def pack(ledger: Ledger, description: Description, out: Path) -> None:
    """Write the archive from a part file, which is kept until the archive is in place.

    Raises `OutputError`, or SQLite's errors.
    """
    packed = ledger.path.with_name(f"{ledger.path.name}.packed")
    for left in (packed, packed.with_name(f"{packed.name}-journal")):  # left by a killed export
        left.unlink(missing_ok=True)
    try:
        ledger.copy_to(packed, _statements(description))
        raise_if_stopped()
    except BaseException:
        packed.unlink(missing_ok=True)
        raise
    settle(packed, out)


def _statements(description: Description) -> list[tuple[str, tuple[str, ...]]]:
    """Make the database `packed` an archive with the tiles of `main`."""
    rows = _metadata(description).items()
    return [
        (f"PRAGMA packed.application_id = {_APPLICATION}", ()),
        ("CREATE TABLE packed.metadata (name TEXT, value TEXT)", ()),
        *(("INSERT INTO packed.metadata VALUES (?, ?)", row) for row in rows),
        (TILES.format("packed.tiles"), ()),
        (
            "INSERT INTO packed.tiles SELECT * FROM main.tiles "
            "ORDER BY zoom_level, tile_column, tile_row",
            (),
        ),
        (INDEX.format("packed.tile_index"), ()),
    ]


def read_metadata(path: Path) -> Mapping[str, Any]:
    """Name and value of all metadata entries; raises `OutputError` for other files."""
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return dict(database.execute("SELECT name, value FROM metadata"))
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        raise OutputError(f"is not an MBTiles file: {error}", path) from error


def _metadata(description: Description) -> dict[str, str]:
    first, last = description.zooms
    lon, lat = description.center
    return {
        "name": description.title,
        "format": description.image.value,
        "bounds": ",".join(f"{value:.7f}" for value in description.box),
        "center": f"{lon:.7f},{lat:.7f},{first}",
        "minzoom": str(first),
        "maxzoom": str(last),
        "attribution": description.attribution,
        "description": description.title,
        "type": "overlay",
        KEY: json.dumps(description.made_of),
    }
