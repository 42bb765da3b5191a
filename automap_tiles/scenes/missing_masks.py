"""Requested masks that a scene has no quality layer for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from automap_tiles.errors import InputError
from automap_tiles.missions import FLAG_NAMES, Flag, quality_layer
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.scenes.masks import OWN_LAYERS, FlagSource, layers_used

if TYPE_CHECKING:
    from automap_tiles.missions import Scene


def unmasked(scene: Scene, flags: Flag, making: FlagSource = OWN_LAYERS) -> Flag:
    """Requested flags that the scene lacks although its satellite could provide them.

    Thematic mapper data never have cirrus, for which the sensor has no band; it counts as missing
    only if all other flags are missing too. Flags of a masker are its own concern.
    """
    if making.masking is not None:
        return Flag(0)
    wanted = flags & ~Flag.FILL
    told = _told(file.layer for file in layers_used(scene))
    if scene.clouds is not None:
        told |= Flag.CLOUD | Flag.CIRRUS
    if making.project_shadow:
        told |= Flag.SHADOW
    possible = _told(scene.instrument.quality)
    return wanted & ~told & possible if wanted & told else wanted


def notes_of(
    scenes: Iterable[Scene], flags: Flag, making: FlagSource = OWN_LAYERS
) -> tuple[Note, ...]:
    """One note for each set of flags that scenes have no mask for, listing the scenes."""
    names: dict[Flag, list[str]] = defaultdict(list)
    for scene in scenes:
        missing = unmasked(scene, flags, making)
        if missing:
            names[missing].append(scene.id)
    return tuple(
        Note.of(
            ids,
            fate=Fate.IGNORED,
            subject=Subject.MASKS,
            reason=f"no quality layer of the scene tells of {_words(missing)}: not masked",
            remedy="--masker makes masks from the bands, --require-mask refuses such scenes",
        )
        for missing, ids in names.items()
    )


def refuse(notes: Sequence[Note], source: str) -> None:
    """Raise `InputError` if masks are required and some scenes have none."""
    if notes:
        said = "; ".join(f"{note.reason} ({', '.join(note.examples)})" for note in notes)
        count = sum(note.count for note in notes)
        raise InputError(
            f"a mask is required, and {count} scenes lack it: {said}; leave them out, ask for "
            "other flags or for a masker",
            source,
        )


def _told(layers: Iterable[str]) -> Flag:
    told = Flag(0)
    for name in layers:
        for rule in quality_layer(name).rules:
            told |= rule.flag
    return told


def _words(flags: Flag) -> str:
    return ", ".join(name for name in FLAG_NAMES if flags & Flag[name.upper()])
