"""Select the scenes to use, in the same way for folders and catalogues.

A scene passes the steps of `scenes.funnel` in order, cheap ones first: scenes of another satellite,
time or place are not opened. Of several deliveries of one acquisition, the best readable one is
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain

from automap_tiles.errors import AutomapError
from automap_tiles.missions import Scene
from automap_tiles.scenes._acquisitions import acquisitions, why_lesser
from automap_tiles.scenes.failures import check_own, reason_of
from automap_tiles.scenes.funnel import Funnel, FunnelStep
from automap_tiles.scenes.report import SearchReport, in_order
from automap_tiles.scenes.select import Refusal, Selection
from automap_tiles.stopping import carried, raise_if_stopped

Failure = tuple[str, AutomapError]

Finish = Callable[[Scene], Scene]
"""Opens and completes a scene; raises `AutomapError` if it cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Scenes found in a place or catalogue."""

    scenes: tuple[Scene, ...] = ()
    """Complete as far as their metadata go."""
    rejected: tuple[Failure, ...] = ()
    """Products that could not be interpreted, by path or id."""
    refused: Funnel = field(default_factory=Funnel)
    """Counts and reasons of unwanted scenes, which are not kept themselves."""

    def __add__(self, other: Candidates) -> Candidates:
        return Candidates(
            scenes=(*self.scenes, *other.scenes),
            rejected=(*self.rejected, *other.rejected),
            refused=self.refused + other.refused,
        )


def refused_by(funnel: Funnel, scene: Scene, refusal: Refusal) -> Funnel:
    """The funnel of refused scenes with one more added."""
    more = replace(funnel, found=funnel.found + 1)
    return more.without(refusal.step, [(scene.id, refusal.reason)], remedy=refusal.remedy)


@dataclass(kw_only=True)
class _Chosen:
    """Outcome for the deliveries of one acquisition."""

    scene: Scene | None = None
    unreadable: list[Failure] = field(default_factory=list)
    lesser: list[tuple[Scene, Scene]] = field(default_factory=list)
    """Each with the one that was used instead."""


def choose(
    candidates: Candidates,
    selection: Selection,
    finish: Finish,
    *,
    locate: Finish | None = None,
    workers: int = 1,
) -> SearchReport:
    """The scenes to use, by time, with the funnel that led to them.

    `locate` determines a scene's footprint if the metadata have none and an area is given.
    """
    found = len(candidates.scenes) + len(candidates.rejected)
    funnel = Funnel(found=found) + candidates.refused
    wanted: list[Scene] = []
    for scene in candidates.scenes:
        raise_if_stopped()
        refusal = _refusal(scene, selection, locate)
        if refusal is None:
            wanted.append(scene)
        else:
            left_out = [(scene.id, refusal.reason)]
            funnel = funnel.without(refusal.step, left_out, remedy=refusal.remedy)
    results = _best_readable(acquisitions(wanted), finish, workers)
    failures = [*candidates.rejected, *chain.from_iterable(each.unreadable for each in results)]
    lesser = [
        (scene.id, better.id, why_lesser(scene, better))
        for scene, better in chain.from_iterable(each.lesser for each in results)
    ]
    funnel = funnel.without(
        FunnelStep.DUPLICATES, [(f"{name} beside {better}", why) for name, better, why in lesser]
    ).without(FunnelStep.READABLE, [(name, reason_of(error)) for name, error in failures])
    rejected = [(name, str(error)) for name, error in failures]
    rejected += [(name, f"{why}: {better}") for name, better, why in lesser]
    return in_order((each.scene for each in results if each.scene), rejected, funnel)


def _refusal(scene: Scene, selection: Selection, locate: Finish | None) -> Refusal | None:
    refusal = selection.refusal(scene)
    if refusal is not None and refusal.step in (
        FunnelStep.SATELLITES,
        FunnelStep.TIME,
        FunnelStep.PLACE,
    ):
        return refusal
    if locate is None or selection.area is None or scene.footprint is not None:
        return refusal
    try:
        return selection.refusal(locate(scene))
    except AutomapError as error:
        check_own(error)
        return refusal  # the reading step reports why it cannot be read


def _best_readable(
    groups: Sequence[list[Scene]], finish: Finish, workers: int
) -> Iterable[_Chosen]:
    def best(deliveries: list[Scene]) -> _Chosen:
        chosen = _Chosen()
        for scene in deliveries:
            if chosen.scene is not None:
                chosen.lesser.append((scene, chosen.scene))
                continue
            raise_if_stopped()
            try:
                chosen.scene = finish(scene)
            except AutomapError as error:
                check_own(error)
                chosen.unreadable.append((scene.id, error))
        return chosen

    if workers == 1:
        return [best(group) for group in groups]
    with ThreadPoolExecutor(workers, thread_name_prefix="scenes") as pool:
        return list(pool.map(carried(best), groups))
