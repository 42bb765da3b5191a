"""Processing baselines of Sentinel-2, and what they say of the offset in the numbers.

ESA adds 1000 to every number since processing baseline 04.00 (Sentinel-2 products specification
document, 14.8, and "Copernicus Sentinel-2 processing baseline 04.00", January 2022), also in older
scenes processed again. sen2cor that is run at home writes 99.99 or the like, whatever the baseline
of its source was: such a number says nothing of the offset.
"""

from __future__ import annotations

import re
from datetime import date

from automap_tiles.errors import InputError

OFFSET_SINCE = date(2022, 1, 25)
"""The first day of processing baseline 04.00 in ESA's daily production."""

_BASELINE = re.compile(r"N?(\d\d)\.?(\d\d)")
_FIRST_WITH_OFFSET = (4, 0)
_AT_HOME = 99


def parse_baseline(text: str) -> tuple[int, int] | None:
    """`05.09`, `N0509` or `0509` → (5, 9); None if it is not a baseline."""
    found = _BASELINE.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]))


def is_official(baseline: str) -> bool:
    """Whether ESA made it; False for sen2cor run locally, and for what is not a baseline."""
    parsed = parse_baseline(baseline)
    return parsed is not None and parsed[0] < _AT_HOME


def has_offset(baseline: str) -> bool | None:
    """Whether the stored numbers contain the offset; None: undecidable from the baseline.

    Raises `InputError` if it is not a baseline.
    """
    parsed = parse_baseline(baseline)
    if parsed is None:
        raise InputError(f"not a processing baseline: {baseline!r}")
    return None if not is_official(baseline) else parsed >= _FIRST_WITH_OFFSET
