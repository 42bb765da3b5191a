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


def test_every_index_is_checked_here() -> None:
    assert FORMULAS.keys() == INDICES.keys() == set(get_args(IndexName))


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_formula(name: str) -> None:
    got = spectral_index(name, BANDS, scale=10000)
    assert got.dtype == np.float32
    assert not got.mask.any()
    # evi's denominator comes near zero, where any rounding counts
    steady = np.abs(FORMULAS[name]) < 10
    np.testing.assert_allclose(got.data[steady], FORMULAS[name][steady], rtol=1e-4, atol=1e-5)
    assert steady.mean() > 0.85


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
