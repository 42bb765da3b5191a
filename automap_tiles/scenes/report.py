"""Result of a search for scenes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from automap_tiles.missions import Scene
from automap_tiles.scenes.funnel import Funnel


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """Result of a search for scenes."""

    scenes: tuple[Scene, ...] = ()
    """By time, then id."""
    rejected: tuple[tuple[str, str], ...] = ()
    """(path or id, reason) of unusable products."""
    funnel: Funnel = field(default_factory=Funnel)
    """Number of scenes left after each step, and why the others were removed."""

    def __add__(self, other: SearchReport) -> SearchReport:
        """Union of both."""
        return in_order(
            [*self.scenes, *other.scenes],
            [*self.rejected, *other.rejected],
            self.funnel + other.funnel,
        )


def in_order(
    scenes: Iterable[Scene], rejected: Iterable[tuple[str, str]], funnel: Funnel | None = None
) -> SearchReport:
    """Scenes sorted by time without duplicates; different ones with equal ids get distinct ids."""
    once: dict[tuple[Any, ...], list[Scene]] = {}
    for scene in scenes:
        alike = once.setdefault(_order(scene), [])
        if scene not in alike:
            alike.append(scene)
    ordered = [scene for key in sorted(once) for scene in once[key]]
    return SearchReport(
        scenes=tuple(sorted(_with_own_ids(ordered), key=_order)),
        rejected=tuple(dict.fromkeys(rejected)),
        funnel=funnel or Funnel(),
    )


Wanted = Sequence[str] | Callable[[Scene], Sequence[str]]
"""Bands that a scene must have, by any name: the same for all scenes, or a function of the
scene."""


def wanted_of(scene: Scene, wanted: Wanted | None) -> Sequence[str] | None:
    """The bands that this scene must have; None: no requirement."""
    return wanted(scene) if callable(wanted) else wanted


def common_bands_of(scene: Scene) -> Sequence[str]:
    """The common bands that the scene's satellite has."""
    return scene.instrument.common_bands


def _order(scene: Scene) -> tuple[datetime, str, tuple[str, ...]]:
    return scene.time, scene.id, tuple(file.href for file in scene.bands.values())


def _with_own_ids(scenes: Sequence[Scene]) -> Iterator[Scene]:
    """Make ids unique, regardless of case, since files are named after them.

    If different acquisitions share a name (renamed folders, flat names), each gets its time to the
    second, so that none is confused with what had the name before.
    """
    shared = Counter(scene.id.lower() for scene in scenes)
    taken = {name for name, count in shared.items() if count == 1}
    for scene in scenes:
        if shared[scene.id.lower()] == 1:
            yield scene
            continue
        own = f"{scene.id}_{scene.time:%Y%m%dT%H%M%S}"
        numbered = (f"{own}_{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([own], numbered) if name.lower() not in taken)
        taken.add(name.lower())
        yield replace(scene, id=name)
