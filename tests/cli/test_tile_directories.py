"""`convert`, `cp`, `rm` and `index` on what a run has written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds

from automap_tiles.cli.main import main
from tests import starts
from tests.cli.conftest import MakeProcess

# What its `convert` imports, before the process that begins it forks.
MAPCHETE = ("mapchete.cli.mapchete", "mapchete.commands", "mapchete.processes.convert")
Capture = pytest.CaptureFixture[str]
RUN = ["--concurrency", "none", "--no-progress"]


@pytest.fixture
def output(make_process: MakeProcess, tmp_path: Path, capsys: Capture) -> Path:
    """28 tiles of zoom 2; the first column is empty."""
    assert main(["execute", str(make_process()), *RUN]) == 0
    capsys.readouterr()
    return tmp_path / "tiles"


def count(folder: Path) -> int:
    return len(list(folder.rglob("*.tif")))


def test_rm_asks(output: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    import io

    for answer, left in (("n\n", 28), ("y\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        assert main(["rm", str(output)]) == 0
        assert "Delete 28 tiles" in capsys.readouterr().err
        assert count(output) == left


def test_removed_tiles_are_made_again(output: Path, tmp_path: Path, capsys: Capture) -> None:
    config = str(tmp_path / "work.mapchete")
    assert main(["rm", str(output), "-f", "-b", "-180", "0", "-90", "90"]) == 0
    assert "2 tiles deleted, 4 journal rows forgotten" in capsys.readouterr().out
    assert count(output) == 26
    assert main(["execute", config, *RUN]) == 0
    assert "2 written, 2 empty, 28 skipped" in capsys.readouterr().out
    assert main(["rm", config, "-f", "-p", "16.4", "48.2"]) == 0
    assert not (output / "2/0/4.tif").exists()
    assert count(output) == 27


def test_a_run_goes_on_from_a_copy(output: Path, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "copy"
    assert main(["cp", str(output), str(target)]) == 0
    assert "28 tiles copied" in capsys.readouterr().out
    config = str(tmp_path / "work.mapchete")
    assert main(["execute", config, *RUN, "--output", str(target)]) == 0
    assert "0 written, 0 empty, 32 skipped" in capsys.readouterr().out


def test_cp_of_a_part(output: Path, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "copy"
    part = ["-z", "2", "-b", "1", "1", "50", "40"]
    assert main(["cp", str(output), str(target), *part]) == 0
    assert {p.relative_to(target).as_posix() for p in target.rglob("*.tif")} == {
        "2/1/4.tif",
        "2/1/5.tif",
    }
    assert main(["cp", str(output), str(target)]) == 0
    assert "26 tiles copied" in capsys.readouterr().out.splitlines()[-1]


def test_index(output: Path, tmp_path: Path, capsys: Capture) -> None:
    line = ["index", str(output), "--gpkg", "--vrt", "--txt", "--geojson", "--fgb"]
    assert main(line) == 0
    assert {Path(path).name for path in capsys.readouterr().out.split()} == {
        "2.gpkg",
        "2.vrt",
        "2.txt",
        "2.geojson",
        "2.fgb",
    }
    with fiona.open(output / "2.gpkg") as source:
        assert len(source) == 28
    with rasterio.open(output / "2.vrt") as source:
        assert (source.read(1) == 7).all()
    # The indexes inside do not confuse anyone.
    assert main(["info", str(output)]) == 0
    assert "28 tiles in the folder" in capsys.readouterr().out
    assert main(["index", str(output)]) == 2


def test_not_a_tile_directory(tmp_path: Path, capsys: Capture) -> None:
    for line in (["rm", "-f"], ["index", "--txt"], ["cp"]):
        extra = [str(tmp_path / "b")] if line == ["cp"] else []
        assert main([line[0], str(tmp_path), *extra, *line[1:]]) == 2
        assert "metadata.json" in capsys.readouterr().err


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A 64 × 64 raster, 3 bands, on the pixels of geodetic zoom 8."""
    path = tmp_path / "scene.tif"
    size = 180 / 256 / 2**8 * 64
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": 3,
        "dtype": "uint16",
        "nodata": 0,
        "width": 64,
        "height": 64,
        "crs": "EPSG:4326",
        "transform": from_bounds(0, 45 - size, size, 45, 64, 64),
    }
    values = np.arange(1, 3 * 64 * 64 + 1, dtype=np.uint16).reshape(3, 64, 64)
    with rasterio.open(path, "w", **profile) as target:
        target.write(values)
    return path


