"""The default style of an output, stored beside its tiles.

Who looks at the process, at the folder of its tiles, or exports them sees the same. It counts for
as long as the tiles are of the process that it was found for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from automap_tiles.engine.journal import JournalLocation, JournalReader
from automap_tiles.errors import JournalError, OutputError
from automap_tiles.layers.layer import Query

NAME = "look.json"


def kept_look(place: JournalLocation, hashes: Mapping[str, str]) -> Query | None:
    """The look that was kept for tiles of the process of these hashes."""
    key = f"{place.prefix}{NAME}"
    try:
        found = json.loads(place.storage.get(key) or b"null")
    except (OutputError, OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("of") != dict(hashes):
        return None
    return _query(found.get("style"))


def look_of_stored(place: JournalLocation) -> Query | None:
    """The look that was kept for the tiles that a run has made, by their journal."""
    try:
        if not place.storage.exists(f"{place.prefix}{NAME}"):
            return None  # the journal of an object store has to be fetched
        with JournalReader.at(place) as journal:
            run = journal.last_run()
    except (JournalError, OutputError, OSError):
        return None
    return None if run is None else kept_look(place, run.hashes)


def keep_look(place: JournalLocation, hashes: Mapping[str, str], look: Query) -> None:
    """Keep a look; raises `OutputError` when it cannot be written."""
    said = {"of": dict(hashes), "style": {key: list(values) for key, values in look.items()}}
    place.storage.put(f"{place.prefix}{NAME}", json.dumps(said, indent=1).encode())


def _query(value: Any) -> Query | None:
    """A style as it was kept; None for what is none."""
    if not isinstance(value, dict) or not value:
        return None
    if not all(isinstance(each, list) and all(isinstance(text, str) for text in each)
               for each in value.values()):  # fmt: skip
        return None
    return {key: tuple(texts) for key, texts in value.items()}
