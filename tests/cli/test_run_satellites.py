"""Runs of satellites that are in no group and have to be named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.cli.main import main
from tests import starts
from tests.cli.test_run_losses import BANDS, STACK, boundary, composite, record, write


def test_landsat_4(tmp_path: Path) -> None:
    stack = STACK.replace("landsat-8", "landsat-4").replace("qa_pixel}", "qa_pixel_tm}")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/scenes.yaml").write_text(stack, encoding="utf-8")
    for day, value in (("19901005", 1000), ("19901006", 3000), ("19901022", 4000)):
        image = np.full((len(BANDS), 40, 40), value, np.uint16)
        write(tmp_path / f"in/L8_{day}.tif", image, nodata=0)
        write(tmp_path / f"in/QA_{day}.tif", np.full((1, 40, 40), 5440, np.uint16))  # clear
    command = [
        *("run", "--mode", "composite", "--no-progress", "-w", "1", "-i", str(tmp_path / "in")),
        *("--start", "1990-10-01", "--end", "1990-11-30", "-o", str(tmp_path / "out")),
        *("--boundary", str(boundary(tmp_path)), "--satellites"),
    ]
    assert main([*command, "landsat"]) == 1
    assert main([*command, "landsat-4"]) == 0
    median = composite(tmp_path)["median_red"]
    assert np.unique(median[median != -32768]).tolist() == [3000]
    assert list((tmp_path / "out").glob("landsat-4/scenes/*.tif"))
    assert record(tmp_path)["satellites"] == ["landsat-4"]
    assert main([*command, "4"]) == 0


PLUGIN = '''
from automap_tiles.missions import Band, PlainMission, Satellite, Sensor

SPANS = {
    "coastal": (0.431, 0.452), "blue": (0.465, 0.515), "green": (0.547, 0.583),
    "red": (0.650, 0.680), "nir": (0.845, 0.885),
}
DOVE = Sensor(
    key="dove", title="A made-up satellite with five bands", resolution=30,
    bands=tuple(
        Band(name=f"P{number}", number=str(number), common=common, resolution=30,
             wavelength=sum(span) / 2, span=span)
        for number, (common, span) in enumerate(SPANS.items(), start=1)
    ),
)
MISSION = PlainMission(group="dove", satellites=(Satellite(name="dove", sensors=(DOVE,)),))
'''  # fmt: skip
DOVES = """
sensor: dove
level: L2A
time: "%Y%m%d"
path: D_{time}.tif
bands: [coastal, blue, green, red, nir]
scale: 0.0001
nodata: 0
"""


@pytest.fixture
def dove(tmp_path: Path) -> Path:
    """An installed package with a satellite that has no short-wave infrared, and its scenes."""
    (tmp_path / "site/dove-1.0.dist-info").mkdir(parents=True)
    (tmp_path / "site/dove_plugin.py").write_text(PLUGIN)
    about = tmp_path / "site/dove-1.0.dist-info"
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dove\nVersion: 1.0\n")
    entry = "dove = dove_plugin:MISSION"
    (about / "entry_points.txt").write_text(f"[automap_tiles.missions]\n{entry}\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/scenes.yaml").write_text(DOVES)
    for day, value in (("20201005", 1000), ("20201006", 3000), ("20201009", 4000)):
        image = np.full((5, 40, 40), value, np.uint16)
        image[4] *= 2
        write(tmp_path / f"in/D_{day}.tif", image, nodata=0)
    boundary(tmp_path)
    return tmp_path


def automap(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    paths = [str(place / "site"), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return starts.run(words, starts.RUN, env=environment)


def test_a_satellite_without_short_wave_infrared(dove: Path) -> None:
    command = [
        *("run", "--mode", "composite", "--satellites", "dove", "-i", str(dove / "in")),
        *("--start", "2020-10-01", "--end", "2020-10-31", "-o", str(dove / "out")),
        *("--boundary", str(dove / "area.geojson"), "--no-progress", "--statistics"),
    ]
    done = automap(dove, *command, "median")
    assert done.returncode == 0, done.stderr
    found = composite(dove)
    bands = ["blue", "green", "red", "nir", "ndvi", "ndwi"]
    assert list(found) == [*(f"median_{band}" for band in bands), "valid_count"]
    nir, ndvi = found["median_nir"], found["median_ndvi"]
    assert np.unique(nir[nir != -32768]).tolist() == [6000]
    assert np.unique(ndvi[ndvi != -32768]).tolist() == [3333]
    scenes = dove / "out/dove/scenes"
    (first, *_) = sorted(scenes.glob("*.tif"))
    with rasterio.open(first) as file:
        assert file.descriptions == ("blue", "green", "red", "nir", "mask", "ndvi", "ndwi")
    again = automap(dove, *command, "median")
    assert "3 done before" in again.stdout
    assert "1 tile, 0 workers, going on with what is there" in again.stderr
    chosen = automap(dove, *command, "best_pixel,medoid", "--provenance", "valid_count")
    assert chosen.returncode == 0, chosen.stderr

    point = ("--point", *map(str, middle_of(dove)))
    rows = automap(dove, "series", "-i", str(scenes), *point, "--values", "ndvi,blue")
    assert rows.returncode == 0, rows.stderr
    (head, *lines) = rows.stdout.splitlines()
    assert head == "time,satellite,scenes,valid,ndvi,blue"
    assert [line.split(",")[-1] for line in lines] == ["0.1", "0.3", "0.4"]


def middle_of(place: Path) -> tuple[float, float]:
    ring = json.loads((place / "area.geojson").read_text())["coordinates"][0]
    return sum(x for x, _ in ring[:4]) / 4, sum(y for _, y in ring[:4]) / 4
