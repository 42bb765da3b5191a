"""One acquisition that a catalogue holds several times: processed again, or a first delivery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import chain
from typing import Any

from automap_tiles.scenes.scene import Scene

_SAME_TIME = timedelta(seconds=10)
_SAME_PLACE = 0.9
"""Share of the smaller footprint: two halves of a tile that a datastrip ends in overlap little."""

_TIERS = {"RT": 0, "T2": 1, "T1": 2}


def without_duplicates(
    scenes: Iterable[Scene],
) -> tuple[list[Scene], list[tuple[str, str]]]:
    """The newest of each acquisition, and the others with the reason why they are left out."""
    kept: list[Scene] = []
    dropped: list[tuple[str, str]] = []
    groups: dict[tuple[str, str, str, date], list[Scene]] = defaultdict(list)
    for scene in sorted(scenes, key=_age, reverse=True):
        if scene.tile is None:
            kept.append(scene)
            continue
        kind = (scene.sensor, scene.tile, (scene.level or "")[:2])
        day = scene.time.date()
        near = [groups[*kind, day + timedelta(days=shift)] for shift in (-1, 0, 1)]
        newer = next((other for other in chain(*near) if _is_same(scene, other)), None)
        if newer is None:
            near[1].append(scene)
            kept.append(scene)
        else:
            dropped.append((scene.id, f"the same as {newer.id}, which is newer"))
    return kept, dropped


def _age(scene: Scene) -> tuple[Any, ...]:
    """Sorts what is older or less good first; ids make it the same every time."""
    metadata = scene.metadata
    return (
        _TIERS.get(str(metadata.get("tier")), 3),
        str(metadata.get("baseline", "")),
        str(metadata.get("created", "")),
        scene.id,
    )


def _is_same(scene: Scene, other: Scene) -> bool:
    if abs(scene.time - other.time) > _tolerance(scene):
        return False
    one, two = scene.footprint, other.footprint
    if one is None or two is None:
        return True
    smaller = min(one.area, two.area)
    return bool(smaller == 0 or one.intersection(two).area >= _SAME_PLACE * smaller)


def _tolerance(scene: Scene) -> timedelta:
    # Some Landsat items say only the day, and a path and row is seen once a day at most.
    return timedelta(hours=23) if scene.sensor.startswith("landsat") else _SAME_TIME
