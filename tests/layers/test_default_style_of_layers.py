"""Pictures of odd rasters: NaN beside nodata, large numbers, complex ones, control points."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.transform import from_origin

from automap_tiles.errors import InputError
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.stretch import as_text
from automap_tiles.pictures.style import read_style
from automap_tiles.workflows.export._source import open_source


def written(path: Path, data: np.ndarray, **more: Any) -> str:
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": data.shape[0],
        "width": data.shape[1],
        "dtype": data.dtype.name,
        "crs": "EPSG:3857",
        "transform": from_origin(1_500_000, 6_200_000, 100, 100),
        **more,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(data[None])
    return str(path)


RAMP = np.add.outer(np.arange(128), np.arange(128))


def limits(source: str) -> tuple[float, float]:
    layer = open_source(source)
    query, seen = default_style(layer)
    assert seen
    read_style(query, layer.info.band_names)  # it is one
    (text,) = query["rescale"]
    low, high = map(float, text.split(","))
    return low, high


@pytest.mark.parametrize("nodata", [-9999.0, None, math.nan])
@pytest.mark.parametrize("hole", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_say(tmp_path: Path, nodata: float | None, hole: float) -> None:
    data = RAMP.astype("float32")
    data[:50] = hole
    data[50:55] = -9999 if nodata is None else nodata
    low, high = limits(written(tmp_path / "a.tif", data, nodata=nodata))
    assert high <= 254
    assert low >= (50 if nodata is not None else -9999)


@pytest.mark.parametrize(
    ("dtype", "offset"), [("uint32", 1_600_000_000), ("float64", 4.0e14), ("int32", -2_000_000_000)]
)
def test_large_numbers(tmp_path: Path, dtype: str, offset: float) -> None:
    low, high = limits(written(tmp_path / "a.tif", (RAMP + offset).astype(dtype)))
    assert offset <= low < high <= offset + 254
    assert high - low == pytest.approx(254 * 0.8, abs=30)


def test_usual_numbers_are_as_they_were() -> None:
    assert as_text((0.0, 3000.0)) == "0,3000"
    assert as_text((0.123456789, 0.9)) == "0.123457,0.9"
    assert as_text((-0.5, 0.5)) == "-0.5,0.5"


@given(
    st.floats(-1e300, 1e300, allow_subnormal=False),
    st.floats(-1e300, 1e300, allow_subnormal=False),
)
def test_limits_are_told_apart(one: float, other: float) -> None:
    low, high = sorted((one, other))
    if low == high:
        return
    first, second = map(float, as_text((low, high)).split(","))
    assert first < second or not math.isfinite(high - low)
    if math.isfinite(high - low):
        assert abs(first - low) <= (high - low) / 100 + abs(low) * 1e-15
        assert abs(second - high) <= (high - low) / 100 + abs(high) * 1e-15


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers_are_refused_in_words(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(InputError, match="complex"):
        open_source(written(tmp_path / "a.tif", RAMP.astype(dtype)))


def test_control_points_place_a_picture(tmp_path: Path) -> None:
    points = [
        rasterio.control.GroundControlPoint(row, col, 13 + col * 1e-3, 48 - row * 1e-3)
        for row in (0, 128)
        for col in (0, 128)
    ]
    path = written(
        tmp_path / "a.tif",
        (RAMP % 200 + 1).astype("uint8"),
        crs=CRS.from_epsg(4326),
        transform=None,
        gcps=points,
    )
    layer = open_source(path)
    # 0.001° a pixel is 111 m at the equator: between zooms 10 (153 m) and 11
    assert layer.info.max_zoom == 11
    west, south, east, north = layer.info.bounds
    assert (west, south, east, north) == pytest.approx((13, 47.872, 13.128, 48), abs=2e-3)
    assert default_style(layer)[1]
