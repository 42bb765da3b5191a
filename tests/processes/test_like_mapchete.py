"""The built-in processes that mapchete has too, called with the same inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter

import automap_processes.clip
import automap_processes.contours
import automap_processes.convert
import automap_processes.hillshade
from automap_tiles import Empty, Pyramid, Tile
from tests.processes.fakes import FakeRaster, FakeVector

# fakes are no inputs to mypy
clip: Any = automap_processes.clip
contours: Any = automap_processes.contours
convert: Any = automap_processes.convert
hillshade: Any = automap_processes.hillshade

TILE = Pyramid.from_grid("mercator", tile_size=64, pixelbuffer=2).tile(10, 300, 500)


def _theirs(name: str) -> Any:
    return pytest.importorskip(f"mapchete.processes.{name}").execute


def _known_to_mapchete(inp: Any) -> Any:
    """The same input as an instance of mapchete's class: it asks for that."""
    mapchete = pytest.importorskip("mapchete")
    base = mapchete.RasterInput if isinstance(inp, FakeRaster) else mapchete.VectorInput
    known: Any = type("Known", (type(inp), base), {})
    other = known.__new__(known)
    other.__dict__.update(inp.__dict__)
    return other


def _raster(dtype: str = "i2", bands: int = 3, seed: int = 0) -> FakeRaster:
    rng = np.random.default_rng(seed)
    pixels = gaussian_filter(rng.normal(size=(bands, *TILE.shape)), (0, 3, 3)) * 3000
    mask = np.broadcast_to(gaussian_filter(rng.random(TILE.shape), 2) > 0.55, pixels.shape)
    return FakeRaster(TILE, np.ma.MaskedArray(pixels.astype(dtype), mask=mask))


def _blobs(tile: Tile = TILE) -> FakeVector:
    left, bottom, right, top = tile.bounds
    third = (right - left) / 3
    shapes = [
        shapely.Point(left + third, top - third).buffer(third / 2),
        shapely.box(left + 2 * third, bottom, right + third, bottom + third / 3),
    ]
    return FakeVector(tile, shapes)


def _same(got: Any, wanted: Any) -> None:
    np.testing.assert_array_equal(np.ma.getmaskarray(got), np.ma.getmaskarray(wanted))
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got.filled(0), np.ma.asarray(wanted).filled(0))


@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"band_indexes": [3, 1]},
        {"band_indexes": 2},
        {"scale_offset": 10.5, "scale_ratio": 0.25},
        {"scale_ratio": 100.0, "clip_to_output_dtype": "int16"},
        {"scale_offset": 3.0, "clip_to_output_dtype": "uint8"},
        {"clip_to_output_dtype": "uint8"},
        {"resampling": "bilinear", "td_matching_method": "min", "td_fallback_to_higher_zoom": True},
    ],
)
def test_convert(options: dict[str, Any], clipped: bool) -> None:
    raster = _raster()
    vector = _blobs() if clipped else None
    wanted = _theirs("convert")(
        _known_to_mapchete(raster), None if vector is None else vector, **options
    )
    _same(convert.execute(raster, vector, **options), wanted)


def test_convert_of_features() -> None:
    vector = _blobs()
    assert convert.execute(vector) == _theirs("convert")(_known_to_mapchete(vector))
    half = shapely.box(TILE.left, TILE.bottom, (TILE.left + TILE.right) / 2, TILE.top)
    cut = convert.execute(vector, FakeVector(TILE, [half]))
    assert isinstance(cut, list)
    assert [feature["properties"]["number"] for feature in cut] == [0]
    got = shapely.geometry.shape(cut[0]["geometry"])
    assert got.equals(vector.shapes[0].intersection(half))


def test_convert_refuses_an_unknown_type() -> None:
    with pytest.raises(ValueError, match="int23"):
        convert.execute(_raster(), scale_ratio=2, clip_to_output_dtype="int23")


@pytest.mark.parametrize("options", [{}, {"band_indexes": [2]}, {"clip_pixelbuffer": 4}])
def test_clip(options: dict[str, Any]) -> None:
    raster, vector = _raster(), _blobs()
    _same(clip.execute(raster, vector, **options), _theirs("clip")(raster, vector, **options))


def test_clip_of_one_band() -> None:
    raster, vector = _raster(), _blobs()
    got = clip.execute(raster, vector, band_indexes=2)
    _same(got[None], clip.execute(raster, vector, band_indexes=[2]))


@pytest.mark.parametrize(
    "options", [{}, {"azimuth": 200.0, "altitude": 30.0, "z": 2.5}, {"scale": 111120.0}]
)
@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_hillshade(options: dict[str, Any], dtype: str) -> None:
    dem = _raster(dtype, bands=1)
    dem.pixels.mask = np.zeros(dem.pixels.shape, dtype=bool)
    got = hillshade.execute(dem, **options)
    wanted = _theirs("hillshade")(dem, **options)
    assert got.dtype == wanted.dtype
    assert np.abs(got.astype(int) - wanted).max() <= 1
    assert (got != wanted).mean() < 0.01


