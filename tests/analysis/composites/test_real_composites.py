"""Chosen-date composites against the reference composites of eo-learn, on real Sentinel-2 dates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.analysis.composites import composite
from automap_tiles.analysis.composites.bestpixel import max_ndvi
from automap_tiles.analysis.composites.geomedian import geomedian
from automap_tiles.analysis.composites.medoid import medoid, medoid_approx
from tests.imagery.place import need_real

Array = np.ndarray
WINTER = ("20161212", "20161222", "20170101", "20170111", "20170220")
SUMMER = ("20150711", "20150731", "20150820", "20150830", "20150909")
GREEN, RED, RED_EDGE_3, NIR, NIR_NARROW = 2, 3, 6, 7, 8


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    need_real("sentinel2/eolearn_slovenia_l1c")
    return shared / "data" / "sentinel2" / "eolearn_slovenia_l1c" / "derived_geotiff"


def _read(path: Path) -> Array:
    with rasterio.open(path) as file:
        data: Array = file.read()
    return data


def _dates(folder: Path, dates: tuple[str, ...]) -> tuple[Array, Array]:
    """(time, band, y, x) numbers and (time, y, x) where they are no nodata."""
    stack = np.stack([_read(folder / f"S2_L1C_{date}_13bands.tif") for date in dates])
    return stack, (stack != 0).any(axis=1)


def _clear(folder: Path, dates: tuple[str, ...]) -> Array:
    clear: Array = np.stack([_read(folder / f"S2_L1C_{date}_CLM.tif")[0] == 0 for date in dates])
    return clear


def _agreement(picture: Array, reference: Array) -> float:
    """Share of the reference's pixels whose 13 bands are the same, but for rounding by one."""
    there = (reference != 0).any(axis=0)
    off = np.abs(picture.astype(int) - reference).max(axis=0)
    return float((off[there] <= 1).mean())


def test_max_ndvi_is_that_of_eo_learn(folder: Path) -> None:
    """Its reference is of the winter dates, without a cloud mask, and of B08 and B03, not B04.

    Where the median of the index is below -0.05 (water) it takes the lowest: 3 of 8 914 pixels.
    """
    stack, valid = _dates(folder, WINTER)
    reference = _read(folder / "REFERENCE_COMPOSITE_NDVI_c70dbc59.tif")
    got = max_ndvi(stack, valid, red=GREEN, nir=NIR)
    np.testing.assert_array_equal(got.picture.mask.all(axis=0), ~(reference != 0).any(axis=0))
    assert 0.9996 < _agreement(got.picture.data, reference) < 1
    upper, lower = stack[:, NIR].astype("f4"), stack[:, GREEN].astype("f4")
    with np.errstate(all="ignore"):
        index = np.ma.MaskedArray((upper - lower) / (upper + lower), mask=~valid)
    water = composite.median(index).data < -0.05
    lowest = max_ndvi(stack, valid, red=NIR, nir=GREEN)  # the sign turned round
    assert _agreement(np.where(water, lowest.picture.data, got.picture.data), reference) == 1
    # with the red band it is another composite
    assert 0.8 < _agreement(max_ndvi(stack, valid, red=RED, nir=NIR).picture.data, reference) < 0.9


def test_max_ndwi_is_that_of_eo_learn(folder: Path) -> None:
    """Its reference is of the winter dates, without a cloud mask, and of B07 and B8A."""
    stack, valid = _dates(folder, WINTER)
    reference = _read(folder / "REFERENCE_COMPOSITE_NDWI_c70dbc59.tif")
    got = max_ndvi(stack, valid, red=NIR_NARROW, nir=RED_EDGE_3)
    assert _agreement(got.picture.data, reference) == 1


def test_cloudy_dates_contribute_nothing(folder: Path) -> None:
    stack, _ = _dates(folder, SUMMER)
    clear = _clear(folder, SUMMER)
    cloudy = [1, 2]  # 2015-07-31 and 2015-08-20
    assert not clear[cloudy].any()
    rest = [0, 3, 4]
    for method in (
        lambda s, v: max_ndvi(s, v, red=RED, nir=NIR).picture,
        lambda s, v: medoid(s, v).picture,
        lambda s, v: medoid_approx(s, v).picture,
        lambda s, v: geomedian(s, v, scale=10000).picture,
        composite.median,
    ):
        with_clouds, without = method(stack, clear), method(stack[rest], clear[rest])
        np.testing.assert_array_equal(with_clouds.data, without.data)
        np.testing.assert_array_equal(with_clouds.mask, without.mask)
    chosen = max_ndvi(stack, clear, red=RED, nir=NIR)
    assert [chosen.shares(5)[date] for date in cloudy] == [0, 0]
    days = chosen.day_of_year(
        [datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC) for date in SUMMER]
    )
    assert set(np.unique(days.compressed())) <= {192, 242, 252}
