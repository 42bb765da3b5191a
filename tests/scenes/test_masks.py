from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS
from scipy import ndimage

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Grid
from automap_tiles.missions import CloudPolygon, Flag, QualityFile
from automap_tiles.scenes.find import products
from automap_tiles.scenes.frames import NativeFrame, TileFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.masks import MaskRule, cloud_distance, masked, parse_flags
from automap_tiles.scenes.reading import read_stack
from tests.imagery.place import need_real
from tests.scenes.samples import grid_at, make_scene, write
from tests.scenes.test_reading import tile_over

SIZE = 128
GRID = grid_at(size=SIZE)


def whole(grid: Grid = GRID) -> NativeFrame:
    return NativeFrame(Lattice.of(grid), (range(grid.height), range(grid.width)))


def disk(radius: float) -> Any:
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return x**2 + y**2 <= radius**2


def blobs(seed: int = 0, share: float = 0.1) -> Any:
    """Classes of the SCL at 10 m: clouds (9) of all sizes on vegetation (4)."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random((SIZE, SIZE)), 1.5)
    return np.where(noise > np.quantile(noise, 1 - share), 9, 4).astype("u1")


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (None, (3, 8, 9, 10)),
        (["cloud"], (8, 9)),
        (["cloud", "snow", "water"], (6, 8, 9, 11)),
        ([], ()),
    ],
)
def test_flags_by_name(tmp_path: Path, names: list[str] | None, classes: tuple[int, ...]) -> None:
    codes = np.arange(SIZE * SIZE).reshape(SIZE, SIZE).astype("u1") % 12
    scene = make_scene(tmp_path, grid=GRID, classes=codes)
    found = masked(scene, whole(), MaskRule(flags=parse_flags(names)))
    np.testing.assert_array_equal(found, np.isin(codes, (0, *classes)))  # 0 is fill


def test_confidence(tmp_path: Path) -> None:
    codes = np.arange(SIZE * SIZE).reshape(SIZE, SIZE).astype("u1") % 12
    scene = make_scene(tmp_path, grid=GRID, classes=codes)
    high = masked(scene, whole(), MaskRule(flags=Flag.CLOUD, confidence="high"))
    np.testing.assert_array_equal(high, np.isin(codes, (0, 9)))


def test_unknown_words() -> None:
    with pytest.raises(ConfigError, match="unknown flag") as caught:
        parse_flags(["clouds"])
    assert "cloud?" in str(caught.value)
    with pytest.raises(ConfigError, match="unknown confidence"):
        MaskRule(confidence="sure")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="0 to 10000 metres"):
        MaskRule(dilation=-1)


@pytest.mark.parametrize(("opening", "dilation"), [(20, 0), (0, 50), (20, 50), (15, 33)])
def test_cleaned_as_scipy_does(tmp_path: Path, opening: float, dilation: float) -> None:
    codes = blobs()
    codes[:5, 40:60] = 9  # a cloud at the edge of the scene stays
    codes[60:70, 60:70] = 0
    scene = make_scene(tmp_path, grid=GRID, classes=codes)
    rule = MaskRule(flags=Flag.CLOUD, opening=opening, dilation=dilation)
    found = masked(scene, whole(), rule)
    clouds, fill = np.pad(codes == 9, 20), np.pad(codes == 0, 20, constant_values=True)
    if opening:
        covered = ndimage.binary_erosion(clouds | fill, disk(opening / 10), border_value=1)
        clouds = ndimage.binary_dilation(covered, disk(opening / 10)) & ~fill
    if dilation:
        clouds = ndimage.binary_dilation(clouds, disk(dilation / 10))
    np.testing.assert_array_equal(found, (clouds | fill)[20:-20, 20:-20])
    assert found is not None
    assert found[:4, 42:58].all()


@pytest.mark.parametrize("layer_pixel", [10, 20])
def test_no_seams(tmp_path: Path, layer_pixel: int) -> None:
    """Windows of any size see the same clean mask and the same distances."""
    codes = blobs(3)
    if layer_pixel == 20:
        codes = codes[::2, ::2]
    scene = make_scene(tmp_path, grid=GRID, classes=codes)
    rule = MaskRule(flags=Flag.CLOUD, opening=20, dilation=60)
    lattice = Lattice.of(GRID)
    everything = masked(scene, whole(), rule)
    metres = cloud_distance(scene, whole(), 300)
    cleaned = cloud_distance(scene, whole(), 300, opening=20)
    assert everything is not None
    assert (cleaned > metres).any()
    rng = np.random.default_rng(0)
    for _ in range(20):
        top, left = (int(value) for value in rng.integers(0, SIZE - 8, 2))
        height, width = (int(value) for value in rng.integers(1, 60, 2))
        window = range(top, min(SIZE, top + height)), range(left, min(SIZE, left + width))
        here = slice(top, window[0].stop), slice(left, window[1].stop)
        part = NativeFrame(lattice, window)
        np.testing.assert_array_equal(masked(scene, part, rule), everything[here])
        np.testing.assert_array_equal(cloud_distance(scene, part, 300), metres[here])
        found = cloud_distance(scene, part, 300, opening=20)
        np.testing.assert_array_equal(found, cleaned[here])


def test_distance_is_scipy_s(tmp_path: Path) -> None:
    codes = blobs(5, 0.02)
    scene = make_scene(tmp_path, grid=GRID, classes=codes)
    wanted = np.minimum(ndimage.distance_transform_edt(codes != 9) * 10, 400)
    np.testing.assert_allclose(cloud_distance(scene, whole(), 400), wanted, atol=1e-3)
    clouds = np.pad(codes == 9, 20)
    kept = ndimage.binary_opening(clouds, disk(2))[20:-20, 20:-20]
    far = np.minimum(ndimage.distance_transform_edt(~kept) * 10, 400)
    inner = np.s_[30:-30, 30:-30]  # what lies beyond the scene counts as covered
    found = cloud_distance(scene, whole(), 200, opening=20)
    np.testing.assert_allclose(found[inner], np.minimum(far, 200)[inner], atol=1e-3)
    plain = replace(scene, quality=())
    assert (cloud_distance(plain, whole(), 400) == 400).all()


def test_a_clean_mask_on_a_tile_is_the_scene_s(tmp_path: Path) -> None:
    """Also there it is made on the scene's own grid, and only then brought onto the tile."""
    scene = make_scene(tmp_path, grid=GRID, classes=blobs(1))
    tile = tile_over(GRID, 16)
    rule = MaskRule(flags=Flag.CLOUD, opening=20, dilation=50)
    found = masked(scene, TileFrame(tile), rule)
    everything = masked(scene, whole(), rule)
    assert found is not None
    assert everything is not None
    cols, rows = np.meshgrid(np.arange(256) + 0.5, np.arange(256) + 0.5)
    x, y = tile.transform @ (cols, rows)
    x, y = rasterio.warp.transform(tile.crs, GRID.crs, np.ravel(x), np.ravel(y))
    col, row = ~GRID.transform @ (np.array(x), np.array(y))
    inside = (col >= 0) & (row >= 0) & (col < SIZE) & (row < SIZE)
    wanted = np.ones(256 * 256, dtype=bool)
    wanted[inside] = everything[row[inside].astype(int), col[inside].astype(int)]
    assert 0.05 < found.mean() < 0.95
    assert (np.ravel(found) != wanted).mean() < 0.002  # GDAL's approximation of the transform


