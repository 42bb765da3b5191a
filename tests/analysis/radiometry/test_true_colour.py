"""The curve, number by number as its source has it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.analysis.radiometry.true_colour import ColourCurve, true_colour


def by_hand(colour: tuple[float, float, float]) -> list[float]:
    """As the script of Sentinel Hub reckons it, in Python's floats."""

    def adjusted(value: float) -> float:
        a, m = min(max(value / 3, 0.0), 1.0), 0.13 / 3
        pressed = a * (a * (m + 0) - 1) / (a * (2 * m - 1) - m)
        return float(((pressed + 0.01) ** 1.8 - 0.01**1.8) / (1.01**1.8 - 0.01**1.8))

    bright = [adjusted(each) for each in colour]
    grey = sum(bright) / 3 * (1 - 1.2)
    mixed = [min(max(grey + each * 1.2, 0), 1) for each in bright]
    return [
        12.92 * each if each <= 0.0031308 else 1.055 * each ** (1 / 2.4) - 0.055 for each in mixed
    ]


REFLECTANCE = st.floats(-0.1, 3.5)


@given(st.tuples(REFLECTANCE, REFLECTANCE, REFLECTANCE))
def test_as_its_source_has_it(colour: tuple[float, float, float]) -> None:
    found = true_colour(np.array(colour, dtype=np.float64).reshape(3, 1, 1)).ravel()
    wanted = np.array(by_hand(colour)) * 255
    assert np.abs(found - np.maximum(wanted, 1)).max() <= 0.51


def test_masks_stay_and_data_is_never_nodata() -> None:
    picture = np.ma.MaskedArray(np.zeros((3, 4, 5)), mask=False)
    picture[:, 1, 2] = np.ma.masked
    found = true_colour(picture)
    assert found.dtype == np.uint8
    assert (np.ma.getmaskarray(found) == np.ma.getmaskarray(picture)).all()
    assert np.ma.getdata(found).min() == 1


def test_brighter_is_brighter_and_grey_stays_grey() -> None:
    ramp = np.repeat(np.linspace(0, 3, 4000)[np.newaxis, np.newaxis], 3, axis=0)
    found = true_colour(ramp).astype(int)
    assert (np.diff(found[0, 0]) >= 0).all()
    assert (found[0] == found[1]).all()
    assert found.max() == 255
    dull = true_colour(np.array([0.1, 0.05, 0.02]).reshape(3, 1, 1), ColourCurve(saturation=0.0))
    assert len(set(dull.ravel())) == 1
