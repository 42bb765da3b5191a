"""Reflectance guard: checks stored numbers of a scene against its metadata.

Since baseline 04.00, Sentinel-2 stores reflectance · 10000 + 1000, so valid numbers are rarely far
below 1000. Catalogues and copies get this wrong both ways: the offset is subtracted from numbers
that do not contain it (dark surfaces become negative), or it is left in (nothing is darker than
0.1). Both show in the dark pixels of a scene: water, shadow and vegetation in at least one band.

The limits below were tested on 53 real Sentinel-2 scenes, unchanged and with 1000 added: 43 and 41
of them got a verdict, all correct; the others have no dark pixels (cloud, fog, snow).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from automap_tiles.missions._common.flags import Flag
from automap_tiles.missions._common.quality import Flags
from automap_tiles.missions._common.scaling import Numbers, Scaling

OFFSET = -1000.0
"""Offset in Sentinel-2 metadata since baseline 04.00."""

_MANY_PIXELS = 1 << 18
_FEW_PIXELS = 200
_BELOW = 800
"""With the offset in the numbers this is a reflectance of -0.02, which hardly ever occurs."""
_NEAR = 950
_DARK = (980, 1350)
"""Range of the dark pixels of the darkest band if the numbers contain the offset."""
_LOW_SHARE = 0.02
_NEAR_SHARE = 0.005
_NEGATIVE = -0.02
_NEGATIVE_SHARE = 0.05
_BRIGHT = 1.6
"""Median reflectance that no scene reaches: clouds and snow under low sun come to 1.2."""

_UNCLEAR = Flag.FILL | Flag.CLOUD | Flag.CIRRUS | Flag.DILATED | Flag.SATURATED
_DARK_PLACES = Flag.WATER | Flag.SHADOW | Flag.DARK


class Verdict(StrEnum):
    """Result of the check."""

    CONSISTENT = "consistent"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"
    """No pixels dark enough to decide."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the guard found in one scene."""

    verdict: Verdict
    findings: tuple[str, ...] = ()
    """One sentence each, for users."""
    fits: float | None = None
    """Offset in stored numbers that the data support: 0 or -1000."""

    def __str__(self) -> str:
        return "; ".join(self.findings) or str(self.verdict)


def check(
    bands: Mapping[str, Numbers],
    scaling: Mapping[str, Scaling],
    flags: Flags | None = None,
    *,
    may_have_offset: bool,
) -> Report:
    """Check stored numbers against the scaling in the metadata.

    `bands`: stored numbers by band; a part of the scene or a coarse overview is enough. `flags` of
    the same shape make the verdict more reliable. Bands without a scaling are ignored.
    `may_have_offset`: whether some processing versions of the sensor add an offset.
    """
    bands = {name: array for name, array in bands.items() if name in scaling}
    findings = _out_of_range(bands, scaling, flags)
    fits = None
    is_judged = may_have_offset and all(_may_have_offset(scaling[name]) for name in bands)
    if bands and is_judged:
        fits = plausible_offset(bands, flags)
        said = {round(scaling[name].add / scaling[name].multiply) for name in bands}
        if fits is not None and said != {round(fits)}:
            findings.append(_contradiction(said, fits))
    if findings:
        return Report(verdict=Verdict.MISMATCH, findings=tuple(findings), fits=fits)
    judged = fits is not None or not is_judged
    verdict = Verdict.CONSISTENT if bands and judged else Verdict.UNKNOWN
    return Report(verdict=verdict, fits=fits)


def plausible_offset(bands: Mapping[str, Numbers], flags: Flags | None = None) -> float | None:
    """Offset supported by Sentinel-2 numbers: -1000, 0, or None if undecidable.

    More bands give a more reliable result: water is dark in near and shortwave infrared, vegetation
    in blue and red.
    """
    clear = {name: _sample(array, flags, _UNCLEAR) for name, array in bands.items()}
    clear = {name: values for name, values in clear.items() if values.size >= _FEW_PIXELS}
    if not clear:
        return None
    if max(float((values < _BELOW).mean()) for values in clear.values()) > _LOW_SHARE:
        return 0.0
    if max(float((values < _NEAR).mean()) for values in clear.values()) > _NEAR_SHARE:
        return None
    dark = min(float(np.percentile(values, 1)) for values in clear.values())
    if flags is not None:
        places = [_places(array, flags) for array in bands.values()]
        medians = [float(np.median(values)) for values in places if values.size >= _FEW_PIXELS]
        dark = min([dark, *medians])
    return OFFSET if _DARK[0] <= dark <= _DARK[1] else None


def _may_have_offset(scaling: Scaling) -> bool:
    """Whether the scaling looks like Sentinel-2: 1/10000, nodata 0, no sun correction left."""
    is_ten_thousandth = abs(scaling.multiply * 10000 - 1) < 1e-6
    return is_ten_thousandth and scaling.nodata == 0 and scaling.sun_elevation is None


def _contradiction(said: set[int], fits: float) -> str:
    offsets = " and ".join(str(offset) for offset in sorted(said))
    what = (
        "dark places are far below 1000, as in numbers without an offset"
        if fits == 0
        else "nothing is darker than 1000, as in numbers with an offset in them"
    )
    return f"metadata says offset {offsets}, but {what} (offset {fits:g} would fit)"


def _out_of_range(
    bands: Mapping[str, Numbers], scaling: Mapping[str, Scaling], flags: Flags | None
) -> list[str]:
    """Bands with many physically impossible reflectances."""
    findings: list[str] = []
    for name, array in bands.items():
        own = scaling[name]
        values = _sample(array, flags, Flag.FILL, own.nodata)
        if values.size < _FEW_PIXELS:
            continue
        reflectance = values * own.slope + own.offset
        negative = float((reflectance < _NEGATIVE).mean())
        median = float(np.median(reflectance))
        if negative > _NEGATIVE_SHARE:
            findings.append(f"{name}: {negative:.0%} of the pixels are below {_NEGATIVE}")
        if median > _BRIGHT:
            findings.append(f"{name}: half of the pixels are above {median:.2f}")
    return findings


def _sample(
    array: Numbers, flags: Flags | None, without: Flag, nodata: int | None = 0
) -> np.ndarray[Any, Any]:
    """An evenly spaced sample of the valid numbers, as float64."""
    step = max(1, int(np.ceil(np.sqrt(array.size / _MANY_PIXELS))))
    thin = array[..., ::step, ::step]
    keep = ~np.ma.getmaskarray(thin)
    values = np.ma.getdata(thin)
    if nodata is not None:
        keep &= values != nodata
    if flags is not None:
        keep &= (flags[..., ::step, ::step] & np.uint16(without)) == 0
    return values[keep].astype(np.float64)


def _places(array: Numbers, flags: Flags) -> np.ndarray[Any, Any]:
    """Numbers of water and shadow pixels that are free of cloud."""
    here = ((flags & np.uint16(_DARK_PLACES)) != 0) & ((flags & np.uint16(_UNCLEAR)) == 0)
    return _sample(np.ma.MaskedArray(array, ~here), None, Flag(0))
