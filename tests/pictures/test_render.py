"""Pictures against NumPy by hand, read back by rasterio and Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from automap_tiles.errors import ConfigError
from automap_tiles.pictures import colormaps
from automap_tiles.pictures.encode import ImageFormat, empty, encode
from automap_tiles.pictures.render import Picture, render
from automap_tiles.pictures.style import read_style

NAMES = ("b1", "b2", "b3")


def rgba(content: bytes) -> np.ndarray:
    """(y, x, 4), as others read it."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def by_hand(values: Any, low: float, high: float, gamma: float = 1.0) -> np.ndarray:
    part = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0, 1) ** (1 / gamma)
    return np.floor(part * 255 + 0.5).astype(np.uint8)


def pictures(dtype: Any) -> st.SearchStrategy[np.ma.MaskedArray]:
    shape = st.tuples(st.just(3), st.integers(1, 6), st.integers(1, 6))
    return shape.flatmap(
        lambda size: st.builds(
            lambda data, mask: np.ma.MaskedArray(data, mask=mask),
            hnp.arrays(dtype, size),
            hnp.arrays(bool, size),
        )
    )


@pytest.mark.parametrize("form", ["png", "webp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
@settings(max_examples=30)
@given(data=st.data())
def test_colour_and_transparency(dtype: Any, form: str, data: st.DataObject) -> None:
    picture = data.draw(pictures(dtype))
    gamma = data.draw(st.sampled_from([1.0, 0.5, 2.2]))
    query = {"bidx": ("3", "1", "2"), "rescale": ("-20,3000",), "gamma": (str(gamma),)}
    style = read_style(query, NAMES)
    chosen = picture[[2, 0, 1]]
    made = render(chosen, style)
    masked = (np.ma.getmaskarray(chosen) | np.isnan(chosen.data)).any(axis=0)
    if np.isfinite(chosen.data).all():
        np.testing.assert_array_equal(made.planes, by_hand(chosen.data, -20, 3000, gamma))
    found = rgba(encode(made, ImageFormat(form)))
    np.testing.assert_array_equal(found[..., 3] == 0, masked)
    if form == "png":
        np.testing.assert_array_equal(found[~masked][:, :3].T, made.planes[:, ~masked])


@given(
    hnp.arrays(np.int16, (1, 40, 30), elements=st.integers(-50, 300)),
    hnp.arrays(bool, (1, 40, 30)),
)
def test_a_ramp(values: np.ndarray, mask: np.ndarray) -> None:
    style = read_style({"rescale": ("0,255",), "colormap_name": ("viridis",)}, ("b1",))
    found = rgba(encode(render(np.ma.MaskedArray(values, mask=mask), style), ImageFormat.PNG))
    table = colormaps.named("viridis").table
    np.testing.assert_array_equal(found[~mask[0]], table[np.clip(values, 0, 255)[~mask]])
    assert (found[mask[0]][:, 3] == 0).all()


def test_a_ramp_whose_every_colour_is_used_beside_a_mask() -> None:
    values = np.tile(np.arange(256, dtype=np.uint8), (2, 1))[None]
    mask = np.zeros_like(values, dtype=bool)
    mask[0, 1] = True
    style = read_style({"colormap_name": ("magma_r",)}, ("b1",))
    found = rgba(encode(render(np.ma.MaskedArray(values, mask=mask), style), ImageFormat.PNG))
    np.testing.assert_array_equal(found[0], colormaps.named("magma_r").table)
    assert (found[1, :, 3] == 0).all()


@given(hnp.arrays(np.uint8, (1, 9, 7), elements=st.integers(0, 5)))
def test_classes(values: np.ndarray) -> None:
    colours = {1: (255, 0, 0, 255), 2: (0, 255, 0, 128), 4: (0, 0, 255, 255)}
    text = str({str(key): list(colour) for key, colour in colours.items()}).replace("'", '"')
    style = read_style({"colormap": (text,)}, ("b1",))
    found = rgba(encode(render(np.ma.MaskedArray(values), style), ImageFormat.PNG))
    for value in range(6):
        wanted = colours.get(value)
        here = found[values[0] == value]
        assert (here[:, 3] == 0).all() if wanted is None else (here == wanted).all()


def test_intervals_and_more_than_256_classes() -> None:
    values = np.ma.MaskedArray(np.arange(400, dtype=np.int32).reshape(1, 20, 20))
    style = read_style({"colormap": ("[[[0, 100], [1, 2, 3]], [[50, 400], [9, 8, 7]]]",)}, ("b1",))
    found = render(values, style).rgba()
    np.testing.assert_array_equal(found[0].ravel(), np.where(np.arange(400) < 100, 1, 9))
    many = ",".join(f'"{value}": [{value % 256}, {value // 256}, 7]' for value in range(400))
    found = render(values, read_style({"colormap": ("{" + many + "}",)}, ("b1",))).rgba()
    np.testing.assert_array_equal(found[0].ravel(), np.arange(400) % 256)
    np.testing.assert_array_equal(found[1].ravel(), np.arange(400) // 256)


def test_jpeg_is_white_where_nothing_is() -> None:
    planes = np.zeros((3, 16, 16), np.uint8)
    opaque = np.zeros((16, 16), bool)
    opaque[:8] = True
    found = rgba(encode(Picture(planes=planes, opaque=opaque), ImageFormat.JPEG))
    assert found[:7, :, :3].max() < 10
    assert found[9:, :, :3].min() > 245
    half = Picture(planes=planes[:1], palette=np.array([[0, 0, 0, 128]], np.uint8))
    assert abs(int(rgba(encode(half, ImageFormat.JPEG))[8, 8, 0]) - 127) < 4


@pytest.mark.parametrize("form", list(ImageFormat))
def test_empty(form: ImageFormat) -> None:
    found = rgba(empty((20, 10), form))
    assert found.shape == (20, 10, 4)
    assert (found[..., 3] == (255 if form is ImageFormat.JPEG else 0)).all()


def test_without_a_mask_where_none_is_wanted() -> None:
    data = np.ma.MaskedArray(np.full((1, 4, 4), 7, np.uint8), mask=True)
    style = read_style({"return_mask": ("false",)}, ("b1",))
    assert (rgba(encode(render(data, style), ImageFormat.PNG))[..., 3] == 255).all()


def test_every_named_ramp_and_its_reverse() -> None:
    for name in colormaps.names():
        ramp = colormaps.named(name)
        assert ramp.table.shape == (256, 4)
        np.testing.assert_array_equal(colormaps.named(f"{name}_R").table, ramp.table[::-1])
    with pytest.raises(ConfigError, match="viridis"):
        colormaps.named("viridi")


@pytest.mark.parametrize("name", colormaps.names())
def test_ramps_are_those_of_matplotlib(name: str) -> None:
    from matplotlib import colormaps as theirs

    known = {each.lower(): each for each in theirs}
    wanted = theirs[known[name]](np.arange(256), bytes=True)
    assert np.abs(colormaps.named(name).table.astype(int) - wanted).max() <= 3
