"""Active learning: where further samples would improve a classifier most.

From many candidates it selects those with the smallest margin between the two most probable classes
(Tuia et al. 2011, IEEE Journal of Selected Topics in Signal Processing 5: 606-617) and those that
are dissimilar to all samples. For diversity, the candidates are divided into as many clusters of
their features as samples are requested, and one is selected from each (Demir, Persello & Bruzzone
2011, IEEE Transactions on Geoscience and Remote Sensing 49: 1014-1031), with a minimum distance in
space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.objects.clusters import MOST, Clusters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_POOL = 10
"""The pool is this many times the number of suggestions, the candidates with the highest score."""
_MOST_UNLIKE = 0.5
"""Maximum fraction of suggestions that are dissimilar to all samples: far from its samples a
model's margins are not reliable."""
_PAIRS = 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class SampleCandidates:
    """Pixels that may be suggested."""

    places: Floats
    """(candidate, 2) x and y."""
    features: Floats
    """(candidate, feature) scaled so that all features have the same weight."""
    doubt: Floats
    """(candidate,) 1 minus the margin between the two most probable classes."""
    unlike: Floats
    """(candidate,) dissimilarity to the samples relative to the threshold: above 1 where the model
    should not be applied; 0 if unknown."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Suggested:
    """The selected candidates, the most informative first."""

    which: Ints
    """(suggestion,) indices of the candidates."""
    is_unlike: NDArray[np.bool_]
    """(suggestion,) whether it was selected because it is dissimilar to all samples."""


def doubt_of(probabilities: NDArray[np.float32]) -> Floats:
    """(sample,) 1 minus the margin between the two largest of (sample, class)."""
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    best = np.partition(probabilities.astype(np.float64), -2, axis=1)[:, -2:]
    found: Floats = 1 - (best[:, 1] - best[:, 0])
    return found


def suggest(
    candidates: SampleCandidates, known: Floats, number: int, apart: float, seed: int = 0
) -> Suggested:
    """At most `number` candidates, `apart` from each other and from `known` (position, 2).

    Fewer if there is not enough space. The same candidates and seed give the same suggestions.
    """
    outside = candidates.unlike > 1
    share = min(float(outside.mean()) if len(outside) else 0.0, _MOST_UNLIKE)
    quota = max(round(number * share), number - int((~outside).sum()))
    room = _Room(candidates.places, known, apart)
    unlike = _chosen(candidates, candidates.unlike, np.flatnonzero(outside), quota, room, seed)
    inside = np.flatnonzero(~outside)
    doubtful = _chosen(candidates, candidates.doubt, inside, number - len(unlike), room, seed)
    which = np.array([*doubtful, *unlike], dtype=np.int64)
    is_unlike = np.arange(len(which)) >= len(doubtful)
    return Suggested(which=which, is_unlike=is_unlike)


class _Room:
    """Which positions are far enough from known and from selected ones."""

    def __init__(self, places: Floats, known: Floats, apart: float) -> None:
        self._places, self._known, self._apart = places, known, apart
        self._taken: list[int] = []

    def far_from_known(self, which: Ints) -> NDArray[np.bool_]:
        """(place,) of candidates."""
        found = np.ones(len(which), dtype=bool)
        step = max(1, _PAIRS // max(1, len(self._known)))
        for first in range(0, len(which) if len(self._known) else 0, step):
            some = self._places[which[first : first + step]]
            squares = ((some[:, None] - self._known[None]) ** 2).sum(axis=2)
            found[first : first + step] = squares.min(axis=1) >= self._apart**2
        return found

    def take(self, one: int) -> bool:
        """Select a candidate if it is far enough from all selected ones."""
        taken = self._places[self._taken]
        if len(taken) and ((taken - self._places[one]) ** 2).sum(axis=1).min() < self._apart**2:
            return False
        self._taken.append(one)
        return True


def _chosen(
    candidates: SampleCandidates, score: Floats, which: Ints, number: int, room: _Room, seed: int
) -> list[int]:
    """One of each cluster of the highest scores, then the highest scores that are far enough."""
    which = which[room.far_from_known(which)]
    if number < 1 or not len(which):
        return []
    x, y = candidates.places[which].T
    which = which[np.lexsort((x, -y, -score[which]))]
    pool = which[: max(_POOL * number, -(-len(which) // _POOL))]
    kind = _kinds(candidates.features[pool], number, seed)
    found = [
        next((one for one in pool[kind == value].tolist() if room.take(one)), None)
        for value in dict.fromkeys(kind.tolist())
    ]
    taken = [one for one in found if one is not None][:number]
    for one in which.tolist():
        if len(taken) == number:
            break
        if one not in taken and room.take(one):
            taken.append(one)
    return sorted(taken, key=lambda one: (-score[one], one))


def _kinds(features: Floats, number: int, seed: int) -> Ints:
    """(candidate,) number of its cluster."""
    count = min(number, MOST, len(features))
    clusters = Clusters.fit(features, count, seed)
    found: Ints = clusters.assign(np.ma.MaskedArray(features.T[:, None, :]))[0].astype(np.int64)
    return found
