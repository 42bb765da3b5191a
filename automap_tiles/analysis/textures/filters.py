"""Filters of a plane by name: what each needs, and what it shows; the table that recipes read.

To add one: a function of a plane, its valid pixels and a radius, and an entry of `FILTERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.textures import blobs, gradients, morphology
from automap_tiles.analysis.textures.blobs import Form

Plane: TypeAlias = NDArray[np.float32]
Make: TypeAlias = Callable[[NDArray[Any], NDArray[np.bool_], int], Plane]

_LARGEST_BLOB = 20
"""Pixels; a blob of this radius looks 140 pixels around, wider ones belong to a coarser zoom."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """A filter of a pixel's neighbourhood."""

    summary: str
    make: Make
    """(y, x) from a plane (y, x), its valid pixels and a radius; 0 where not valid. A pixel depends
    on those at most `margin` away, bit by bit."""
    margin: Callable[[int], int]
    """Margin in pixels, as a function of the radius."""
    largest: int = 100
    """Largest radius, pixels."""


def _blob(form: Form, summary: str) -> Filter:
    return Filter(
        summary=summary,
        make=lambda plane, valid, radius: blobs.strength(plane, valid, form, form.sigma(radius)),
        margin=lambda radius: blobs.margin(form, form.sigma(radius)),
        largest=_LARGEST_BLOB,
    )


FILTERS: dict[str, Filter] = {
    "gradient": Filter(
        summary="how steeply values rise, per pixel (Sobel); of radius 1",
        make=lambda plane, valid, _: gradients.steepness(plane, valid),
        margin=lambda _: 1,
        largest=1,
    ),
    "opening": Filter(
        summary="without what is brighter and narrower than the window",
        make=morphology.opening,
        margin=morphology.margin,
    ),
    "closing": Filter(
        summary="without what is darker and narrower than the window",
        make=morphology.closing,
        margin=morphology.margin,
    ),
    "white_tophat": Filter(
        summary="what the opening takes away: bright and narrow things",
        make=morphology.white_tophat,
        margin=morphology.margin,
    ),
    "black_tophat": Filter(
        summary="what the closing fills: dark and narrow things",
        make=morphology.black_tophat,
        margin=morphology.margin,
    ),
    "log": _blob(Form.LOG, "how much it is the middle of a bright blob of the radius"),
    "dog": _blob(Form.DOG, "the same by two Gaussians"),
    "doh": _blob(Form.DOH, "the middle of a bright or dark blob of the radius"),
}
