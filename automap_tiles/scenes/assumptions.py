"""What was assumed about scenes whose products do not state it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from automap_tiles.notes import Fate, Note, Subject

if TYPE_CHECKING:
    from automap_tiles.missions import Scene

_REASONS = {
    "time": "the product does not state the time of day: estimated",
    "sensor": "the product does not state which satellite of the constellation saw it: by its date",
    "platform": "the catalogue states another satellite of the constellation than the name of the "
    "product: taken as its name says",
    "sun_elevation": "the product does not state the sun's elevation: reflectance is computed from "
    "the one at the time of the overpass",
    "baseline": "the product does not state its processing baseline: the offset of its numbers is "
    "that of its date",
}
"""By the names in `estimated` of a scene's metadata."""
_BY_ITEM = {"platform"}
"""What is stated, but by the item of a catalogue against the name of the product."""
_REMEDY = "products with their metadata file (MTL, MTD) state it"


def notes_of(scenes: Sequence[Scene], max_cloud_cover: float | None = None) -> Iterator[Note]:
    """One note for each property that was estimated, listing the scenes.

    With a limit of cloud cover, in per cent, there is another for scenes of unknown cover: they are
    used.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for scene in scenes:
        for estimated in scene.metadata.get("estimated", ()):
            names[estimated].append(scene.id)
    for estimated, ids in sorted(names.items()):
        yield Note.of(
            ids,
            fate=Fate.GUESSED,
            subject=Subject.SCENES,
            reason=_REASONS.get(estimated, f"the product does not state {estimated}: estimated"),
            remedy=None if estimated in _BY_ITEM else _REMEDY,
        )
    unknown = [scene.id for scene in scenes if scene.cloud_cover is None]
    if max_cloud_cover is not None and unknown:
        yield Note.of(
            unknown,
            fate=Fate.GUESSED,
            subject=Subject.SCENES,
            reason=f"cloud cover is not known: used, though at most {max_cloud_cover:g} % is asked "
            "for",
        )