def test_the_best_layer_counts_and_saturation_is_added(tmp_path: Path) -> None:
    grid = Grid(GRID.crs, GRID.transform, (4, 4))
    scene = make_scene(tmp_path, grid=GRID)
    codes = {
        "qa_pixel": np.full((1, 4, 4), 21824, dtype="u2"),
        "bqa_c1": np.full((1, 4, 4), 1 << 4, dtype="u2"),
        "qa_radsat": np.zeros((1, 4, 4), dtype="u2"),
    }
    codes["qa_pixel"][0, 0, 0] = 22280  # cloud
    codes["qa_radsat"][0, 1, 1] = 1 << 3
    files = tuple(
        QualityFile(layer=name, href=write(tmp_path / f"{name}.tif", pixels, grid), grid=grid)
        for name, pixels in codes.items()
    )
    scene = replace(scene, sensor="landsat-8", quality=files[::-1])
    wanted = np.zeros((4, 4), dtype=bool)
    wanted[0, 0] = True
    rule = MaskRule(flags=Flag.CLOUD)
    np.testing.assert_array_equal(masked(scene, whole(grid), rule), wanted)
    wanted[1, 1] = True
    rule = MaskRule(flags=Flag.CLOUD | Flag.SATURATED)
    np.testing.assert_array_equal(masked(scene, whole(grid), rule), wanted)


