from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from automap_tiles.analysis.indices import INDICES, IndexName, spectral_index

BANDS = {
    name: np.random.default_rng(number).integers(1, 12000, (40, 50)).astype("u2")
    for number, name in enumerate(("blue", "green", "red", "rededge", "nir", "swir1", "swir2"))
}
R = {name: band.astype("f8") / 10000 for name, band in BANDS.items()}

# written down a second time, in float64 and reflectance
FORMULAS = {
    "ndvi": (R["nir"] - R["red"]) / (R["nir"] + R["red"]),
    "gndvi": (R["nir"] - R["green"]) / (R["nir"] + R["green"]),
    "ndre": (R["nir"] - R["rededge"]) / (R["nir"] + R["rededge"]),
    "ndwi": (R["green"] - R["nir"]) / (R["green"] + R["nir"]),
    "mndwi": (R["green"] - R["swir1"]) / (R["green"] + R["swir1"]),
    "ndmi": (R["nir"] - R["swir1"]) / (R["nir"] + R["swir1"]),
    "nbr": (R["nir"] - R["swir2"]) / (R["nir"] + R["swir2"]),
    "ndbi": (R["swir1"] - R["nir"]) / (R["swir1"] + R["nir"]),
    "ndsi": (R["green"] - R["swir1"]) / (R["green"] + R["swir1"]),
    "bsi": (R["swir1"] + R["red"] - R["nir"] - R["blue"])
    / (R["swir1"] + R["red"] + R["nir"] + R["blue"]),
    "evi": 2.5 * (R["nir"] - R["red"]) / (R["nir"] + 6 * R["red"] - 7.5 * R["blue"] + 1),
    "evi2": 2.5 * (R["nir"] - R["red"]) / (R["nir"] + 2.4 * R["red"] + 1),
    "savi": 1.5 * (R["nir"] - R["red"]) / (R["nir"] + R["red"] + 0.5),
}


BOTTOMS = {"evi": R["nir"] + 6 * R["red"] - 7.5 * R["blue"] + 1}


def test_every_index_is_checked_here() -> None:
    assert FORMULAS.keys() == INDICES.keys() == set(get_args(IndexName))


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_formula(name: str) -> None:
    got = spectral_index(name, BANDS, scale=10000)
    assert got.dtype == np.float32
    # evi is the only one that reflectance from 0 to 1.2 puts far beyond its limits
    low, high = INDICES[name].limits
    within = (low <= FORMULAS[name]) & (FORMULAS[name] <= high) & (BOTTOMS.get(name, 1) > 0)
    np.testing.assert_array_equal(~got.mask, within)
    np.testing.assert_allclose(got.data[within], FORMULAS[name][within], rtol=1e-4, atol=1e-5)
    assert within.mean() > (0.4 if name == "evi" else 0.95)


NORMALISED = sorted(name for name, index in INDICES.items() if len(index.bands) == 2)


@pytest.mark.parametrize("name", NORMALISED)
@pytest.mark.parametrize("scale", [1, 10000])
def test_reflectance_below_zero_has_no_index(name: str, scale: int) -> None:
    """One band, the other, or both: the first two run out of the range, the last turns its sign."""
    first, second = INDICES[name].bands
    pairs = np.array(
        [[0.024, -0.012], [-0.012, 0.024], [-0.01, -0.02], [-0.3, -0.6], [0.0, 0.0], [0.2, 0.0]]
    )
    bands = {first: pairs[:, 0] * scale, second: pairs[:, 1] * scale}
    got = spectral_index(name, bands, scale=scale)
    is_constant = INDICES[name].reflectance
    wanted = [True] * 5 + [False] if not is_constant else None
    if wanted is not None:
        assert np.ma.getmaskarray(got).tolist() == wanted
        assert got[5] == 1
    else:  # a constant keeps the denominator above 0 near it: the index is steady there
        assert np.ma.getmaskarray(got)[:3].tolist() == [False] * 3
        assert np.ma.getmaskarray(got)[3]


def test_beyond_its_limits_the_value_stays_under_the_mask() -> None:
    got = spectral_index("ndvi", {"nir": np.array([0.024, 5.0]), "red": np.array([-0.012, np.nan])})
    np.testing.assert_allclose(got.data, [3.0, 0.0], rtol=1e-6)
    assert got.mask.all()


def test_unsigned_bands_do_not_wrap() -> None:
    bands = {"nir": np.array([[1]], dtype="u1"), "red": np.array([[255]], dtype="u1")}
    assert spectral_index("ndvi", bands)[0, 0] == np.float32(-254 / 256)


def test_division_by_zero_and_missing_data_are_masked() -> None:
    nir = np.ma.MaskedArray([[0.0, 1.0, 1.0, np.nan]], mask=[[False, True, False, False]])
    red = np.ma.MaskedArray([[0.0, 1.0, 1.0, 1.0]], mask=[[False, False, True, False]])
    assert spectral_index("ndvi", {"nir": nir, "red": red}).mask.all()


def test_the_scale_matters_only_for_reflectance_indices() -> None:
    for name, index in INDICES.items():
        one = spectral_index(name, BANDS, scale=1)
        other = spectral_index(name, BANDS, scale=10000)
        assert np.array_equal(one.data, other.data) is not index.reflectance


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match=r"unknown index 'ndvy'; known: ndvi"):
        spectral_index("ndvy", BANDS)
    with pytest.raises(ValueError, match="evi needs nir, red, blue; missing: blue"):
        spectral_index("evi", {"nir": BANDS["nir"], "red": BANDS["red"]})