def test_hillshade_beside_holes_and_without_clip() -> None:
    dem = _raster("f4", bands=1)
    got = hillshade.execute(dem, _blobs())
    np.testing.assert_array_equal(got.mask, dem.pixels.mask[0])
    holes = np.pad(dem.pixels.mask[0], 1, mode="edge")
    near = np.zeros(TILE.shape, dtype=bool)
    for row in range(3):
        for col in range(3):
            near |= holes[row : row + TILE.height, col : col + TILE.width]
    wanted = _theirs("hillshade")(dem)
    inner = (slice(1, -1), slice(1, -1))
    away = ~near[inner]
    off = got.data[inner][away].astype(int) - wanted.data[inner][away]
    assert np.abs(off).max() <= 1


def test_contours_lie_where_the_heights_are() -> None:
    tile = TILE
    # heights rise eastward by 10 a pixel, from 0 in the middle of the first pixel
    dem = FakeRaster(tile, np.broadcast_to(np.arange(tile.width) * 10.0, (1, *tile.shape)))
    features = contours.execute(dem, interval=100, field="height")
    # two pixels of buffer on either side, and the lines are cut to the 64 between them
    assert [feature["properties"]["height"] for feature in features] == [
        100.0, 200.0, 300.0, 400.0, 500.0, 600.0
    ]  # fmt: skip
    for feature in features:
        line = shapely.geometry.shape(feature["geometry"])
        x = tile.left + (feature["properties"]["height"] / 10 + 0.5) * tile.pixel_x_size
        assert np.allclose(np.array(line.coords)[:, 0], x, rtol=0, atol=tile.pixel_x_size / 1e4)
        assert np.isclose(line.length, 64 * tile.pixel_y_size)


@pytest.mark.parametrize("height", [99.0, 100.0])
def test_a_line_on_the_edge_of_tiles_is_drawn_once(height: float) -> None:
    """Whether 99 meets 101 or all is 100 on one side: each line is in one of the two tiles."""
    pyramid = Pyramid.from_grid("mercator", tile_size=64, pixelbuffer=1)
    lengths = []
    for col, low in ((500, 64), (501, 0)):
        tile = pyramid.tile(10, 300, col)
        heights = np.full((1, *tile.shape), 101.0)
        heights[:, :, : low + 1] = height
        try:
            features = contours.execute(FakeRaster(tile, heights), interval=100)
        except Empty:
            continue
        lengths += [shapely.geometry.shape(feature["geometry"]).length for feature in features]
    assert lengths == [pytest.approx(64 * tile.pixel_y_size)]


@pytest.mark.parametrize("metatiling", [2, 8])
def test_contours_are_the_same_however_they_are_cut(metatiling: int) -> None:
    whole = Pyramid.from_grid("mercator", tile_size=32, metatiling=metatiling, pixelbuffer=3)
    tile = whole.tile(9, 300 // metatiling, 200 // metatiling)
    noise = np.random.default_rng(7).normal(size=tile.shape)
    heights = (gaussian_filter(noise, 4) * 2000).round()
    together = contours.execute(FakeRaster(tile, heights[None]), interval=25)
    alone = []
    for single in tile.intersecting(whole.replace(metatiling=1, pixelbuffer=1)):
        row = single.pixel_offset[0] - tile.pixel_offset[0]
        col = single.pixel_offset[1] - tile.pixel_offset[1]
        part = heights[row : row + single.height, col : col + single.width]
        alone += contours.execute(FakeRaster(single, part[None]), interval=25)
    assert alone == together
    assert len(alone) > 50


def test_contours_are_kept_inside_of_the_clip() -> None:
    dem, vector = _raster("f4", bands=1), _blobs()
    area = vector.read_union_geometry()
    every = contours.execute(dem, interval=50, base=12.5)
    cut = contours.execute(dem, vector, interval=50, base=12.5)
    for level in {feature["properties"]["elev"] for feature in every}:
        whole, inside = (
            shapely.union_all(
                [
                    shapely.geometry.shape(feature["geometry"])
                    for feature in features
                    if feature["properties"]["elev"] == level
                ]
            )
            for features in (every, cut)
        )
        assert np.isclose(whole.intersection(area).length, inside.length)
    assert all(feature["geometry"]["type"] == "LineString" for feature in cut)


@pytest.mark.parametrize("process", [clip, contours, convert, hillshade])
def test_nothing_to_write(process: Any) -> None:
    nothing = FakeRaster(TILE, np.ma.MaskedArray(np.zeros((1, *TILE.shape)), mask=True))
    with pytest.raises(Empty):
        process.execute(nothing, _blobs())
    with pytest.raises(Empty):
        process.execute(_raster(bands=1), FakeVector(TILE, []))


def test_no_line_is_nothing_to_write() -> None:
    with pytest.raises(Empty):
        contours.execute(FakeRaster(TILE, np.full((1, *TILE.shape), 42.0)), interval=100)