def test_clouds_as_polygons(tmp_path: Path) -> None:
    left, top = GRID.transform.c, GRID.transform.f
    ring = tuple((left + x * 10, top - y * 10) for x, y in ((8, 8), (24, 8), (24, 40), (8, 40)))
    cloud = CloudPolygon(flag=Flag.CLOUD, exterior=(*ring, ring[0]))
    scene = replace(make_scene(tmp_path, grid=GRID), quality=(), clouds=(cloud,))
    wanted = np.zeros((SIZE, SIZE), dtype=bool)
    wanted[8:40, 8:24] = True
    np.testing.assert_array_equal(masked(scene, whole(), MaskRule()), wanted)
    nothing = masked(replace(scene, clouds=()), whole(), MaskRule())
    assert nothing is not None
    assert not nothing.any()
    assert masked(replace(scene, clouds=None), whole(), MaskRule()) is None
    assert not np.any(masked(scene, whole(), MaskRule(flags=Flag.CIRRUS)))


def test_a_mask_of_three_bands(shared: Path) -> None:
    need_real("sentinel2/mapchete_eo_33TWL_l2a_120m")
    folder = shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m/S2A_33TWL_20230818_0_L2A"
    (scene,) = products(folder, bands=["red"]).scenes
    grid = scene.band("red").grid
    assert grid is not None
    classes = next(file for file in scene.quality if file.layer == "msk_classi")
    scene = replace(scene, quality=(classes,))
    found = masked(scene, whole(grid), MaskRule(flags=Flag.CLOUD | Flag.CIRRUS))
    with rasterio.open(classes.href) as dataset:
        wanted = (dataset.read([1, 2]) != 0).any(axis=0)
    assert 0.05 < wanted.mean() < 0.95
    np.testing.assert_array_equal(found, wanted)


def test_a_mask_of_another_zone_lies_where_its_scene_does(tmp_path: Path) -> None:
    """Scene and mask are resampled alike: what is cloud is dark, and never valid."""
    zone = CRS.from_epsg(32632)
    (left,), (top,) = rasterio.warp.transform(GRID.crs, zone, [600000 - 500], [5300000 + 500])
    west = Grid(zone, Affine(10, 0, round(left, -1), 0, -10, round(top, -1)), (256, 256))
    classes = np.where(np.indices((256, 256)).sum(axis=0) % 64 < 32, 9, 4).astype("u1")
    other = make_scene(tmp_path, "west", grid=west, classes=classes, bands=["red"])
    numbers = np.where(classes == 9, 1000, 5000).astype("u2")[None]
    write(Path(other.band("red").href), numbers, west)
    twin = [make_scene(tmp_path, f"d{day}", grid=GRID, day=day + 1) for day in (1, 2)]
    stack = read_stack([other, *twin], tile_over(GRID, 12), ["red"], MaskRule())
    number = stack.scene_ids.index(("west",))
    assert stack.grid.crs == GRID.crs
    assert set(np.unique(stack.values[number][:, stack.valid[number]])) == {np.float32(0.4)}
    assert stack.valid[number].sum() > 1000


def test_fingerprints_of_inputs_are_those_of_earlier_versions() -> None:
    """They are made of what a rule looks like: a name that changes must not change it."""
    assert repr(MaskRule()) == (
        "MaskRule(flags=<Flag.CLOUD|CIRRUS|SHADOW: 14>, confidence='medium', opening=0.0, "
        "dilation=0.0, making=Making(masking=None, project_shadow=False))"
    )
