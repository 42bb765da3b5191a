"""Nested validation: each polygon is evaluated with setups selected without it.

Polygons are resampled many times; the selection is repeated on those drawn and evaluated on those
not drawn (bootstrap bias correction: Tsamardinos, Greasidou & Borboudakis 2018, Machine Learning
107: 1895-1922). The initial setup was not selected: its score on the folds is unbiased.

The confusion counts of a polygon are averaged over the draws that do not contain it, and the
measure is computed from their sum over all polygons. Averaging the measure over draws would
evaluate a third of the polygons at a time, where large ones have less weight than in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier.training._decide import Decision
from automap_tiles.analysis.learning.classifier.training._evidence import Counts, Floats, merit


def without_choosing(start: Counts, decisions: Sequence[Decision], draws: Floats) -> Counts:
    """Out-of-bag counts of the setups selected on bootstrap draws of polygons (draw, group).

    Each question is evaluated relative to the setup selected so far: the gain that a draw finds is
    assumed to be the same relative to another setup, which was not evaluated.
    """
    each = start.each.copy()
    unseen = (draws == 0).astype(np.float64)
    unseen[:, ~unseen.any(axis=0)] = 1.0  # a class of one polygon is in every draw
    unseen /= unseen.sum(axis=0)
    for decision in decisions:
        picked = _picked(decision, draws)
        for place, answer in enumerate(decision.answers):
            if answer.beside is not None:
                share = unseen[picked == place].sum(axis=0)
                each += share[:, None, None] * (answer.tried.counts.each - answer.beside.each)
    return Counts(each=each)


def _picked(decision: Decision, draws: Floats) -> NDArray[np.int64]:
    """(draw,) index of the answer selected on each draw; the same rule as `decide.best`."""
    best, picked = np.zeros(len(draws)), np.zeros(len(draws), dtype=np.int64)
    for place, answer in enumerate(decision.answers):
        if answer.gain is not None:
            found = answer.gained(merit, draws)
            better = (found > answer.gain.least) & (found > best)
            best, picked = np.where(better, found, best), np.where(better, place, picked)
    return picked
