"""A satellite of another package, installed beside this one, goes the whole way.

It has five bands and no short-wave infrared, product names and a STAC dialect of its own
(`tests/missions/dove`): from files and from a STAC server to scenes, composite, series and maps.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from tests import starts
from tests.cli.test_run_losses import boundary, composite, record, write
from tests.scenes.catalogue.api_server import stac_api
from tests.scenes.download.server import FileServer

PACKAGE = Path(__file__).parents[1] / "missions" / "dove"
MAIN = "from automap_tiles.cli.main import main; raise SystemExit(main())"
DAYS = {"20201005": 1000, "20201006": 3000, "20201009": 4000}
BANDS = ["blue", "green", "red", "nir"]
CLOUDY = slice(10, 20)
"""Rows and columns of a cloud on the second day."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with three acquisitions, as their producer delivers them."""
    for day, value in DAYS.items():
        name = tmp_path / f"in/flock3_{day}T101500_3B_"
        image = np.full((5, 40, 40), value, np.uint16)
        image[4] *= 2
        mask = np.ones((1, 40, 40), np.uint8)
        if day == "20201006":
            mask[0, CLOUDY, CLOUDY] = 2
        write(Path(f"{name}analytic.tif"), image, nodata=0)
        write(Path(f"{name}udm.tif"), mask)
        facts = {"coefficient": 1e-4, "acquired": f"{day}T101500Z"}
        Path(f"{name}facts.json").write_text(json.dumps(facts))
    boundary(tmp_path)
    return tmp_path


