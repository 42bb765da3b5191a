"""Nested cross-validation: each polygon is judged by choices made without it.

Polygons are drawn anew many times; the choices are made again by those drawn, and judged by those
not drawn (bootstrap bias correction: Tsamardinos, Greasidou & Borboudakis 2018, Machine Learning
107: 1895-1922). The first way was chosen by nobody: its figure on the folds is without bias.

The confusions of a polygon are averaged over the draws that it is not in, and the measure is taken
of their sum over all polygons. A mean of the measure over draws would be that of a third of the
polygons at a time, in which large ones count less than they do in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier.training._decide import Decision
from automap_tiles.analysis.learning.classifier.training._evidence import Counts, Floats, merit


def without_choosing(start: Counts, decisions: Sequence[Decision], draws: Floats) -> Counts:
    """Of polygons (draw, group) drawn anew: what the choices of those drawn make of the others.

    Each question is asked beside the way that was taken until then: what a draw gains there is
    what it gains beside another way, too, which was not tried.
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
    """(draw,) place of the answer that each draw would take; the same rule as `decide.best`."""
    best, picked = np.zeros(len(draws)), np.zeros(len(draws), dtype=np.int64)
    for place, answer in enumerate(decision.answers):
        if answer.gain is not None:
            found = answer.gained(merit, draws)
            better = (found > answer.gain.least) & (found > best)
            best, picked = np.where(better, found, best), np.where(better, place, picked)
    return picked
