"""One acquisition that comes several times: a first delivery, processed again, copied.

One rule for folders and catalogues. What is the same acquisition is told by metadata (satellite,
tile, time, datastrip, place), never by names; the best delivery has the best tier (T1, T2, RT), the
best correction (L1TP, L1GT, L1GS; L2SP, L2SR), the newest collection or baseline, and among those
it was processed last.

Tiers and levels: USGS, "Landsat Collection 2 data dictionary" (LSDS-1618). Baselines: ESA,
Sentinel-2 products specification document; 99.xx is what sen2cor writes when it is run at home.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain

from automap_tiles.missions import Level, Scene
from automap_tiles.missions.landsat.names import delivery
from automap_tiles.missions.sentinel2.baseline import is_official, parse_baseline
from automap_tiles.missions.sentinel2.names import datastrip_start

_SAME_TIME = timedelta(seconds=10)
_SAME_PLACE = 0.9
"""Share of the smaller footprint: two halves of a tile that a datastrip ends in overlap little."""
_SAME_COVER = 10.0
"""Per cent of a tile without data: processing again moves the edge of the data by some pixels."""

_TIERS = {"RT": 0, "T2": 1, "A2": 1, "T1": 2, "A1": 2}
_UNKNOWN_TIER = 1
"""Before the collections there were no tiers: better than real time, no better than the rest."""
_LEVELS = {"L1GS": 0, "L1G": 0, "L1GT": 1, "L1TP": 2, "L1T": 2, "L2SR": 1, "L2SP": 2}
_WORDS = ("tier", "level", "collection", "baseline")


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """What makes one delivery better than another; the greater the better."""

    tier: int
    level: int
    collection: int
    baseline: tuple[bool, int, int]
    """Whether it is ESA's own, and its number."""
    processed: str
    """In UTC, such that texts sort by time; empty: not known."""


def acquisitions(scenes: Iterable[Scene]) -> list[list[Scene]]:
    """Deliveries of each acquisition together, the best one first.

    The result does not depend on the order of the scenes, but for copies that are quite the same.
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
    """Why a delivery is set aside for another one of the same acquisition."""
    one, other = standing(scene), standing(better)
    for word in _WORDS:
        if getattr(one, word) != getattr(other, word):
            said, instead = _said(scene, word), _said(better, word)
            return f"{word} {said}, and {instead} of the same acquisition is there"
    if one.processed != other.processed:
        return "processed earlier than another delivery of the same acquisition"
    return "the same acquisition once more"


def standing(scene: Scene) -> Standing:
    """How good a delivery is, from its metadata, or else from the product's own name."""
    named = delivery(str(scene.metadata.get("product") or scene.id))
    tier = scene.metadata.get("tier") or (named.tier if named else None)
    collection = scene.metadata.get("collection") or (named.collection if named else None)
    processed = scene.metadata.get("created") or (named.processed if named else None)
    return Standing(
        tier=_TIERS.get(str(tier), _UNKNOWN_TIER),
        level=_LEVELS.get(scene.level or "", 0),
        collection=_whole(collection),
        baseline=_baseline(str(scene.metadata.get("baseline") or "")),
        processed=_utc(str(processed or "")),
    )


def _best_first(scenes: Iterable[Scene]) -> Sequence[Scene]:
    """The names of processings that nothing else tells apart end with their time."""
    by_name = sorted(scenes, key=lambda scene: scene.id, reverse=True)
    return sorted(by_name, key=standing, reverse=True)


def _is_same(one: Scene, two: Scene) -> bool:
    if abs(one.time - two.time) > _tolerance(one) or _is_other_piece(one, two):
        return False
    if one.footprint is None or two.footprint is None:
        return True
    smaller = min(one.footprint.area, two.footprint.area)
    common = one.footprint.intersection(two.footprint).area
    return bool(smaller == 0 or common >= _SAME_PLACE * smaller)


def _is_other_piece(one: Scene, two: Scene) -> bool:
    """Whether they are pieces of one tile, which ends in two datastrips."""
    starts = [datastrip_start(str(scene.metadata.get("datastrip") or "")) for scene in (one, two)]
    if None not in starts and abs(starts[0] - starts[1]) > _SAME_TIME:  # type: ignore[operator]
        return True
    empty = [scene.metadata.get("nodata_cover") for scene in (one, two)]
    known = [float(cover) for cover in empty if cover is not None]
    return len(known) == 2 and abs(known[0] - known[1]) > _SAME_COVER


def _tolerance(scene: Scene) -> timedelta:
    # Some Landsat items say only the day, and a path and row is seen once a day at most.
    is_path_and_row = scene.sensor.startswith("landsat") and scene.tile is not None
    return timedelta(hours=23) if is_path_and_row else _SAME_TIME


def _said(scene: Scene, word: str) -> str:
    own = scene.level if word == "level" else scene.metadata.get(word)
    named = delivery(str(scene.metadata.get("product") or scene.id))
    return str(own or (getattr(named, word, None) if named else None) or "of no name")


def _whole(value: object) -> int:
    text = str(value or "")
    return int(text) if text.isdigit() else 0


def _baseline(text: str) -> tuple[bool, int, int]:
    parsed = parse_baseline(text)
    return (False, 0, 0) if parsed is None else (is_official(text), *parsed)


def _utc(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat()
