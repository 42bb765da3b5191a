"""`automap run` and `automap download` from real products."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rasterio
from click.testing import CliRunner, Result
from shapely import to_geojson

from automap_tiles.cli.main import automap, main
from automap_tiles.engine.journal import hold, place_of
from automap_tiles.errors import OutputBusy
from automap_tiles.workflows.automap.boundary import boundary_area
from tests import starts


@pytest.fixture(scope="module")
def products(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landsat 8 over New York in April and May 2018, and one Sentinel-2 product elsewhere."""
    folder = tmp_path_factory.mktemp("products")
    for source in (shared / "data" / "landsat" / "gdalcubes_L8NY18").iterdir():
        if "_201804" in source.name or "_201805" in source.name:
            shutil.copytree(source, folder / source.name)
    return folder


@pytest.fixture(scope="module")
def districts(shared: Path) -> Path:
    """71 districts with each bay of the shore."""
    return shared / "data" / "labels" / "gdalcubes_nycd.gpkg"


@pytest.fixture(scope="module")
def city(districts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same area without the bays, which take half of what a run here takes."""
    area = boundary_area(districts).simplify(0.005)
    path = tmp_path_factory.mktemp("city") / "city.geojson"
    path.write_text(to_geojson(area))
    return path


def arguments(products: Path, boundary: Path, output: Path, *more: str) -> list[str]:
    return [
        *("--satellites", "2,landsat", "--start", "2018-04-01", "--end", "2018-06-30"),
        *("--boundary", str(boundary), "-i", str(products), "-o", str(output), *more),
    ]


def invoke(*args: str) -> Result:
    return CliRunner().invoke(automap, list(args))


def test_check_runs_nothing(products: Path, districts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    result = invoke(
        "run", "--mode", "composite", "--check", *arguments(products, districts, output)
    )
    assert result.exit_code == 0, result.output
    scenes = len(list(products.iterdir()))
    assert f"landsat-8: {scenes} scenes (0 done), 2018-04-05 to 2018-05-30" in result.output
    assert not output.exists()


def test_download_then_composite(products: Path, districts: Path, tmp_path: Path) -> None:
    args = arguments(products, districts, tmp_path / "out")
    scenes = len(list(products.iterdir()))
    first = invoke("download", *args)
    assert first.exit_code == 0, first.output
    assert f"{scenes} scenes: {scenes} written" in first.output
    second = invoke(
        *("run", "--mode", "composite", "--statistics", "median,std", *args),
        *("--description", "spring"),
    )
    assert second.exit_code == 0, second.output
    assert f"{scenes} done before" in second.output
    composite = tmp_path / "out" / "landsat-8" / "composite_20180401_20180630_median-std.tif"
    with rasterio.open(composite) as file:
        assert file.descriptions[:2] == ("median_blue", "median_green")
        assert file.descriptions[-1] == "valid_count"
        assert file.read(file.count).max() > 1
    (name,) = (tmp_path / "out").glob("run_composite_20180401_20180630_median-std.json")
    record = json.loads(name.read_text())
    assert record["description"] == "spring"
    assert len(record["results"]["landsat-8"]["scenes"]) == scenes
    assert record["results"]["sentinel-2"] == {"scenes": [], "composite": None}


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--end", "2018-04-01", "must be after the start"),
        ("--end", "2999-01-01", "in the future"),
        ("--start", "1983-01-01", "before 1984-01-01"),
        ("--satellites", "3", "not a known satellite"),
        ("--boundary", "absent.geojson", "does not exist"),
        ("--input", "absent", "no such folder"),
    ],
)
def test_wrong_parameters(
    option: str,
    value: str,
    message: str,
    products: Path,
    city: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = arguments(products, city, tmp_path / "out", option, value)
    code = main(["run", "--mode", "download", *args])
    assert code == (1 if option == "--input" else 2)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_unknown_statistic_and_flag(
    products: Path, city: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option, value in (("--statistics", "mode"), ("--mask", "clud")):
        args = arguments(products, city, tmp_path / "out", option, value)
        assert main(["run", "--mode", "composite", *args]) == 2
        assert value in capsys.readouterr().err


def test_killed_and_gone_on_with(products: Path, city: Path, tmp_path: Path) -> None:
    args = ["run", "--mode", "composite", "-w", "1"]
    killed = [*args, *arguments(products, city, tmp_path / "killed")]
    whole = [*args, *arguments(products, city, tmp_path / "whole")]
    folder = tmp_path / "killed" / "landsat-8" / "scenes"
    process = starts.start(killed, starts.RUN)
    deadline = time.monotonic() + 60
    while not list(folder.glob("LC08*.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = {path.name: path.stat().st_mtime_ns for path in folder.glob("LC08*.json")}
    assert 0 < len(done) < len(list(products.iterdir()))
    assert invoke(*killed).exit_code == 0
    assert invoke(*whole).exit_code == 0
    assert done.items() <= {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}.items()
    name = "composite_20180401_20180630_median.tif"
    one, other = (tmp_path / each / "landsat-8" / name for each in ("killed", "whole"))
    assert one.read_bytes() == other.read_bytes()


def test_a_truncated_band_is_named_and_the_run_goes_on(
    products: Path, city: Path, tmp_path: Path
) -> None:
    source = tmp_path / "products"
    shutil.copytree(products, source)
    victim = min(source.glob("*/*_B4.TIF"))
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])
    args = arguments(source, city, tmp_path / "out")
    result = invoke("run", "--mode", "composite", "-w", "1", *args)
    assert result.exit_code == 0, result.output
    assert f"Set aside: {victim.parent.name}: " in result.output
    scenes = len(list(source.iterdir())) - 1
    assert f"{scenes} scenes: {scenes} written" in result.output
    folder = tmp_path / "out" / "landsat-8"
    shares = json.loads(next(folder.glob("composite*.scenes.json")).read_text())
    assert victim.parent.name not in {each["id"] for each in shares}
    record = json.loads(next((tmp_path / "out").glob("run_*.json")).read_text())
    assert [each["scene"] for each in record["set_aside"]] == [victim.parent.name]


def test_other_statistics_lie_beside_another_mask_does_not(
    products: Path, city: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def run(*more: str) -> int:
        args = arguments(products, city, tmp_path / "out", *more)
        return main(["run", "--mode", "composite", "-w", "1", *args])

    folder = tmp_path / "out" / "landsat-8"
    assert run() == 0
    first = {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.is_file()}
    before = next(folder.glob("*_median.tif")).read_bytes()
    assert run("--statistics", "max_ndvi", "--provenance", "scene_index,score") == 0
    with rasterio.open(next(folder.glob("*_max_ndvi.tif"))) as file:
        assert file.descriptions[-2:] == ("scene_index", "score")
        assert file.scales[-2:] == (1.0, pytest.approx(1e-4))
    capfd.readouterr()
    assert run("--mask", "cloud") == 2
    said = capfd.readouterr().err
    assert "was made with another mask" in said
    assert "--overwrite" in said
    now = {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.is_file()}
    assert first.items() <= now.items()
    scenes = {path: path.stat().st_mtime_ns for path in (folder / "scenes").iterdir()}
    assert run("--mask", "cloud", "--overwrite") == 0
    assert next(folder.glob("*_median.tif")).read_bytes() != before
    assert scenes == {path: path.stat().st_mtime_ns for path in (folder / "scenes").iterdir()}


def test_json_lines(
    products: Path, city: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    args = arguments(products, city, tmp_path / "out", "--log-format", "json", "-v")
    assert main(["run", "--mode", "composite", "-w", "1", *args]) == 0
    captured = capfd.readouterr()
    assert captured.out == ""
    events = [json.loads(line) for line in captured.err.splitlines()]
    names = [event["event"] for event in events]
    assert names.count("scene") == len(list(products.iterdir()))
    notes = [event for event in events if event["event"] == "note"]
    (lost,) = [note for note in notes if note["subject"] == "satellites"]
    assert set(lost["examples"]) == {"landsat-5", "landsat-7", "sentinel-2"}
    assert [note["subject"] for note in notes].count("masks") == 1
    order = [names.index(name) for name in ("note", "scene", "prepared", "started", "finished")]
    assert order == sorted(order)
    paths = events[-1]["paths"]
    assert all(Path(path).exists() for path in paths.values())
    assert "Composite of landsat-8" in paths


def test_a_second_run_in_the_folder_is_refused_at_once(
    products: Path, city: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    args = arguments(products, city, output)
    with hold(place_of(str(output))):
        for command in (("download",), ("run", "--mode", "composite")):
            refused = invoke(*command, *args)
            assert isinstance(refused.exception, OutputBusy)
        assert [path.name for path in output.iterdir()] == ["journal.sqlite.lock"]
        assert invoke("download", "--check", *args).exit_code == 0


def test_parts_of_a_run_that_died_go(products: Path, city: Path, tmp_path: Path) -> None:
    args = arguments(products, city, tmp_path / "out")
    assert invoke("download", *args).exit_code == 0
    scenes = tmp_path / "out" / "landsat-8" / "scenes"
    before = {path.name for path in scenes.iterdir()}
    part = scenes / ".scene.tif.otherhost-1-deadbeef-0.part"
    part.write_bytes(b"half")
    os.utime(part, (1e9, 1e9))
    assert invoke("download", *args).exit_code == 0
    assert {path.name for path in scenes.iterdir()} == before


def test_a_collection_that_a_killed_run_left_behind(
    products: Path, city: Path, tmp_path: Path
) -> None:
    """All scenes are there, and the list of them is that of the first: it is written anew, once."""
    args = arguments(products, city, tmp_path / "out")
    assert invoke("download", *args).exit_code == 0
    collection = tmp_path / "out" / "landsat-8" / "scenes" / "prepared.json"
    whole = collection.read_bytes()
    said = json.loads(whole)
    said["links"] = said["links"][:1]
    collection.write_text(json.dumps(said))
    assert invoke("download", *args).exit_code == 0
    assert collection.read_bytes() == whole
    stamp = collection.stat().st_mtime_ns
    assert invoke("download", *args).exit_code == 0
    assert collection.stat().st_mtime_ns == stamp


def test_options_that_mean_nothing_in_a_mode_are_told(
    products: Path, city: Path, tmp_path: Path
) -> None:
    args = arguments(products, city, tmp_path / "out", "--check")
    more = ("--statistics", "std", "--smoothing", "3")
    result = invoke("run", "--mode", "download", *args, *more)
    assert result.exit_code == 0, result.output
    assert "Ignored: 2 options (--statistics, --smoothing)" in result.output
    assert "mean nothing in the mode download" in result.output
    result = invoke("run", "--mode", "composite", *args, "--statistics", "std")
    assert "Ignored" not in result.output


def test_interrupted_and_gone_on_with(products: Path, city: Path, tmp_path: Path) -> None:
    args = ["run", "--mode", "composite", "-w", "1", *arguments(products, city, tmp_path)]
    folder = tmp_path / "landsat-8" / "scenes"
    line = [sys.executable, "-m", "automap_tiles", *args]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not list(folder.glob("LC08*.json")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert time.monotonic() - sent < 10
    assert "goes on from here" in error
    assert "Traceback" not in error
    done = {path.name: path.stat().st_mtime_ns for path in folder.glob("LC08*.json")}
    assert 0 < len(done) < len(list(products.iterdir()))
    assert invoke(*args).exit_code == 0
    assert done.items() <= {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}.items()
