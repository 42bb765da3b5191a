"""Pictures as opaque as an alpha band says."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from automap_tiles.pictures.encode import ImageFormat, encode
from automap_tiles.pictures.render import render
from automap_tiles.pictures.style import read_style

NAMES = ("b1", "b2", "b3", "b4")
COLOURS = hnp.arrays(np.uint8, (4, 5, 7))


def rgba(content: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


@given(COLOURS, hnp.arrays(bool, (5, 7)))
def test_colours_with_alpha(values: Any, missing: Any) -> None:
    style = read_style({"bidx": ("1,2,3",), "rescale": ("0,255",)}, NAMES, 4)
    assert style.needed == (1, 2, 3, 4)
    data = np.ma.MaskedArray(values, mask=np.stack([missing] * 3 + [np.zeros((5, 7), bool)]))
    found = rgba(encode(render(data, style), ImageFormat.PNG))
    alpha = np.where(missing, 0, values[3])
    np.testing.assert_array_equal(found[..., 3], alpha)
    np.testing.assert_array_equal(found[..., :3], np.moveaxis(values[:3], 0, -1))


@given(values=COLOURS, query=st.sampled_from([{}, {"colormap_name": ("viridis",)}]))
def test_one_band_with_alpha(values: Any, query: dict[str, tuple[str, ...]]) -> None:
    """Grey, and a palette, whose colours may be half transparent themselves."""
    asked = {"bidx": ("2",), "rescale": ("0,255",), **query}
    style, plain = read_style(asked, NAMES, 4), read_style(asked, NAMES)
    assert style.needed == (2, 4)
    found = rgba(encode(render(np.ma.MaskedArray(values[[1, 3]]), style), ImageFormat.PNG))
    bare = rgba(encode(render(np.ma.MaskedArray(values[[1]]), plain), ImageFormat.PNG))
    np.testing.assert_array_equal(found[..., 3], values[3])
    seen = values[3] > 0
    np.testing.assert_array_equal(found[seen][:, :3], bare[seen][:, :3])


def test_half_transparent_colours_of_half_transparent_pixels() -> None:
    style = read_style({"bidx": ("1",), "colormap": ('{"7": [9, 8, 7, 128]}',)}, NAMES, 2)
    data = np.ma.MaskedArray(np.array([[[7, 7, 7, 5]], [[255, 100, 0, 255]]], np.uint8))
    found = rgba(encode(render(data, style), ImageFormat.PNG))
    np.testing.assert_array_equal(found[0, :, 3], [128, 50, 0, 0])
    np.testing.assert_array_equal(found[0, :2, :3], [[9, 8, 7]] * 2)


def test_many_classes_of_which_some_are_half_transparent() -> None:
    """More than a palette holds: their opacity was all or nothing."""
    text = ", ".join(
        f'"{n}": [{n % 256}, {n // 256}, 3, {255 if n % 2 else 90}]' for n in range(400)
    )
    style = read_style({"colormap": ("{" + text + "}",)}, ("b1",))
    values = np.arange(440, dtype=np.uint16).reshape(1, 20, 22)
    found = rgba(encode(render(np.ma.MaskedArray(values), style), ImageFormat.PNG))
    wanted = np.where(values[0] >= 400, 0, np.where(values[0] % 2, 255, 90))
    np.testing.assert_array_equal(found[..., 3], wanted)


@pytest.mark.parametrize(
    ("dtype", "largest"), [("uint16", 65_535), ("int16", 32_767), ("float32", 255), ("int32", 255)]
)
def test_alpha_of_other_types(dtype: str, largest: int) -> None:
    """What is opaque is what GDAL's warper takes for opaque."""
    style = read_style({"bidx": ("1",), "rescale": ("0,100",)}, NAMES, 2)
    alpha = np.array([[0, largest // 2, largest]], dtype)
    data = np.ma.MaskedArray(np.stack([np.full((1, 3), 50, dtype), alpha]))
    found = rgba(encode(render(data, style), ImageFormat.PNG))
    np.testing.assert_allclose(found[0, :, 3], [0, 127.5, 255], atol=0.5)


def test_without_transparency() -> None:
    """JPEG is blended with white; who wants no mask gets none; alpha itself can be looked at."""
    data = np.ma.MaskedArray(np.full((2, 16, 16), 100, np.uint8))
    style = read_style({"bidx": ("1",)}, NAMES, 2)
    found = rgba(encode(render(data, style), ImageFormat.JPEG))[8, 8]
    assert abs(int(found[0]) - round(100 * 100 / 255 + 155)) <= 2
    assert read_style({"return_mask": ("no",)}, NAMES, 4).needed == (1, 2, 3)
    assert read_style({"bidx": ("4",)}, NAMES, 4).needed == (4,)
    assert read_style({"expression": ("b1/b4",)}, NAMES, 4).needed == (1, 4)
    assert read_style({"expression": ("b1/b2",)}, NAMES, 4).needed == (1, 2, 4)


@pytest.mark.parametrize("form", [ImageFormat.PNG, ImageFormat.WEBP])
def test_by_an_expression(form: ImageFormat) -> None:
    style = read_style({"expression": ("b1+b2",), "rescale": ("0,255",)}, NAMES, 4)
    values = np.full((3, 16, 16), 100, np.uint8)
    values[2, :8] = 30
    found = rgba(encode(render(np.ma.MaskedArray(values), style), form))
    assert {30, 100} == set(np.unique(found[..., 3]))
    assert abs(int(found[2, 2, 0]) - 200) <= 3
