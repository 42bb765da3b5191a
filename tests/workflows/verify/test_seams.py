"""Seams are found where a function depends on how the area is cut, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.cli.main import main
from automap_tiles.engine.journal import Journal, place_of
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError, ProcessChanged
from automap_tiles.runtime import open_process
from automap_tiles.workflows.verify.seams import TriedTile, check_seams
from tests.engine.projects import make_raster
from tests.test_same_bytes import BUILT_IN

# Each takes the picture with its margin, (band, y, x) as floats, and gives one of the same shape.
WITH_SEAMS = {
    "its own minimum": "data - data.min()",
    "its own mean": "data - data.mean()",
    "stretched to its own range": "(data - data.min()) / max(1, data.max() - data.min()) * 9999",
    "its place": "data * 0 + (tile.row + 3 * tile.col) % 7 + 1",
    "distance to its edge": "data * 0 + np.arange(data.shape[1])[:, None] + 1",
    "a window wider than its margin": "boxes(data, 2 * margin + 3)",
}
WITHOUT = {
    "itself": "data",
    "a formula": "data * 2 + 1",
    "a window as wide as its margin": "boxes(data, 2 * margin + 1)",
    "a threshold": "np.where(data > 3000, 1, 2)",
}
MODULE = """
import numpy as np
from automap_tiles import Tile, TilePixelBuffer


def boxes(data, size):
    half = size // 2
    padded = np.pad(data, ((0, 0), (half, half), (half, half)), mode="edge")
    rows = sum(padded[:, i : i + data.shape[1]] for i in range(size))
    return sum(rows[:, :, i : i + data.shape[2]] for i in range(size)) / size**2


def execute(image, tile: Tile, margin: TilePixelBuffer):
    data = image.read().filled(30000).astype("float64")
    return {}
"""


def process_of(folder: Path, expression: str, metatiling: int = 1, margin: int = 2) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder.parent / "image.tif").exists():
        make_raster(folder.parent / "image.tif", size=500, bands=1)
    (folder / "work.py").write_text(MODULE.replace("{}", expression))
    config = {
        "process": "./work.py",
        "input": {"image": "../image.tif"},
        "output": {"format": "GTiff", "path": "out", "bands": 1, "dtype": "float32"},
        "pyramid": {"grid": "mercator", "metatiling": metatiling, "pixelbuffer": margin},
        "zoom_levels": 13,
    }
    path = folder / "work.mapchete"
    path.write_text(json.dumps(config))
    return open_process(str(path))


def tried(process: Any, *, sample: int = 4, seed: int = 0) -> list[TriedTile]:
    list(execute(process, RunOptions(concurrency=Concurrency.NONE)))
    with Journal.open_readonly(place_of(process.writer.path, process.config_path)) as journal:
        return list(check_seams(process, journal, sample=sample, seed=seed))


@pytest.mark.parametrize("metatiling", [1, 2])
@pytest.mark.parametrize("name", WITH_SEAMS)
def test_seams_are_found(name: str, metatiling: int, tmp_path: Path) -> None:
    process = process_of(tmp_path / "a", WITH_SEAMS[name], metatiling)
    assert any(tile.seams for tile in tried(process))


@pytest.mark.parametrize("metatiling", [1, 2])
@pytest.mark.parametrize("name", WITHOUT)
def test_none_where_there_are_none(name: str, metatiling: int, tmp_path: Path) -> None:
    found = tried(process_of(tmp_path / "a", WITHOUT[name], metatiling))
    assert len(found) == 4
    assert all(tile.cuts == ((2,) if metatiling == 1 else (4, 1)) for tile in found)
    assert not any(tile.seams for tile in found)


@settings(max_examples=15)
@given(
    radius=st.integers(0, 5),
    margin=st.integers(0, 5),
    seed=st.integers(0, 99),
)
def test_a_window_has_seams_exactly_when_it_is_wider_than_the_margin(
    radius: int, margin: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("seams") / "a"
    process = process_of(folder, f"boxes(data, {2 * radius + 1})", margin=margin)
    found = any(tile.seams for tile in tried(process, sample=2, seed=seed))
    assert found == (radius > margin)


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "contours"])
def test_no_built_in_process_has_seams(name: str, tmp_path: Path) -> None:
    config = BUILT_IN[name](tmp_path)
    margin = config.pop("pixelbuffer", 0)
    zoom, size = config.pop("zoom", 13), config.pop("tile_size", 256)
    for key in ("overviews", "lower"):
        config.pop(key, None)
    path = tmp_path / "built_in.mapchete"
    config["output"] = {**config["output"], "path": str(tmp_path / "out")}
    config["pyramid"] = {"grid": "mercator", "pixelbuffer": margin, "tile_size": size}
    config["zoom_levels"] = zoom
    path.write_text(json.dumps(config))
    found = tried(open_process(str(path)), sample=5)
    assert found
    assert [tile.seams for tile in found] == [()] * len(found)


def test_which_sample_is_the_seed(tmp_path: Path) -> None:
    process = process_of(tmp_path / "a", "data")
    one, same, other = (
        [tile.tile for tile in tried(process, sample=3, seed=seed)] for seed in (1, 1, 2)
    )
    assert one == same != other


def test_at_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    process_of(tmp_path / "a", "data - data.min()")
    config = str(tmp_path / "a" / "work.mapchete")
    assert main(["execute", config, "--concurrency", "none", "--no-progress"]) == 0
    assert main(["verify", config]) == 0
    assert main(["verify", config, "--seams", "--sample", "2"]) == 1
    said = capsys.readouterr()
    assert "values differ from those of metatiling 2" in said.err
    assert "2 tiles computed again with other cuts:" in said.out
    features = json.loads((tmp_path / "verify_out.geojson").read_text())["features"]
    assert {each["properties"]["problem"] for each in features} == {"seam"}


def test_refused_where_it_means_nothing(tmp_path: Path) -> None:
    process = process_of(tmp_path / "a", "data")
    tried(process)
    changed = process_of(tmp_path / "a", "data + 1")
    with (
        Journal.open_readonly(place_of(process.writer.path, process.config_path)) as journal,
        pytest.raises(ProcessChanged, match="function changed"),
    ):
        list(check_seams(changed, journal, sample=1, seed=0))
    contours = BUILT_IN["contours"](tmp_path)
    contours.pop("pixelbuffer", 0)
    contours |= {
        "config_dir": str(tmp_path),
        "output": {**contours["output"], "path": str(tmp_path / "lines")},
        "pyramid": {"grid": "mercator"},
        "zoom_levels": 13,
    }
    with (
        Journal.open(tmp_path / "journal.sqlite") as journal,
        pytest.raises(ConfigError, match="rasters only"),
    ):
        list(check_seams(open_process(contours), journal, sample=1, seed=0))


def test_main_says_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path), "--seams"]) == 2
    assert "give the .mapchete file" in capsys.readouterr().err
