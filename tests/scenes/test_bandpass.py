"""Bands of several sensors brought to those of Landsat 8, against the published numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.notes import collecting
from automap_tiles.scenes.bandpass import as_oli
from tests.formats.test_scenes import reader_of
from tests.scenes.samples import grid_at, make_scene, write
from tests.scenes.test_reading import tile_over

GRID = grid_at(size=64)
RED = {
    "sentinel-2a": (0.9765, 0.0009),
    "sentinel-2b": (0.9761, 0.0010),
    "sentinel-2c": (0.9718, 0.0011),
    "landsat-8": (1.0, 0.0),
    "landsat-9": (1.0, 0.0),
    "hls-s30": (1.0, 0.0),
}


def described(folder: Path, sensor: str, day: int, bands: tuple[str, ...], level: str) -> Any:
    """A stack of one date; its numbers (band, y, x)."""
    rng = np.random.default_rng(day)
    numbers = rng.integers(500, 6000, (len(bands), *GRID.shape)).astype("u2")
    for pixels, band in zip(numbers, bands, strict=True):
        write(folder / f"2020060{day}_{band}.tif", pixels[None], GRID)
    text = {
        "sensor": sensor, "level": level, "time": "%Y%m%d", "path": "{time}_{band}.tif",
        "bands": dict(zip(bands, bands, strict=True)), "scale": 0.0001, "nodata": 0,
    }  # fmt: skip
    (folder / "scenes.yaml").write_text(json.dumps(text))
    return numbers


@pytest.mark.parametrize("sensor", RED)
def test_each_sensor(tmp_path: Path, sensor: str) -> None:
    """The formula at every pixel: slope times reflectance plus offset."""
    level = "SR" if sensor.startswith("hls") else "L2SP"
    numbers = described(tmp_path, sensor, 1, ("red",), level)
    stack = reader_of(tmp_path, bands=["red"], bandpass="oli").at(tile_over(GRID, 13)).read()
    slope, offset = RED[sensor]
    left = round((GRID.transform.c - stack.grid.transform.c) / 10)
    top = round((stack.grid.transform.f - GRID.transform.f) / 10)
    rows = slice(max(0, top), min(stack.grid.height, top + 64))
    cols = slice(max(0, left), min(stack.grid.width, left + 64))
    own = numbers[0][rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    assert own.size > 1000
    np.testing.assert_allclose(
        stack.values[0, 0][rows, cols], own * 1e-4 * slope + offset, rtol=0, atol=1e-7
    )


def test_satellites_are_mixed_by_nobody_who_does_not_ask(tmp_path: Path) -> None:
    two = described(tmp_path / "s2", "sentinel-2b", 1, ("red", "nir08"), "L2A")
    one = described(tmp_path / "l8", "landsat-8", 2, ("red", "nir08"), "L2SP")
    with pytest.raises(ConfigError, match="satellites"):
        _ = reader_of(tmp_path, bands=["red"]).found
    with collecting() as notes:
        reader = reader_of(tmp_path, bands=["red", "nir08"], bandpass="oli")
        stack = reader.at(tile_over(GRID, 13)).read()
    assert {scene.satellite for scene in reader.scenes} == {"sentinel-2", "landsat-8"}
    assert any("seen from straight above" in note.reason for note in notes)
    assert not any("no coefficients" in note.reason for note in notes)
    means = stack.values.mean(axis=(2, 3), where=stack.valid[:, np.newaxis])
    want = np.array([two.mean(axis=(1, 2)), one.mean(axis=(1, 2))]) * 1e-4
    want[0] = want[0] * [0.9761, 0.9966] + [0.0010, 0.0]
    np.testing.assert_allclose(means, want, rtol=0.1)
    assert reader.fingerprint() != reader_of(tmp_path / "l8", bands=["red", "nir08"]).fingerprint()


def test_bands_without_a_like_are_told(tmp_path: Path) -> None:
    described(tmp_path, "sentinel-2a", 1, ("nir", "red"), "L2A")
    with collecting() as notes:
        (scene,) = reader_of(tmp_path, bands=["nir", "red"], bandpass="oli").scenes
    assert set(scene.tones or {}) == {"B04"}
    (note,) = [each for each in notes if "no coefficients" in each.reason]
    assert note.examples == ("nir of sentinel-2a",)


@pytest.mark.parametrize(
    ("sensor", "level", "words"),
    [("landsat-7", "L2SP", "no coefficients"), ("sentinel-2a", "L1C", "surface reflectance only")],
)
def test_what_cannot_be_brought_there(tmp_path: Path, sensor: str, level: str, words: str) -> None:
    scene = make_scene(tmp_path, sensor=sensor, level=level)
    with pytest.raises(ConfigError, match=words):
        as_oli(scene, [])


def test_seamless_goes_behind_it(tmp_path: Path) -> None:
    """Gains are found of what the bandpass gives, and multiply it; a lone scene keeps its own."""
    described(tmp_path, "sentinel-2a", 1, ("red",), "L2A")
    with collecting() as notes:
        (scene,) = reader_of(tmp_path, bands=["red"], bandpass="oli", seamless=True).scenes
    assert scene.tones == {"B04": (0.9765, 0.0009)}
    assert not any("overlap with none" in each.reason for each in notes)
