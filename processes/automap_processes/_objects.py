"""What superpixels are told by: the values of a picture in its own unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_tiles import ConfigError, Fate, Note, RasterInput, RasterReader, Subject, tell

Picture = np.ma.MaskedArray[Any, Any]

_FAR = 50.0
"""Times that values may spread more, or less, than `compactness` before that is told."""


def values_of(picture: RasterInput, pixels: Picture, scale: float | None) -> Picture:
    """(band, y, x) float64: stored numbers times `scale`, or the unit that the bands say."""
    scales = _scales(picture.describe_bands().scales, scale)
    return np.ma.MaskedArray(
        np.ma.getdata(pixels).astype(np.float64) * scales[:, None, None],
        mask=np.ma.getmaskarray(pixels),
    )


def report_negligible_compactness(
    picture: RasterReader, scale: float | None, compactness: float
) -> None:
    """Tell of a picture beside whose values, or beside which, `compactness` is nothing.

    Raises `ConfigError` for a scale that is not above 0.
    """
    if scale is not None and not 0 < scale < np.inf:
        raise ConfigError("is more than 0", key="process_parameters.scale", found=scale)
    scales = _scales(picture.describe_bands().scales, scale)
    sample = picture.pixel_sample()
    spreads = [float(np.std(plane.compressed().astype(np.float64))) * abs(factor)
               for plane, factor in zip(sample.pixels, scales.tolist(), strict=False)
               if plane.count()]  # fmt: skip
    spread = float(np.median(spreads)) if spreads else 0.0
    if not np.isfinite(spread) or not spread or compactness / _FAR <= spread <= compactness * _FAR:
        return
    large = spread > compactness
    tell(
        Note(
            fate=Fate.GUESSED,
            subject=Subject.OPTIONS,
            reason="compactness is a difference of values that is nothing beside those of the "
            "picture: superpixels follow values alone"
            if large
            else "values of the picture are nothing beside compactness: superpixels are squares",
            examples=(f"compactness {compactness:g}, values spread by {spread:.3g}",),
            remedy="`scale` that makes reflectance of a stored 1, or another compactness",
        )
    )


def _scales(own: tuple[float, ...], scale: float | None) -> Any:
    return np.array(own if scale is None else (scale,) * len(own), dtype=np.float64)
