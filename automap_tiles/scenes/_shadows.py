"""Projected cloud shadows, for masks without shadows of their own (QA60, s2cloudless).

Clouds are projected away from the sun for all heights up to 12 km; dark pixels below that are not
water are flagged as shadow. This runs on the scene's own grid at about 60 m, on a window widened by
the reach of the shadows, so there are no seams.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.analysis.shapes import masks as tools
from automap_tiles.errors import ConfigError
from automap_tiles.missions import LON_LAT, Flag
from automap_tiles.scenes.frames import Compute, Slices
from automap_tiles.scenes.lattice import Lattice, Window, slices
from automap_tiles.scenes.reflectance import (
    Reflectance,
    any_of,
    coarser,
    finer_window,
    pixel_metres,
)

if TYPE_CHECKING:
    from automap_tiles.missions import Scene

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

BANDS = ("red", "nir")
"""Bands needed besides the mask."""
RESOLUTION = 60.0
"""Metres: clouds and shadows are hundreds of metres wide, and the cost grows with the cube."""
DARK = 0.15
"""Reflectance in the near infrared below which ground may be in shadow (Braaten 2020, "Sentinel-2
Cloud Masking with s2cloudless", Earth Engine community tutorial)."""
WATER = -0.1
"""NDVI below which what is dark is water (Schmitt et al. 2019,
doi:10.5194/isprs-annals-IV-2-W7-145-2019)."""


def check(scenes: Iterable[Scene]) -> None:
    """Raise `ConfigError` for a scene without sun angles, or one taken at night."""
    for scene in scenes:
        if scene.sun_azimuth is None or scene.sun_elevation is None:
            raise ConfigError(
                f"nothing says where the sun stood in scene {scene.id}",
                key="project_shadow",
                remedy="project_shadow: false, or csmask, which sees shadows",
            )
        if scene.sun_elevation <= 0:
            raise ConfigError(
                f"clouds throw no shadows: the sun was down in scene {scene.id}",
                key="project_shadow",
                found=scene.sun_elevation,
                remedy="project_shadow: false, or a time without that scene",
            )


def with_shadows(scene: Scene, lattice: Lattice, compute: Compute) -> tuple[Lattice, Compute]:
    """The same flags plus `SHADOW` where a flagged cloud casts a shadow."""
    check([scene])
    factor = max(1, math.ceil(RESOLUTION / min(pixel_metres(lattice)) - 1e-6))
    coarse = coarser(lattice, factor)
    pixels = Reflectance.on(scene, BANDS, coarse)
    azimuth = (scene.sun_azimuth or 0.0) + _north(pixels)

    def cast(window: Window) -> Bools:
        """(y, x) shadow mask of a window of the coarse lattice."""
        size = pixel_metres(coarse)
        elevation = scene.sun_elevation or 90.0
        wide = _towards_sun(window, tools.shadow_reach(size, azimuth, elevation))
        flags = compute(finer_window(wide, factor))
        known = (flags & np.uint16(Flag.FILL)) == 0
        clouds = any_of(((flags & np.uint16(Flag.CLOUD)) != 0) & known, factor)
        if not clouds.any():
            return np.zeros((len(window[0]), len(window[1])), dtype=bool)
        swept = tools.shadow(clouds, size, sun_azimuth=azimuth, sun_elevation=elevation)
        here = slices(window, wide)
        result: Bools = swept[here] & ~clouds[here]
        return result & _dark(pixels, window) if result.any() else result

    def flagged(window: Window) -> Array:
        flags = compute(window).copy()
        outer, cut = _coarse_window(window, factor)
        shadows = cast(outer).repeat(factor, axis=0).repeat(factor, axis=1)[cut]
        flags[shadows & ((flags & np.uint16(Flag.CLOUD | Flag.WATER)) == 0)] |= np.uint16(
            Flag.SHADOW
        )
        return flags

    return lattice, flagged


def _dark(pixels: Reflectance, window: Window) -> Bools:
    """Where (y, x) the ground may be in shadow."""
    (red, nir), valid = pixels.read(window)
    # NDVI above the limit, without a division
    dry = nir - red > np.float32(WATER) * (nir + red)
    result: Bools = valid & (nir < np.float32(DARK)) & dry
    return result


def _towards_sun(window: Window, reach: tuple[int, int]) -> Window:
    """Window of the pixels whose clouds may cast a shadow into a window, and the window itself.

    `reach`: (rows down, columns right) of the longest shadow.
    """
    first, second = (
        range(span.start - max(0, way), span.stop - min(0, way))
        for span, way in zip(window, reach, strict=True)
    )
    return first, second


def _coarse_window(window: Window, factor: int) -> tuple[Window, Slices]:
    """The coarse pixels that cover a window, and its slices in them after upsampling."""
    rows, cols = (range(span.start // factor, -(-span.stop // factor)) for span in window)
    fine = finer_window((rows, cols), factor)
    return (rows, cols), slices(window, fine)


def _north(pixels: Reflectance) -> float:
    """Degrees clockwise from the top of the grid to north, at the scene centre."""
    from rasterio.warp import transform

    crs = pixels.lattice.crs
    bounds = pixels.lattice.grid(pixels.extent).bounds
    x, y = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    (longitude,), (latitude,) = transform(crs, LON_LAT, [x], [y])
    (right,), (up,) = transform(LON_LAT, crs, [longitude], [latitude + 1e-3])
    return math.degrees(math.atan2(right - x, up - y))
