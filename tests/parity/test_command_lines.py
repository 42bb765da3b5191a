"""Command lines as they are written for mapchete."""

from __future__ import annotations

import csv
import importlib
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import click
import fiona
import numpy as np
import pytest
import rasterio
from rasterio.windows import from_bounds

from automap_tiles.cli.main import COMMANDS, main

Capture = pytest.CaptureFixture[str]

MODULE = """\
import numpy as np
from automap_tiles import Tile

def execute(tile: Tile, raster=None, *, value: int = 0):
    rows, cols = np.indices(tile.shape)
    return (rows * 3 + cols + tile.row + value)[None].astype(np.uint16) % 60000 + 1
"""
CONFIG = """\
process: ./work.py
pyramid: {grid: geodetic, metatiling: 2}
zoom_levels: {min: 2, max: 3}
bounds: [0, 0, 90, 90]
input: {raster: from_command_line}
output: {format: GTiff, path: tiles, bands: 1, dtype: uint16, nodata: 0}
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with work.mapchete and image.tif, and tiles of a run; the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("work.py").write_text(MODULE)
    Path("work.mapchete").write_text(CONFIG)
    with rasterio.open(
        "image.tif",
        "w",
        driver="GTiff",
        height=90,
        width=90,
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=rasterio.transform.from_bounds(0, 0, 90, 90, 90, 90),
    ) as sink:
        sink.write(np.full((1, 90, 90), 7, np.uint8))
    return tmp_path


EXECUTE = "execute work.mapchete -i image.tif --concurrency none"


def run(line: str) -> int:
    return main(line.split())


def has(*paths: str) -> Callable[[str, str], None]:
    def check(_out: str, _err: str) -> None:
        for path in paths:
            assert Path(path).exists(), path

    return check


def says(*words: str) -> Callable[[str, str], None]:
    def check(out: str, err: str) -> None:
        for word in words:
            assert word in out + err

    return check


def log_tells_tiles(_out: str, _err: str) -> None:
    lines = Path("run.log").read_text().splitlines()
    events = [json.loads(line.split(": ", 1)[1]) for line in lines]
    assert [event["event"] for event in events].count("done") == 5
    assert events[-1]["event"] == "finished"


def vrt_of_all(_out: str, _err: str) -> None:
    with rasterio.open("tiles/3.vrt") as vrt, rasterio.open("tiles/3/1/4.tif") as tile:
        window = from_bounds(*tile.bounds, vrt.transform)
        np.testing.assert_array_equal(vrt.read(window=window), tile.read())


def same_footprints(_out: str, _err: str) -> None:
    found = []
    for ending in ("shp", "gpkg", "geojson"):
        with fiona.open(f"index/3.{ending}") as source:
            found.append(sorted((f.properties["location"], f.properties["row"]) for f in source))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 4
    lines = Path("index/3.txt").read_text().splitlines()
    assert sorted(lines) == [location for location, _ in found[0]]


def a_pixel_for_each_tile(_out: str, _err: str) -> None:
    with rasterio.open("tiles/3.tif") as source:
        band = source.read(1)
        assert (source.crs.to_epsg(), source.nodata, band.shape) == (4326, 0, (4, 8))
        assert {(int(r), int(c)) for r, c in zip(*np.nonzero(band), strict=True)} == {
            (0, 4), (0, 5), (1, 4), (1, 5),
        }  # fmt: skip
        assert source.bounds == (-180, -90, 180, 90)


def only_one_listed(_out: str, _err: str) -> None:
    lines = Path("index/3.txt").read_text().splitlines()
    assert [Path(line).parts[-3:] for line in lines] == [("3", "1", "4.tif")]


def a_row_for_each_tile(out: str, _err: str) -> None:
    with Path("work_profiling.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted((row["zoom"], row["row"], row["col"]) for row in rows) == [
        ("2", "0", "2"), ("3", "0", "4"), ("3", "0", "5"), ("3", "1", "4"), ("3", "1", "5"),
    ]  # fmt: skip
    assert all(float(row["seconds"]) > 0 and float(row["peak_mb"]) > 1 for row in rows)
    if os.access("/proc/self/clear_refs", os.W_OK):
        for row in rows:
            assert 1 < float(row["tile_peak_mb"]) <= float(row["peak_mb"])
        assert "not known" not in out
    else:
        assert {row["tile_peak_mb"] for row in rows} == {""}
        assert "Peaks of memory of 5 tiles are not known" in out
    picture = ET.parse("work_profiling.svg")
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}rect")) == 2 * len(rows)
    lines = out.splitlines()
    assert [line.split()[:2] for line in lines if line.split()[0] in "23"] == [
        ["3", "4"], ["2", "1"],
    ]  # fmt: skip


LINES: tuple[tuple[str, Callable[[str, str], None]], ...] = (
    (f"{EXECUTE} --no-pbar", says("5 written")),
    (f"{EXECUTE} --debug", says('"event": "done"', "5 written")),
    (f"{EXECUTE} -d -v", says('"event": "finished"')),
    (f"{EXECUTE} -l run.log", log_tells_tiles),
    (f"{EXECUTE} --logfile run.log --no-pbar", log_tells_tiles),
    (f"{EXECUTE} --vrt", vrt_of_all),
    (f"{EXECUTE} --vrt --idx-out-dir index", has("index/2.vrt", "index/3.vrt")),
    (f"{EXECUTE} --dask-no-task-graph", says("no graph of tasks", "5 written")),
    (f"{EXECUTE} --profiling", a_row_for_each_tile),
    (f"{EXECUTE} -z 3 -b 0 0 40 40 --bounds-crs EPSG:4326", says("1 written")),
    (f"{EXECUTE} -z 2,3 -p 10 10 --point-crs EPSG:4326", says("2 written")),
    (f"{EXECUTE} -t 3 1 4 --workers 1", has("tiles/3/1/4.tif")),
    (f"{EXECUTE} -o --zoom 3", says("4 written")),
    ("create --mapchete-file new.mapchete --process-file new.py -pt geodetic", has("new.py")),
    ("create --mapchete-file new.mapchete --process-file new.py --out-format PNG "
     "--out-path there -f", has("new.mapchete")),
    ("index tiles --idx-out-dir index --shp --gpkg --geojson --txt", same_footprints),
    ("index tiles --tif --no-pbar", a_pixel_for_each_tile),
    ("index tiles --txt --idx-out-dir index -t 3 1 4", only_one_listed),
    ("index work.mapchete --fgb --fieldname path -z 2 -l run.log", has("tiles/2.fgb", "run.log")),
    ("index tiles --vrt --basepath /elsewhere --for-gdal -d", says('"event": "finished"')),
    ("cp tiles copy -w 2 --no-pbar", says("Ignored: 1 option (--workers)", "5 tiles copied")),
    ("cp tiles copy -z 3 -b 0 0 40 40 -o -v", has("copy/3/1/4.tif")),
    ("cp tiles copy --concurrency threads", says("Ignored: 1 option (--concurrency)")),
    ("rm tiles -z 3 -f -w 2", says("4 tiles deleted")),
    ("rm tiles -f --no-pbar -d -l run.log", says("5 tiles deleted")),
    ("convert image.tif out --output-pyramid geodetic -z 3 --concurrency none --no-pbar --vrt",
     has("out/3.vrt")),
    ("convert image.tif one.tif --output-pyramid geodetic -z 3 --cog --concurrency none -d",
     has("one.tif")),
    ("processes -n convert", says("convert")),
    ("processes --process_name hillshade", says("hillshade")),
    ("formats -i", says("GeoJSON")),
    ("formats -o -d", says("GTiff")),
    ("stac create-item tiles -f -z 3", has("tiles/tiles.json")),
    ("stac create-item work.mapchete -i mine -p item.json --relative-paths --indent 2",
     has("item.json")),
    ("stac create-prototype-files tiles -f", says("Nothing to write")),
    ("show-env", says("AWS_ACCESS_KEY_ID")),
)  # fmt: skip


@pytest.mark.parametrize(("line", "check"), LINES, ids=[line for line, _ in LINES])
def test_runs(work: Path, capsys: Capture, line: str, check: Callable[[str, str], None]) -> None:
    if "tiles" in line or line.startswith(("index", "stac")):
        assert run(EXECUTE) == 0
        capsys.readouterr()
    assert run(line) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    check(said.out, said.err)


REFUSED = (
    "cp tiles copy --src-fs-opts key=value",
    "cp tiles copy -u me --password secret",
    "index tiles --txt --fs-opts key=value",
    "convert image.tif out --dst-fs-opts key=value",
)


@pytest.mark.parametrize("line", REFUSED)
def test_credentials_are_refused_in_words(work: Path, capsys: Capture, line: str) -> None:
    assert run(line) == 2
    said = capsys.readouterr().err
    assert "AWS_ACCESS_KEY_ID" in said
    assert "secret" not in said.replace("AWS_SECRET", "")
    assert "value" not in said


def test_a_shapefile_cuts_nothing_off_in_silence(work: Path, capsys: Capture) -> None:
    assert run(EXECUTE) == 0
    assert run("index tiles --shp --fieldname a_long_name") == 2
    assert "GeoPackage" in capsys.readouterr().err
    assert run(f"index tiles --shp --basepath {'x' * 300}") == 2
    assert not list(Path("tiles").glob("*.shp"))


def test_gdal_opens_the_item_as_one_raster(work: Path) -> None:
    assert run(EXECUTE) == 0
    assert run("index tiles --vrt --idx-out-dir index") == 0
    assert run("stac create-item tiles") == 0
    with rasterio.open("tiles/tiles.json") as item, rasterio.open("index/3.vrt") as vrt:
        assert (item.driver, item.dtypes, item.nodata) == ("STACTA", ("uint16",), 0)
        assert item.overviews(1) == [2]
        window = from_bounds(*vrt.bounds, item.transform).round_offsets().round_lengths()
        np.testing.assert_array_equal(item.read(window=window), vrt.read())


def test_the_item_says_what_the_process_file_says(work: Path) -> None:
    said = "stac: {id: mine, eo:bands: [{name: B04}], properties: {start_datetime: 2020-11-01}}"
    text = Path("work.mapchete").read_text().replace("nodata: 0}", f"nodata: 0, {said}}}")
    Path("work.mapchete").write_text(text)
    assert run(EXECUTE) == 0
    assert run("stac create-item work.mapchete") == 0
    item = json.loads(Path("tiles/mine.json").read_text())
    assert item["properties"]["start_datetime"] == "2020-11-01T00:00:00Z"
    assert item["properties"]["datetime"] == "2020-11-01T00:00:00Z"
    assert item["asset_templates"]["bands"]["eo:bands"] == [{"name": "B04"}]


def test_mapchete_reads_the_item(work: Path) -> None:
    from mapchete.stac import STACTA

    assert run(EXECUTE) == 0
    assert run("stac create-item tiles") == 0
    warnings.simplefilter("ignore", DeprecationWarning)  # of mapchete, of what it calls
    found = STACTA.from_file("tiles/tiles.json")
    assert (found.tile_pyramid.grid.type, found.tile_pyramid.metatiling) == ("geodetic", 2)
    assert list(found.zoom_levels) == [2, 3]
    assert str(found.get_tile_path(found.tile_pyramid.tile(3, 1, 4))) == str(
        work / "tiles" / "3" / "1" / "4.tif"
    )


def _commands() -> list[tuple[str, click.Command, click.Command]]:
    """Name, mapchete's command, ours; members of groups too."""
    from mapchete.cli.mapchete import main as theirs

    found = []
    context = click.Context(theirs)
    for name in theirs.list_commands(context):
        their = theirs.get_command(context, name)
        if name == "eo":  # of another package, whose entry point brings it along
            continue
        entry = COMMANDS[name]
        our: Any = importlib.import_module(f"automap_tiles.cli.commands.{entry.module}").command
        if isinstance(their, click.Group):
            found += [(f"{name} {sub}", each, our.commands[sub])
                      for sub, each in their.commands.items()]  # fmt: skip
        else:
            found.append((name, their, our))
    return found


def test_every_option_is_known() -> None:
    commands = _commands()  # here: to import those of mapchete takes every process a second
    assert len(commands) > 5
    for name, their, our in commands:
        assert_options_are_known(name, their, our)


def assert_options_are_known(name: str, their: click.Command, our: click.Command) -> None:
    known = {word: p for p in our.params for word in (*p.opts, *p.secondary_opts)}
    for parameter in their.params:
        if not isinstance(parameter, click.Option):
            continue
        for word in parameter.opts:
            assert word in known, f"{name} {word}"
            mine = known[word]
            assert isinstance(mine, click.Option)
            assert mine.is_flag == parameter.is_flag, f"{name} {word}"
            assert mine.nargs == parameter.nargs, f"{name} {word}"


@pytest.mark.filterwarnings("ignore")
def test_commands_of_other_packages_for_mapchete(capsys: Capture) -> None:
    assert run("eo --help") == 0
    assert "eo" in capsys.readouterr().out
    assert run("oe") == 2
