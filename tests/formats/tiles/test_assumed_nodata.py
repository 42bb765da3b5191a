"""Outputs that name no nodata value."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.formats import Advising, OutputSpec
from automap_tiles.formats.registry import open_output
from automap_tiles.grid import Pyramid
from automap_tiles.notes import Fate, collecting

PYRAMID = Pyramid.from_grid("geodetic")
TILE = PYRAMID.tile(3, 2, 5)


def writer(path: Path, **options: Any) -> Any:
    kind = options.pop("format", "GTiff")
    spec = OutputSpec(
        format=kind, path=str(path), options={"bands": 1, "dtype": "uint8", **options}, zooms=(3,)
    )
    return open_output(spec, PYRAMID)


def pixels(dtype: str = "uint8") -> np.ndarray:
    data = np.full((1, 256, 256), 7, dtype)
    data[0, :2] = 0
    return data


@pytest.mark.parametrize("name", ["tiles", "one.tif"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_have_nan(tmp_path: Path, name: str, dtype: str) -> None:
    out = writer(tmp_path / name, dtype=dtype)
    assert math.isnan(out.nodata)
    with collecting() as notes:
        stored = out.convert(TILE, pixels(dtype))
    assert not stored.data.mask.any()
    assert not notes
    assert out.advice() == ()


@pytest.mark.parametrize("name", ["tiles", "one.tif"])
def test_what_was_begun_with_zero_goes_on_with_it(tmp_path: Path, name: str) -> None:
    before = writer(tmp_path / name, dtype="float32", nodata=0)
    before.prepare()
    before.write(TILE, before.convert(TILE, pixels("float32") + 1))
    before.finish()
    after = writer(tmp_path / name, dtype="float32")
    assert after.nodata == 0
    assert after.fingerprint() == before.fingerprint()
    after.prepare()
    with collecting() as notes:
        after.convert(TILE, pixels("float32"))
    assert [note.count for note in notes] == [512]
    assert after.advice()


@pytest.mark.parametrize("name", ["tiles", "one.tif"])
def test_zeros_that_are_lost_are_told(tmp_path: Path, name: str) -> None:
    out = writer(tmp_path / name)
    assert out.nodata == 0
    assert issubclass(type(out), Advising)
    assert [note.fate for note in out.advice()] == [Fate.GUESSED]
    with collecting() as notes:
        out.convert(TILE, pixels())
        out.convert(TILE, list(pixels()))
    (note,) = notes
    assert (note.fate, note.count) == (Fate.LOST, 1024)


def test_what_was_masked_is_not_lost(tmp_path: Path) -> None:
    out = writer(tmp_path)
    masked = np.ma.masked_equal(pixels(), 0)
    nan = np.where(masked.mask, np.nan, pixels("float32"))
    top = np.broadcast_to(np.arange(256)[None, :, None] < 1, nan.shape)
    half = np.ma.MaskedArray(nan, mask=top)
    with collecting() as notes:
        for result in (masked, nan, half, masked[0], [masked[0]]):
            assert out.convert(TILE, result).data.mask.sum() == 512
    assert not notes


@pytest.mark.parametrize("nodata", [0, 9, None])
def test_what_is_said_is_meant(tmp_path: Path, nodata: int | None) -> None:
    for kind in ("GTiff", "PNG"):
        out = writer(tmp_path / kind, format=kind, nodata=nodata)
        with collecting() as notes:
            out.convert(TILE, pixels())
        assert not notes
        assert out.advice() == ()


def test_pictures(tmp_path: Path) -> None:
    out = writer(tmp_path / "a", format="PNG")
    with collecting() as notes:
        stored = out.convert(TILE, pixels())
    assert [note.count for note in notes] == [512]
    assert stored.data[3].mask.sum() == 512
    opaque = writer(tmp_path / "b", format="PNG", nodata=None).convert(TILE, pixels())
    assert (opaque.data.data[3] == 255).all()


@pytest.mark.parametrize("name", ["GTiff", "one.tif", "Zarr"])
@pytest.mark.parametrize(("nodata", "lost"), [(7, 254 * 256), (3, 0), (0, 256)])
def test_data_that_is_nodata_is_told(tmp_path: Path, name: str, nodata: int, lost: int) -> None:
    """Of a result with a mask, such as a map whose class 7 nobody would find again."""
    kind = "GTiff" if name == "one.tif" else name
    out = writer(tmp_path / name, format=kind, nodata=nodata, dtype="int16")
    top = np.broadcast_to(np.arange(256)[None, :, None] < 1, (1, 256, 256))
    for result in (np.ma.MaskedArray(pixels("int16"), mask=top), [_half(pixels("int16"), top)[0]]):
        with collecting() as notes:
            stored = out.convert(TILE, result)
        assert stored.data.mask.sum() == 256 + lost
        assert [(note.fate, note.count) for note in notes] == [(Fate.LOST, lost)][: bool(lost)]
    with collecting() as notes:  # without a mask the value itself may say where nothing is
        out.convert(TILE, pixels("int16"))
    assert not notes


def _half(data: np.ndarray, mask: np.ndarray) -> np.ma.MaskedArray:
    return np.ma.MaskedArray(data.astype("float32"), mask=mask)


def test_nan_is_never_data(tmp_path: Path) -> None:
    out = writer(tmp_path, dtype="float32", nodata=math.nan)
    data = np.ma.MaskedArray(np.full((1, 256, 256), np.nan), mask=np.zeros((1, 256, 256), bool))
    data[0, 0] = 1
    with collecting() as notes:
        assert out.convert(TILE, data).data.mask.sum() == 255 * 256
    assert not notes