def test_convert_there_and_back(scene: Path, tmp_path: Path) -> None:
    tiles, single = tmp_path / "out", tmp_path / "back.tif"
    line = ["convert", str(scene), str(tiles), "--output-pyramid", "geodetic", "-z", "8"]
    assert main([*line, *RUN]) == 0
    assert count(tiles) == 1
    assert main(["convert", str(tiles), str(single), "--bidx", "3,1", *RUN]) == 0
    with rasterio.open(scene) as source, rasterio.open(single) as found:
        assert found.count == 2
        window = found.window(*source.bounds)
        data = found.read(window=window)
        assert np.array_equal(data, source.read([3, 1]))


def test_convert_options(scene: Path, tmp_path: Path) -> None:
    line = ["convert", str(scene), str(tmp_path / "out"), "--output-pyramid", "mercator"]
    options = ["-z", "6,7", "--output-metatiling", "2", "--output-dtype", "float32"]
    scale = ["--scale-ratio", "0.5", "--output-nodata", "-1", "--co", "compress=deflate"]
    assert main([*line, *options, *scale, *RUN]) == 0
    (path, *_) = (tmp_path / "out/7").rglob("*.tif")
    with rasterio.open(path) as found:
        assert found.shape == (512, 512)
        assert found.dtypes[0] == "float32"
        assert found.nodata == -1
        assert found.compression.name == "deflate"
        data = found.read(1, masked=True)
        with rasterio.open(scene) as source:
            assert set(np.unique(data.compressed() * 2)) <= set(source.read(1).ravel())
    assert {p.name for p in (tmp_path / "out").iterdir() if p.is_dir()} == {"6", "7"}


def test_convert_to_cog(scene: Path, tmp_path: Path) -> None:
    path = tmp_path / "cog.tif"
    line = ["convert", str(scene), str(path), "--output-pyramid", "geodetic", "--cog"]
    assert main([*line, *RUN]) == 0
    with rasterio.open(path) as found:
        assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_convert_features(tmp_path: Path) -> None:
    source = tmp_path / "points.geojson"
    schema = {"geometry": "Point", "properties": {"name": "str"}}
    with fiona.open(source, "w", driver="GeoJSON", schema=schema, crs="EPSG:4326") as target:
        geometry = {"type": "Point", "coordinates": (10, 46)}
        target.write({"geometry": geometry, "properties": {"name": "here"}})
    line = ["convert", str(source), str(tmp_path / "out"), "--output-pyramid", "geodetic"]
    assert main([*line, "-z", "4", *RUN]) == 0
    (path,) = (tmp_path / "out/4").rglob("*.geojson")
    with fiona.open(path) as found:
        assert [feature["properties"]["name"] for feature in found] == ["here"]


