"""Process hashes of an output, stored apart from its journal in case that is lost.

Without them tiles made with other parameters would look like finished ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automap_tiles.engine.journal._rows import HASHES
from automap_tiles.errors import JournalError

if TYPE_CHECKING:
    from automap_tiles.engine.journal._location import JournalLocation


@dataclass(frozen=True, kw_only=True)
class OutputProvenance:
    """Hashes of the process that wrote an output."""

    hashes: dict[str, str]
    is_pure: bool
    """Whether all tiles are of it: not while some of before an overwriting are left."""


def read_provenance(place: JournalLocation) -> OutputProvenance | None:
    """Hashes of an output; None if not stored. Raises `JournalError`."""
    try:
        content = place.storage.get(place.record_key)
    except FileNotFoundError:
        return None
    try:
        said: dict[str, Any] = json.loads(content)
        return OutputProvenance(
            hashes={name: str(said[name]) for name in HASHES}, is_pure=bool(said["is_pure"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(
            f"{place.folder}/{place.record_key}: does not say what the output was made of: "
            f"{error!r}; if it may be made anew, delete this file and run with --overwrite"
        ) from error


def write_provenance(place: JournalLocation, made_of: OutputProvenance) -> None:
    """Store the hashes, unless they are already stored."""
    said = {**made_of.hashes, "is_pure": made_of.is_pure}
    wanted = json.dumps(said, indent=1).encode()
    try:
        if place.storage.get(place.record_key) == wanted:
            return
    except FileNotFoundError:
        pass
    place.storage.put(place.record_key, wanted)
