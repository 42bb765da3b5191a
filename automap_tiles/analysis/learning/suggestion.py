"""Where the next samples help a classifier most.

Of many candidates those that it can hardly decide on (smallest margin between its two best classes;
Tuia et al. 2011, IEEE Journal of Selected Topics in Signal Processing 5: 606-617) and those that
are like none of its samples. Each kind of them once: candidates are parted into as many clusters of
their features as there are to be samples, and one is taken of each (Demir, Persello & Bruzzone
2011, IEEE Transactions on Geoscience and Remote Sensing 49: 1014-1031), all of them apart in space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.objects.clusters import MOST, Clusters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_POOL = 10
"""SampleCandidates from which one is taken: the tenth of the candidates that say most, at least."""
_MOST_UNLIKE = 0.5
"""Share of the suggestions for what is unlike all samples: a model does not know its own borders
where it knows nothing."""
_PAIRS = 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class SampleCandidates:
    """Pixels that may be suggested."""

    places: Floats
    """(candidate, 2) x and y."""
    features: Floats
    """(candidate, feature) in units of which one counts as much as another."""
    doubt: Floats
    """(candidate,) 1 less the margin between the two most probable classes."""
    unlike: Floats
    """(candidate,) dissimilarity to the samples by the least that is called unlike: above 1 where
    the model should not be applied; 0 where nothing is known of that."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Suggested:
    """What was chosen, in the order of what it says."""

    which: Ints
    """(suggestion,) places among the candidates."""
    is_unlike: NDArray[np.bool_]
    """(suggestion,) whether it was chosen because it is unlike all samples."""


def doubt_of(probabilities: NDArray[np.float32]) -> Floats:
    """(sample,) 1 less the margin between the two largest of (sample, class)."""
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    best = np.partition(probabilities.astype(np.float64), -2, axis=1)[:, -2:]
    found: Floats = 1 - (best[:, 1] - best[:, 0])
    return found


def suggest(
    candidates: SampleCandidates, known: Floats, number: int, apart: float, seed: int = 0
) -> Suggested:
    """At most `number` candidates, `apart` from each other and from `known` places (place, 2).

    Fewer where there is no room. The same candidates and seed give the same suggestions.
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
    """Which places are far enough from known ones, and from those that were taken."""

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
        """Take a candidate, if it is far enough from all that were taken."""
        taken = self._places[self._taken]
        if len(taken) and ((taken - self._places[one]) ** 2).sum(axis=1).min() < self._apart**2:
            return False
        self._taken.append(one)
        return True


def _chosen(
    candidates: SampleCandidates, score: Floats, which: Ints, number: int, room: _Room, seed: int
) -> list[int]:
    """One of each cluster of those that say most, then whatever says most and has room."""
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