def test_input_file(scene: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.mapchete"
    config.write_text(
        "process: convert\npyramid: {grid: geodetic}\nzoom_levels: 8\n"
        "input: {inp: from_command_line.tif}\n"
        "output: {format: GTiff, path: out, bands: 3, dtype: uint16}\n"
    )
    assert main(["execute", str(config), *RUN]) != 0
    for value in (str(scene), f"inp={scene}"):
        assert main(["execute", str(config), *RUN, "-o", "-i", value]) == 0
        assert count(tmp_path / "out") == 1
    assert main(["execute", str(config), *RUN, "-i", f"other={scene}"]) == 2


def test_rm_by_process_file_takes_whole_process_tiles(
    make_process: MakeProcess, tmp_path: Path, capsys: Capture
) -> None:
    """Where a process tile is cut into several output tiles they go and come together."""
    config = make_process()
    text = config.read_text().replace("grid: geodetic", "grid: geodetic, metatiling: 2")
    config.write_text(text.replace("dtype: uint8", "dtype: uint8, metatiling: 1"))
    assert main(["execute", str(config), *RUN]) == 0
    before = count(tmp_path / "tiles")
    capsys.readouterr()
    assert main(["rm", str(config), "-f", "-b", "100", "10", "101", "11"]) == 0
    assert "4 tiles deleted, 1 journal row forgotten" in capsys.readouterr().out
    assert main(["execute", str(config), *RUN]) == 0
    assert capsys.readouterr().out.startswith("1 written, 0 empty")
    assert count(tmp_path / "tiles") == before


def test_demo_passes_its_options_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    from automap_tiles.demo import show

    def run(folder: Path, *, say: Any, concurrency: str, workers: int | None) -> list[Any]:
        say(f"{folder.name} {concurrency} {workers}")
        return []

    monkeypatch.setattr(show, "run", run)
    assert main(["demo", "--folder", str(tmp_path / "d"), "--concurrency", "none", "-w", "3"]) == 0
    assert capsys.readouterr().out == "d none 3\n"


@pytest.mark.parametrize(
    "options",
    [
        ["-z", "5,8"],
        ["-z", "7", "-r", "bilinear", "--bidx", "2", "--output-metatiling", "2"],
        ["-z", "8", "--scale-ratio", "0.25", "--scale-offset", "10", "--output-dtype", "uint8"],
    ],
)
def test_convert_equals_mapchete(options: list[str], scene: Path, tmp_path: Path) -> None:
    pytest.importorskip("mapchete", reason="mapchete is not installed (extra mapchete)")
    line = ["--output-pyramid", "mercator", "--output-format", "GTiff", *options]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    words = ["convert", str(scene), str(theirs), *line, "--concurrency", "none", "--no-pbar"]
    starts.run(words, MAPCHETE, entry="mapchete.cli.mapchete:main").check_returncode()
    assert main(["convert", str(scene), str(ours), *line, *RUN]) == 0
    names = {path.relative_to(ours).as_posix() for path in ours.rglob("*.tif")}
    assert names
    for name in names:
        with rasterio.open(ours / name) as found, rasterio.open(theirs / name) as expected:
            assert found.transform == expected.transform
            assert found.dtypes == expected.dtypes
            assert np.array_equal(found.read(), expected.read())
    # What only mapchete has holds no data.
    for path in theirs.rglob("*.tif"):
        if path.relative_to(theirs).as_posix() not in names:
            with rasterio.open(path) as extra:
                assert extra.read(masked=True).mask.all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--idx-out-dir", "x"], "--idx-out-dir says where --vrt writes"),
        (["--overviews-resampling-method", "mode"], "is for --overviews and --cog"),
        (["--bounds-crs", "EPSG:4326"], "is the CRS of bounds, which is not given"),
    ],
)
def test_options_of_options_that_are_not_there(
    tmp_path: Path, capsys: Capture, options: list[str], said: str
) -> None:
    source = tmp_path / "in.tif"
    with rasterio.open(
        source, "w", driver="GTiff", count=1, width=8, height=8, dtype="uint8", nodata=0,
        crs="EPSG:4326", transform=from_bounds(10, 45, 11, 46, 8, 8),
    ) as file:  # fmt: skip
        file.write(np.ones((1, 8, 8), "uint8"))
    line = ["convert", str(source), str(tmp_path / "out.tif"), "--output-pyramid", "mercator"]
    assert main([*line, *options, *RUN]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out.tif").exists()


def test_overviews_of_a_cog_are_made_as_asked(tmp_path: Path, capsys: Capture) -> None:
    """By the most frequent value, of which the mean of a checkerboard has nothing."""
    source = tmp_path / "in.tif"
    data = np.where(np.indices((1024, 1024)).sum(axis=0) % 3 == 0, 200, 100).astype("uint8")
    with rasterio.open(
        source, "w", driver="GTiff", count=1, width=1024, height=1024, dtype="uint8", nodata=0,
        crs="EPSG:3857", transform=from_bounds(0, 0, 156543.03392804097, 156543.03392804097, 1024,
        1024),
    ) as file:  # fmt: skip
        file.write(data[None])
    seen = {}
    for method in ("mode", "average"):
        target = tmp_path / f"{method}.tif"
        line = ["convert", str(source), str(target), "--output-pyramid", "mercator", "-z", "10"]
        assert main([*line, "--cog", "--overviews-resampling-method", method, *RUN]) == 0
        with rasterio.open(target, overview_level=0) as file:
            seen[method] = set(np.unique(file.read(1, masked=True).compressed()).tolist())
    capsys.readouterr()
    assert seen["mode"] <= {100, 200}
    assert not seen["average"] <= {100, 200}