def environment() -> dict[str, str]:
    """Python finds the package as it finds an installed one: by its metadata."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE), *sys.path])}


def automap(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return starts.run([*map(str, words)], starts.RUN, timeout=240, env=environment())


def run(place: Path, source: str | Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = (
        *("run", "--mode", "composite", "--satellites", "dove", "-i", str(source)),
        *("--start", "2020-10-01", "--end", "2020-10-31", "-o", str(place / "out")),
        *("--boundary", str(place / "area.geojson"), "--no-progress", "-w", "1", *more),
    )
    return automap(*words)


def median_of(values: np.ndarray) -> list[int]:
    return [int(value) for value in np.unique(values[values != -32768])]


def check_composite(place: Path) -> dict[str, np.ndarray]:
    found = composite(place)
    assert list(found) == [f"median_{band}" for band in [*BANDS, "ndvi", "ndwi"]] + ["valid_count"]
    # 1000, 3000, 4000; below the cloud of the second day the mean of the two others
    assert median_of(found["median_red"]) == [2500, 3000]
    assert median_of(found["median_nir"]) == [5000, 6000]
    assert median_of(found["median_ndvi"]) == [3333]
    counts, times = np.unique(found["valid_count"], return_counts=True)
    assert dict(zip(counts.tolist(), times.tolist(), strict=True))[2] == 100
    return found


def test_from_files_to_maps(place: Path) -> None:
    done = run(place, place / "in")
    assert done.returncode == 0, done.stderr
    check_composite(place)
    assert record(place)["satellites"] == ["dove"]
    again = run(place, place / "in")
    assert "3 done before" in again.stdout
    scenes = place / "out/dove/scenes"
    with rasterio.open(next(iter(sorted(scenes.glob("*.tif"))))) as file:
        assert file.descriptions == (*BANDS, "mask", "ndvi", "ndwi")

    for folder in (scenes, place / "in"):
        at = ("--point", *map(str, middle(place)))
        rows = automap("series", "-i", folder, *at, "--values", "ndvi,blue")
        assert rows.returncode == 0, rows.stderr
        (head, *lines) = rows.stdout.splitlines()
        assert head == "time,satellite,scenes,valid,ndvi,blue"
        assert [line.split(",")[1] for line in lines] == ["dove"] * 3
        # the second day is under the cloud
        assert [line.split(",")[-1] for line in lines] == ["0.1", "", "0.4"]

    with serving(process(place)) as address:
        layers = json.loads(get(f"{address}api/layers"))["layers"]
        (layer,) = (each for each in layers if each["name"] == "first-scenes")
        assert layer["dates"] == ["2020-10-05", "2020-10-06", "2020-10-09"]
        assert layer["default_style"]["bidx"] == ["3", "2", "1"]
        tile = tile_of(place)
        assert get(f"{address}first-scenes/{tile}.png?date=2020-10-09").startswith(b"\x89PNG")
        numbers = get(f"{address}first-scenes/{tile}.tif?date=2020-10-09")
        with rasterio.MemoryFile(numbers) as held, held.open() as file:
            pixels = file.read(4, masked=True)
        assert np.unique(pixels.compressed()).tolist() == pytest.approx([0.8])


def test_from_a_stac_server(place: Path) -> None:
    assert run(place, place / "in").returncode == 0
    from_files = check_composite(place)
    (place / "out").rename(place / "of files")
    with FileServer().running() as server:
        for file in (place / "in").iterdir():
            server.put(f"/{file.name}", file.read_bytes())
        items = [item(server.url, day, place) for day in DAYS]
        nobodys = {**item(server.url, "20201007", place), "id": "of-nobody"}
        nobodys["properties"] = {**nobodys["properties"], "platform": "nobody-1"}
        with stac_api([*items, nobodys], place) as address:
            done = run(place, address)
    assert done.returncode == 0, done.stderr
    for name, pixels in check_composite(place).items():
        np.testing.assert_array_equal(pixels, from_files[name], err_msg=name)
    assert "nobody-1 is not a known satellite" in json.dumps(record(place))


def test_what_it_has_not(place: Path) -> None:
    """Bands and indices that need short-wave infrared, a masker, a product without its facts."""
    at = ("--point", *map(str, middle(place)))
    for values, band in (("swir1", "swir1"), ("nbr", "swir2"), ("ndvi,ndmi", "swir1")):
        rows = automap("series", "-i", place / "in", *at, "--values", values)
        assert rows.returncode == 1, (values, rows.stderr)
        assert f"3 Dove 1 has no band {band}" in rows.stderr
        assert "Traceback" not in rows.stderr
    masker = run(place, place / "in", "--masker", "s2cloudless")
    assert masker.returncode != 0
    assert "s2cloudless knows Sentinel-2, not Dove 1" in masker.stderr
    next(iter(sorted((place / "in").glob("*facts.json")))).unlink()
    done = run(place, place / "in")
    assert done.returncode == 0, done.stderr
    assert "no facts, without which its numbers cannot become reflectance" in done.stderr
    assert median_of(composite(place)["median_red"]) == [3500, 4000]


def test_it_is_in_no_group_and_among_the_known(place: Path) -> None:
    nobody = automap("series", "-i", place / "in", "--point", "1", "2", "--satellites", "flok3")
    assert nobody.returncode == 2
    known = "9 (landsat-9), flock3 (dove), hls-l30, hls-s30, or landsat, sentinel, all"
    assert known in nobody.stderr
    at = ("--point", *map(str, middle(place)))
    for word, rows in (("flock3", 3), ("dove", 3), ("8,Dove", 3)):
        found = automap("series", "-i", place / "in", *at, "--satellites", word)
        assert found.returncode == 0, found.stderr
        assert len(found.stdout.splitlines()) == 1 + rows
    assert automap("series", "-i", place / "in", *at, "--satellites", "all").returncode == 1


def item(server: str, day: str, place: Path) -> dict[str, Any]:
    """As the catalogue of its producer writes it."""
    name = f"flock3_{day}T101500"
    ring = json.loads((place / "area.geojson").read_text())
    xs, ys = zip(*ring["coordinates"][0], strict=True)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "flock",
        "geometry": ring,
        "bbox": [min(xs), min(ys), max(xs), max(ys)],
        "links": [],
        "properties": {
            "datetime": f"{day[:4]}-{day[4:6]}-{day[6:]}T10:15:00Z",
            "platform": "flock-3",
            "flock:coefficient": 1e-4,
        },
        "assets": {
            "analytic": {
                "href": f"{server}/{name}_3B_analytic.tif",
                "type": "image/tiff; application=geotiff",
                "eo:bands": [{"common_name": band} for band in ["coastal", *BANDS]],
                "roles": ["data"],
            },
            "udm": {"href": f"{server}/{name}_3B_udm.tif", "roles": ["data"]},
        },
    }


def process(place: Path) -> Path:
    """A process whose input are the scenes."""
    (place / "first.py").write_text("def execute(scenes):\n    return scenes.read().data[0]\n")
    path = place / "first.mapchete"
    path.write_text(
        json.dumps(
            {
                "process": "./first.py",
                "input": {"scenes": {"format": "scenes", "path": "in", "bands": BANDS}},
                "output": {"format": "GTiff", "path": "tiles", "bands": 4, "dtype": "float32"},
                "pyramid": {"grid": "mercator"},
                "zoom_levels": {"min": 12, "max": 12},
            }
        )
    )
    return path


def middle(place: Path) -> tuple[float, float]:
    """A place under the cloud of the second day."""
    ring = json.loads((place / "area.geojson").read_text())["coordinates"][0]
    (left, bottom), (right, top) = ring[0], ring[2]
    return left + (right - left) * 0.35, top - (top - bottom) * 0.35


def tile_of(place: Path) -> str:
    """Address of the web-map tile of zoom 12 that the middle is in: zoom, column, row."""
    lon, lat = middle(place)
    y = np.arcsinh(np.tan(np.radians(lat))) / np.pi
    return f"12/{int((lon + 180) / 360 * 4096)}/{int((1 - y) / 2 * 4096)}"


@contextlib.contextmanager
def serving(path: Path) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", "0", str(path)],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as running:  # fmt: skip
        try:
            assert running.stdout is not None
            yield running.stdout.readline().rpartition(" at ")[2].strip()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return bytes(answer.read())
