from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.errors import InputError
from automap_tiles.scenes._truncation import check_intact


def _make(path: Path, **options: Any) -> bytes:
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": 300,
        "height": 200,
        "count": 2,
        "dtype": "uint16",
        "crs": "EPSG:32633",
        "transform": rasterio.Affine(10, 0, 6e5, 0, -10, 5e6),
    }
    profile.update(options)
    pixels = np.random.default_rng(0).integers(0, 9999, (2, 200, 300)).astype("u2")
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(pixels[: profile["count"]])
    return path.read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"},
        {"compress": "lzw", "BIGTIFF": "YES"},
        {"ENDIANNESS": "BIG"},
        {"interleave": "pixel", "compress": "zstd"},
        {"driver": "COG", "compress": "deflate"},
        {"driver": "JP2OpenJPEG", "count": 1, "REVERSIBLE": "YES", "QUALITY": "100"},
        {"driver": "JP2OpenJPEG", "count": 1, "CODEC": "J2K"},
    ],
)
def test_every_cut_is_seen(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "image.bin"
    content = _make(path, **options)
    check_intact(str(path))
    for share in (0.05, 0.3, 0.6, 0.9, 0.99):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InputError, match=r"is (cut off|broken)"):
            check_intact(str(path))


def test_what_is_no_image_or_not_here_is_left_to_gdal(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("some text")
    check_intact(str(path))
    check_intact(str(tmp_path / "absent.tif"))
    check_intact("/vsitar/{/nowhere.tar}/a.tif")
    path.write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        check_intact(str(path))


def test_directories_that_go_around_in_circles_end(tmp_path: Path) -> None:
    path = tmp_path / "loop.tif"
    path.write_bytes(b"II*\0" + struct.pack("<IHI", 8, 0, 8))
    check_intact(str(path))


def test_all_real_images_are_whole(shared: Path) -> None:
    files = [
        path
        for path in (shared / "data").rglob("*")
        if path.suffix.lower() in (".tif", ".jp2", ".tiff")
    ]
    assert len(files) > 500
    for path in files:
        check_intact(str(path))
