from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Grid
from automap_tiles.missions import BandFile, Flag, QualityFile, Scene, _registry, quality_layer
from automap_tiles.scenes.find import products
from automap_tiles.scenes.frames import NativeFrame, TileFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.masks import (
    FlagSource,
    MaskRule,
    cloud_distance,
    flag_picture,
    masked,
    parse_flags,
)
from tests.imagery.place import need_real
from tests.scenes.samples import SENTINEL, grid_at, make_scene, write
from tests.scenes.test_reading import tile_over

PROJECTED = FlagSource(project_shadow=True)
SIZE = 600
GRID = grid_at(size=SIZE)
OPAQUE = 1 << 10


def numbers(reflectance: Any) -> Any:
    return np.round((reflectance + 0.1) * 10000).astype("u2")[None]


def cloudy_scene(folder: Path, seed: int = 0, pixel: int = 60, **changes: Any) -> Scene:
    """Bands at 10 m with dark, bright and watery parts; clouds as QA60 at 60 m, or at 20 m."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.random((2, SIZE, SIZE)), (0, 12, 12))
    nir = np.maximum(0.02, 0.25 + (noise[0] - noise[0].mean()) / noise[0].std() * 0.12)
    red = np.where(noise[1] > np.quantile(noise[1], 0.8), nir * 1.5, nir * 0.6)
    files = {
        name: BandFile(
            href=write(folder / f"{name}.tif", numbers(values), GRID), scaling=SENTINEL, grid=GRID
        )
        for name, values in (("B04", red), ("B08", nir))
    }
    own = Grid(GRID.crs, GRID.transform @ Affine.scale(pixel / 10), (SIZE * 10 // pixel,) * 2)
    clouds = ndimage.gaussian_filter(rng.random(own.shape), 120 / pixel)
    codes = np.where(clouds > np.quantile(clouds, 0.95), OPAQUE, 0).astype("u2")
    path = write(folder / "qa60.tif", codes[None], own)
    scene = make_scene(folder, bands=["red"])
    return replace(
        scene,
        **{
            "bands": files,
            "quality": (QualityFile(layer="qa60", href=path, grid=own),),
            "sun_elevation": 65.0,
            "sun_azimuth": 150.0,
            **changes,
        },
    )


def whole(grid: Grid = GRID) -> NativeFrame:
    return NativeFrame(Lattice.of(grid), (range(grid.height), range(grid.width)))


def blocks_of(values: Any) -> Any:
    """Means of 6 × 6 pixels."""
    return values.reshape(SIZE // 6, 6, SIZE // 6, 6).mean(axis=(1, 3))


def test_shadows_against_a_slow_projection(tmp_path: Path) -> None:
    """Every cloud pixel by itself, at a thousand heights; a step may round to the next pixel."""
    scene = cloudy_scene(tmp_path)
    with rasterio.open(scene.quality[0].href) as dataset:
        cloud = dataset.read(1) != 0
    red, nir = (
        blocks_of(rasterio.open(scene.band(name).href).read(1) / 10000.0 - 0.1)
        for name in ("red", "nir")
    )
    dark = (nir < 0.15) & ((nir - red) / (nir + red) > -0.1)
    away = np.linspace(200, 12000, 1000) / math.tan(math.radians(65.0)) / 60
    # the grid's north is turned where the scene lies off the middle of its zone
    (longitude,), (latitude,) = rasterio.warp.transform(GRID.crs, "EPSG:4326", [603000], [5297000])
    turned = math.radians(longitude - 15) * math.sin(math.radians(latitude))
    angle = math.radians(150.0) - turned
    down, right = np.round(math.cos(angle) * away), np.round(-math.sin(angle) * away)
    swept = np.zeros_like(cloud)
    for row, col in zip(*np.nonzero(cloud), strict=True):
        y, x = (row + down).astype(int), (col + right).astype(int)
        inside = (y >= 0) & (x >= 0) & (y < 100) & (x < 100)
        swept[y[inside], x[inside]] = True
    flags = flag_picture(scene, whole(), making=PROJECTED)[::6, ::6]
    np.testing.assert_array_equal((flags & Flag.CLOUD) != 0, cloud)
    found = (flags & Flag.SHADOW) != 0
    assert found.sum() > 100
    assert not (found & ~dark).any()
    assert not (found & cloud).any()
    assert not (found & ~ndimage.binary_dilation(swept, np.ones((3, 3)))).any()
    missed = swept & dark & ~cloud & ~found
    assert missed.sum() < 0.1 * found.sum()  # corners that are cut
    assert not (flag_picture(scene, whole()) & Flag.SHADOW).any()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    elevation=st.floats(25, 90),
    azimuth=st.floats(0, 360),
    pixel=st.sampled_from([20, 60]),
    seed=st.integers(0, 99),
)
def test_no_seams(
    tmp_path_factory: pytest.TempPathFactory,
    elevation: float,
    azimuth: float,
    pixel: int,
    seed: int,
) -> None:
    """Windows of any size see the shadows of the whole scene, cleaned and measured as well."""
    scene = cloudy_scene(
        tmp_path_factory.mktemp("scene"),
        seed,
        pixel,
        sun_elevation=elevation,
        sun_azimuth=azimuth,
    )
    rule = MaskRule(flags=parse_flags(["cloud", "shadow"]), dilation=40, making=PROJECTED)
    everything = masked(scene, whole(), rule)
    flags = flag_picture(scene, whole(), making=PROJECTED)
    metres = cloud_distance(scene, whole(), 200, PROJECTED)
    assert everything is not None
    rng = np.random.default_rng(seed)
    for _ in range(4):
        top, left = (int(value) for value in rng.integers(0, SIZE - 1, 2))
        height, width = (int(value) for value in rng.integers(1, 90, 2))
        window = range(top, min(SIZE, top + height)), range(left, min(SIZE, left + width))
        here = slice(top, window[0].stop), slice(left, window[1].stop)
        part = NativeFrame(Lattice.of(GRID), window)
        np.testing.assert_array_equal(masked(scene, part, rule), everything[here])
        np.testing.assert_array_equal(flag_picture(scene, part, making=PROJECTED), flags[here])
        found = cloud_distance(scene, part, 200, PROJECTED)
        np.testing.assert_array_equal(found, metres[here])


def test_tiles_of_any_metatiling(tmp_path: Path) -> None:
    """Warped onto tiles as well, a shadow goes on in the next one."""
    scene = cloudy_scene(tmp_path)
    rule = MaskRule(flags=parse_flags(["cloud", "shadow"]), making=PROJECTED)
    big = tile_over(GRID, 14, metatiling=4)
    everything = masked(scene, TileFrame(big), rule)
    assert everything is not None
    assert 0.02 < everything.mean() < 0.98
    for unit in big.intersecting(big.pyramid.replace(metatiling=1)):
        row = round((unit.transform.f - big.transform.f) / big.transform.e)
        col = round((unit.transform.c - big.transform.c) / big.transform.a)
        found = masked(scene, TileFrame(unit), rule)
        np.testing.assert_array_equal(found, everything[row : row + 256, col : col + 256])


def test_a_sun_that_nobody_knows(tmp_path: Path) -> None:
    scene = cloudy_scene(tmp_path, sun_azimuth=None)
    with pytest.raises(ConfigError, match="where the sun stood in scene one"):
        PROJECTED.check([scene])
    with pytest.raises(ConfigError, match="where the sun stood"):
        masked(scene, whole(), MaskRule(making=PROJECTED))


@pytest.mark.parametrize("elevation", [0.0, -12.5])
def test_a_scene_of_night(tmp_path: Path, elevation: float) -> None:
    scene = cloudy_scene(tmp_path, sun_elevation=elevation)
    with pytest.raises(ConfigError, match="the sun was down in scene one"):
        PROJECTED.check([scene])
    with pytest.raises(ConfigError, match="the sun was down"):
        masked(scene, whole(), MaskRule(making=PROJECTED))


@pytest.mark.parametrize("name", ["S2A_33TWL_20230815_0_L2A", "S2B_33TWL_20230820_0_L2A"])
def test_shadows_of_real_clouds(shared: Path, name: str) -> None:
    """From the clouds of ESA's classification alone most of its own dark shadows are found.

    And fewer of them with the sun in any other quarter of the sky.
    """
    need_real("sentinel2/mapchete_eo_33TWL_l2a_120m")
    folder = shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m" / name
    (scene,) = products(folder, bands=["red", "nir"]).scenes
    grid = scene.band("red").grid
    assert grid is not None
    assert scene.sun_azimuth is not None
    frame = whole(grid)
    file = scene.band("nir")
    assert file.scaling is not None
    with rasterio.open(file.href) as dataset:
        nir = file.scaling.apply(np.ma.masked_equal(dataset.read(1), 0))
    own = flag_picture(scene, frame)
    real = ((own & Flag.SHADOW) != 0) & np.ma.filled(nir < 0.15, False)
    layer = quality_layer("scl")
    clouds_only = replace(
        layer, rules=tuple(rule for rule in layer.rules if rule.flag != Flag.SHADOW)
    )
    found = []
    for turn in (0, 90, 180, 270):
        turned = replace(scene, sun_azimuth=scene.sun_azimuth + turn)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(_registry.known().layers, "scl", clouds_only)
            flags = flag_picture(turned, frame, making=PROJECTED)
        assert ((flags & Flag.SHADOW) != 0).mean() < 0.05
        found.append(((flags[real] & Flag.SHADOW) != 0).mean())
    assert real.sum() > 500
    assert found[0] > 0.7
    assert found[0] > 1.2 * max(found[1:])
