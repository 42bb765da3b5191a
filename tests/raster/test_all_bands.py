"""What is said of a raster is said of all of its bands, not of the first one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.enums import Resampling
from rasterio.transform import from_origin

from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.raster import close_all, decode, decode_bands, inspect, read
from automap_tiles.raster.nodata import free_value

PLACE = {"crs": "EPSG:3857", "transform": from_origin(100, 900, 10, 10)}


def write(path: Path, data: Any, nodata: float | None = None, **options: Any) -> Path:
    count, height, width = data.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width,
        dtype=data.dtype.name, nodata=nodata, **PLACE, **options,
    ) as file:  # fmt: skip
        file.write(data)
    return path


def virtual(path: Path, *bands: tuple[Path, str, float | None], size: int = 64) -> Path:
    """One band of each file, of a type of GDAL's and with a nodata value of its own."""
    said = ""
    for number, (source, kind, nodata) in enumerate(bands, start=1):
        value = "" if nodata is None else f"<NoDataValue>{nodata}</NoDataValue>"
        said += (
            f'<VRTRasterBand dataType="{kind}" band="{number}">{value}<SimpleSource>'
            f'<SourceFilename relativeToVRT="1">{source.name}</SourceFilename>'
            "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        )
    path.write_text(
        f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}"><SRS>EPSG:3857</SRS>'
        f"<GeoTransform>100, 10, 0, 900, 0, -10</GeoTransform>{said}</VRTDataset>"
    )
    return path


@pytest.mark.parametrize(
    ("bands", "dtype", "nodata", "kinds"),
    [
        ([("Byte", 7), ("Float32", 7)], "float32", 7, "1 × uint8, 1 × float32"),
        ([("Byte", 7), ("Byte", 8), ("Int16", 7)], "int16", None, "2 × uint8, 1 × int16"),
        ([("Byte", None), ("Byte", 0)], "uint8", None, "2 × uint8"),
        ([("UInt16", 0), ("Int16", 0)], "int32", 0, "1 × uint16, 1 × int16"),
        ([("CInt16", None), ("Byte", None)], "complex64", None, "1 × complex_int16, 1 × uint8"),
    ],
)
def test_bands_that_differ(
    tmp_path: Path,
    bands: list[tuple[str, float | None]],
    dtype: str,
    nodata: float | None,
    kinds: str,
) -> None:
    source = write(tmp_path / "a.tif", np.ones((1, 64, 64), np.uint8))
    path = virtual(tmp_path / "a.vrt", *((source, kind, value) for kind, value in bands))
    info = inspect(path)
    assert (info.dtype, info.nodata, info.kinds) == (dtype, nodata, kinds)
    close_all()


def test_nan_is_the_nodata_of_all(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.ones((3, 8, 8), np.float32), float("nan"))
    nodata = inspect(path).nodata
    assert nodata is not None
    assert np.isnan(nodata)


def test_overviews_that_one_band_lacks(tmp_path: Path) -> None:
    """Where one cannot be read from its overview, none is."""
    rng = np.random.default_rng(3)
    first, second = rng.integers(1, 200, (2, 1, 512, 512), dtype=np.uint8)
    one, two = write(tmp_path / "one.tif", first), write(tmp_path / "two.tif", second)
    path = virtual(tmp_path / "a.vrt", (one, "Byte", 0), (two, "Byte", 0), size=512)
    coarse = Grid(inspect(path).crs, from_origin(100, 900, 160, 160), (32, 32))
    expected = {kind: read(path, coarse, resampling=kind) for kind in ("nearest", "average")}
    close_all()
    with rasterio.open(one, "r+") as file:
        file.build_overviews([2, 4, 8, 16], Resampling.mode)
    assert inspect(path).overviews == ()
    for kind, before in expected.items():
        np.testing.assert_array_equal(read(path, coarse, resampling=kind), before)
    close_all()


def test_decoded_bands_of_other_dtypes(tmp_path: Path) -> None:
    """Numbers of the second band were cut to the dtype of the first."""
    byte = write(tmp_path / "byte.tif", np.full((1, 64, 64), 200, np.uint8))
    real = write(tmp_path / "real.tif", np.full((1, 64, 64), 1234.5, np.float32))
    path = virtual(tmp_path / "a.vrt", (byte, "Byte", 200), (real, "Float32", None))
    data, _ = decode(path)
    assert data.dtype == np.float32
    assert np.ma.getmaskarray(data)[0].all()
    assert (data.data[1] == 1234.5).all()
    alone, count = decode_bands(path, [1])
    assert (alone.dtype, count) == (np.uint8, 2)


def test_a_collection_of_rasters(tmp_path: Path) -> None:
    """It has no bands itself; a traceback came of that."""
    path = tmp_path / "two.gpkg"
    data = np.ones((1, 256, 256), np.uint8)
    options = {"driver": "GPKG", "count": 1, "height": 256, "width": 256, "dtype": "uint8"}
    for name, more in (("a", {}), ("b", {"APPEND_SUBDATASET": "YES"})):
        with rasterio.open(path, "w", **options, **PLACE, RASTER_TABLE=name, **more) as file:
            file.write(data)
    info = inspect(path)
    assert info.count == 0
    target = Grid(rasterio.CRS.from_epsg(3857), from_origin(100, 900, 10, 10), (4, 4))
    with pytest.raises(InputError, match=r"no bands of its own; it holds 2 others, such as GPKG:"):
        read(path, target)
    close_all()


@given(
    hnp.arrays(st.sampled_from(["uint8", "int16", "uint16", "int32", "float32"]), (3, 4)),
    hnp.arrays(bool, (3, 4)),
)
def test_a_free_value(values: Any, mask: Any) -> None:
    found = free_value(np.ma.MaskedArray(values, mask=mask))
    if not mask.any():
        assert found is None
    elif values.dtype.kind == "f":
        assert found is not None
        assert np.isnan(found)
    else:
        assert found is not None
        assert values.dtype.type(found) == found
        assert not (values[~mask] == found).any()


def test_no_free_value() -> None:
    values = np.arange(257, dtype=np.int64).clip(0, 255).astype(np.uint8)
    assert free_value(np.ma.MaskedArray(values, mask=np.arange(257) == 256)) is None
