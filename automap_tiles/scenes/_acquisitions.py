"""Duplicate deliveries of one acquisition: reprocessed products and copies.

The same rule holds for folders and catalogues. Acquisitions are identified by metadata (satellite,
tile, time, datastrip, place), never by names. The mission ranks the deliveries
(`Deliveries.merits`); among equals the latest processing wins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from automap_tiles.missions import SAME_TIME, Deliveries, Level, Merit, Scene, mission_of, utc
from automap_tiles.vector import intersection_across_antimeridian

_NOT_SAID = "of no name"
_SAME_PLACE = 0.9
"""Share of the smaller footprint: the two halves of a tile split between datastrips overlap
little."""
_SAME_COVER = 10.0
"""Per cent of a tile without data: reprocessing shifts the data's edge by some pixels."""


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """Rank of a delivery; higher is better."""

    ranks: tuple[tuple[int, ...], ...]
    """Ranks by the mission's criteria, in order of their weight."""
    processed: str
    """UTC, sorts chronologically as text; empty: unknown."""


def acquisitions(scenes: Iterable[Scene]) -> list[list[Scene]]:
    """Group scenes by acquisition, the best delivery first.

    The result is independent of the scenes' order, except for identical copies.
    """
    groups: list[list[Scene]] = []
    near: dict[tuple[str, str | None, Level, date], list[list[Scene]]] = defaultdict(list)
    for scene in _best_first(scenes):
        keys = [
            (scene.sensor, scene.tile or scene.id, scene.kind, scene.time.date() + shift)
            for shift in (timedelta(), timedelta(days=-1), timedelta(days=1))
        ]
        there = chain.from_iterable(near[key] for key in keys)
        own = next((group for group in there if _is_same(group[0], scene)), None)
        if own is None:
            groups.append([scene])
            near[keys[0]].append(groups[-1])
        else:
            own.append(scene)
    return groups


def why_lesser(scene: Scene, better: Scene) -> str:
    """Why a delivery loses to another one of the same acquisition."""
    one, other = standing(scene), standing(better)
    for own, theirs in zip(_merits(scene), _merits(better), strict=True):
        if own.rank != theirs.rank:
            said, instead = own.said or _NOT_SAID, theirs.said or _NOT_SAID
            return f"{own.word} {said}, and {instead} of the same acquisition is there"
    if one.processed != other.processed:
        return "processed earlier than another delivery of the same acquisition"
    return "the same acquisition once more"


def standing(scene: Scene) -> Standing:
    """Rank of a delivery, from its metadata or else its product name."""
    return Standing(
        ranks=tuple(merit.rank for merit in _merits(scene)),
        processed=utc(_deliveries(scene).processed(scene)),
    )


def _best_first(scenes: Iterable[Scene]) -> Sequence[Scene]:
    """Sort by rank; product names end with the processing time, which breaks ties."""
    by_name = sorted(scenes, key=lambda scene: scene.id, reverse=True)
    return sorted(by_name, key=standing, reverse=True)


def _is_same(one: Scene, two: Scene) -> bool:
    if abs(one.time - two.time) > _deliveries(one).tolerance(one) or _is_other_piece(one, two):
        return False
    if one.footprint is None or two.footprint is None:
        return True
    smaller = min(one.footprint.area, two.footprint.area)
    common = intersection_across_antimeridian(one.footprint, two.footprint).area
    return bool(smaller == 0 or common >= _SAME_PLACE * smaller)


def _is_other_piece(one: Scene, two: Scene) -> bool:
    """Whether two scenes are different pieces of a tile split between two datastrips."""
    starts = [_deliveries(scene).began(scene) for scene in (one, two)]
    if None not in starts and abs(starts[0] - starts[1]) > SAME_TIME:  # type: ignore[operator]
        return True
    empty = [scene.metadata.get("nodata_cover") for scene in (one, two)]
    known = [float(cover) for cover in empty if cover is not None]
    return len(known) == 2 and abs(known[0] - known[1]) > _SAME_COVER


def _merits(scene: Scene) -> tuple[Merit, ...]:
    return _deliveries(scene).merits(scene)


def _deliveries(scene: Scene) -> Deliveries:
    return mission_of(scene.sensor).deliveries
