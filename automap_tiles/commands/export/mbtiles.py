"""MBTiles 1.3 (github.com/mapbox/mbtiles-spec): one SQLite file, rows counted from the south."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.commands.export.archive import KEY, settle
from automap_tiles.errors import OutputError

if TYPE_CHECKING:
    from automap_tiles.commands.export.ledger import Ledger
    from automap_tiles.commands.export.sink import Description

_APPLICATION = 0x4D504258
"""`MPBX`, by which `file` and others know an MBTiles file (section "Database")."""


def pack(ledger: Ledger, description: Description, out: Path) -> None:
    """Turn a part file into the archive itself."""
    database = ledger.database
    database.execute("DROP TABLE painted")
    database.execute("DROP TABLE export")
    database.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
    database.executemany("INSERT INTO metadata VALUES (?, ?)", _metadata(description).items())
    database.execute(f"PRAGMA application_id = {_APPLICATION}")
    if database.in_transaction:
        database.execute("COMMIT")
    # Written anew: a file that was changed many times counts its changes in its header.
    packed = ledger.path.with_name(f"{ledger.path.name}.packed")
    packed.unlink(missing_ok=True)
    database.execute("VACUUM INTO ?", (str(packed),))
    ledger.close()
    settle(packed, out)


def read_metadata(path: Path) -> Mapping[str, Any]:
    """Name and value of all entries; raises `OutputError` for another file."""
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return dict(database.execute("SELECT name, value FROM metadata"))
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        raise OutputError(f"is no MBTiles file: {error}", path) from error


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
