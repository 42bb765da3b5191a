"""What changed between two maps of classes: one map of what stayed, came and went.

Inputs: `before` and `after`, rasters of classes (maps of `classify`, for one), on any grids. `of`
names the classes that are asked for together, such as all kinds of forest.

Bands of the output (`dtype: uint8`, `nodata: 0`): 1 neither before nor after, 2 before and after,
3 only after (gain), 4 only before (loss). Give `lower: mode` under `baselevels` for overviews.

Areas of change are not the difference of two maps, whose errors both look like change: draw a
reference sample from this map and let `automap assess` estimate them with it. Its strata are these
four, as Olofsson, Foody, Stehman & Woodcock 2013 have them (Remote Sensing of Environment 129:
122-131). No data where either map has none. Pixel-local: the result does not depend on how the
tiles are cut.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automap_tiles import ConfigError, Empty, Fate, Note, RasterInput, Subject, tell

NAMES = {1: "never", 2: "always", 3: "gain", 4: "loss"}
"""Of the classes of the map."""

Tags = dict[int, dict[str, str]]


def check_parameters(of: list[int]) -> int:
    """How many bands the map has; complains of classes that cannot be."""
    key = "process_parameters.of"
    if not of:
        raise ConfigError("names no class", key=key, found=of, remedy="of: [1, 4]")
    wrong = [value for value in of if not 1 <= value <= 255]
    if wrong:
        raise ConfigError("classes go from 1 to 255", key=key, found=wrong[0])
    if len(set(of)) < len(of):
        raise ConfigError("names a class twice", key=key, found=of)
    return 1


def execute(
    before: RasterInput,
    after: RasterInput,
    *,
    of: list[int],
    band: int = 1,
) -> tuple[np.ma.MaskedArray[Any, Any], Tags]:
    """The change of every pixel; `band` is that of the classes in both maps."""
    if before.is_empty() or after.is_empty():
        raise Empty
    earlier, later = (one.read(indexes=[band], resampling="nearest") for one in (before, after))
    unknown = _without_class(earlier) | _without_class(later)
    if unknown.all():
        raise Empty
    was, is_now = (np.isin(np.ma.getdata(one), of) for one in (earlier, later))
    found = np.select([was & is_now, is_now, was], [2, 3, 4], default=1).astype(np.uint8)
    found[unknown] = 0
    tags = {"name": "change", **{f"class_{value}": name for value, name in NAMES.items()}}
    return np.ma.MaskedArray(found, mask=unknown), {1: tags}


def _without_class(pixels: np.ma.MaskedArray[Any, Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where there is no data, or the 0 that stands for it."""
    masked = np.ma.getmaskarray(pixels)
    zero: np.ndarray[Any, np.dtype[np.bool_]] = ~masked & (np.ma.getdata(pixels) == 0)
    if zero.any():
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.PIXELS,
                reason="their value is 0, which counts as no class; the map itself does not call "
                "it no data",
                count=int(zero.sum()),
                remedy="where 0 is a class, maps that number their classes from 1",
            )
        )
    return masked | zero
