"""What a search for scenes gave."""

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
    """What a search gave."""

    scenes: tuple[Scene, ...] = ()
    """By time, then id."""
    rejected: tuple[tuple[str, str], ...] = ()
    """(path or id, reason) of products that cannot be used."""
    funnel: Funnel = field(default_factory=Funnel)
    """How many there were at each step, and why the others were left out."""

    def __add__(self, other: SearchReport) -> SearchReport:
        """Both together; what is in both is there once."""
        return in_order(
            [*self.scenes, *other.scenes],
            [*self.rejected, *other.rejected],
            self.funnel + other.funnel,
        )


def in_order(
    scenes: Iterable[Scene], rejected: Iterable[tuple[str, str]], funnel: Funnel | None = None
) -> SearchReport:
    """Scenes sorted by time, equal ones once; different ones of one id get ids of their own."""
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
"""Bands that a scene must have, by any of their names: the same of all scenes, or asked of each."""


def wanted_of(scene: Scene, wanted: Wanted | None) -> Sequence[str] | None:
    """The bands that this scene must have; None: whatever it has."""
    return wanted(scene) if callable(wanted) else wanted


def common_bands_of(scene: Scene) -> Sequence[str]:
    """Those that its satellite has of the bands that are made alike of all satellites."""
    return scene.instrument.common_bands


def _order(scene: Scene) -> tuple[datetime, str, tuple[str, ...]]:
    return scene.time, scene.id, tuple(file.href for file in scene.bands.values())


def _with_own_ids(scenes: Sequence[Scene]) -> Iterator[Scene]:
    """Files are named after ids: two scenes never share one, whatever the case of its letters.

    Where different acquisitions come under one name (renamed folders, flat names), all of them get
    the time to the second, so that none is taken for what another one was before.
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
