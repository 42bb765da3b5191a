"""Kernels of how surfaces scatter light: Ross-Thick and Li-Sparse-Reciprocal.

Lucht, Schaaf & Strahler 2000, "An algorithm for the retrieval of albedo from space using
semiempirical BRDF models", doi:10.1109/36.841980, with height to breadth (h/b) 2 and breadth to
radius (b/r) 1 of the crowns, as MODIS' products have them. 1 − cos of the phase angle is small
between sun and view: all is reckoned in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_HEIGHT_TO_BREADTH = 2.0


def ross_thick(sun_zenith: ArrayLike, view_zenith: ArrayLike, azimuth: ArrayLike) -> Floats:
    """Volumetric kernel of a thick canopy; degrees, broadcast against each other.

    `azimuth` is that of the view less that of the sun. NaN where an angle is NaN or a zenith is
    not in 0 … 90.
    """
    sun, view, cos_phase, _ = _angles(sun_zenith, view_zenith, azimuth)
    phase = np.arccos(cos_phase)
    lit = (np.pi / 2 - phase) * cos_phase + np.sin(phase)
    return np.asarray(lit / (np.cos(sun) + np.cos(view)) - np.pi / 4)


def li_sparse(sun_zenith: ArrayLike, view_zenith: ArrayLike, azimuth: ArrayLike) -> Floats:
    """Geometric kernel of sparse crowns and their shadows, reciprocal; as `ross_thick`."""
    sun, view, cos_phase, relative = _angles(sun_zenith, view_zenith, azimuth)
    product = np.tan(sun) * np.tan(view)
    squared = np.tan(sun) ** 2 + np.tan(view) ** 2 - 2 * product * np.cos(relative)
    secants = 1 / np.cos(sun) + 1 / np.cos(view)
    across = np.maximum(squared, 0.0) + (product * np.sin(relative)) ** 2
    cos_overlap = np.clip(_HEIGHT_TO_BREADTH * np.sqrt(across) / secants, -1.0, 1.0)
    overlap = np.arccos(cos_overlap)
    shared = (overlap - np.sin(overlap) * cos_overlap) * secants / np.pi
    bright = (1 + cos_phase) / (2 * np.cos(sun) * np.cos(view))
    return np.asarray(shared - secants + bright)


def _angles(sun_zenith: Any, view_zenith: Any, azimuth: Any) -> tuple[Floats, Floats, Floats, Any]:
    """Radians of sun and view, the cosine of the angle between them, and the relative azimuth."""
    sun, view, relative = (
        np.radians(np.asarray(each, dtype=np.float64))
        for each in (sun_zenith, view_zenith, azimuth)
    )
    sun, view = (np.where((each >= 0) & (each < np.pi / 2), each, np.nan) for each in (sun, view))
    between = np.cos(sun) * np.cos(view) + np.sin(sun) * np.sin(view) * np.cos(relative)
    return sun, view, np.clip(between, -1.0, 1.0), relative
