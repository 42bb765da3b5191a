"""The default style of an output, stored beside its tiles.

So the process, the folder of its tiles and exports look the same. It is valid as long as the tiles
are those of the process that it was determined for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from automap_tiles.engine.journal import JournalLocation, JournalReader
from automap_tiles.errors import JournalError, OutputError
from automap_tiles.layers.layer import Query

NAME = "look.json"


def stored_style(place: JournalLocation, hashes: Mapping[str, str]) -> Query | None:
    """The style stored for tiles of the process with these hashes."""
    key = f"{place.prefix}{NAME}"
    try:
        found = json.loads(place.storage.get(key) or b"null")
    except (OutputError, OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("of") != dict(hashes):
        return None
    return _query(found.get("style"))


def style_of_stored(place: JournalLocation) -> Query | None:
    """The style stored for the tiles of a run, by their journal."""
    try:
        if not place.storage.exists(f"{place.prefix}{NAME}"):
            return None  # the journal of an object store would have to be downloaded
        with JournalReader.at(place) as journal:
            run = journal.last_run()
    except (JournalError, OutputError, OSError):
        return None
    return None if run is None else stored_style(place, run.hashes)


def store_style(place: JournalLocation, hashes: Mapping[str, str], look: Query) -> None:
    """Store a style; raises `OutputError` if it cannot be written."""
    said = {"of": dict(hashes), "style": {key: list(values) for key, values in look.items()}}
    place.storage.put(f"{place.prefix}{NAME}", json.dumps(said, indent=1).encode())


def _query(value: Any) -> Query | None:
    """A stored style; None if it is invalid."""
    if not isinstance(value, dict) or not value:
        return None
    if not all(isinstance(each, list) and all(isinstance(text, str) for text in each)
               for each in value.values()):  # fmt: skip
        return None
    return {key: tuple(texts) for key, texts in value.items()}
