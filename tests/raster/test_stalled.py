"""Sources over HTTP that stop sending, or send a part: given up in time and in words."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from automap_tiles.errors import InputError, SourceBrokeOff
from automap_tiles.notes import Note, collecting
from automap_tiles.raster.datasets import open_source, reading
from automap_tiles.raster.env import GDAL_OPTIONS, is_networked, patience
from tests.engine.projects import Project, make_raster


@contextmanager
def serving(path: Path, good: int, bad: int, what: str) -> Iterator[str]:
    """GDAL's name of a raster at a server as `stalling` describes it."""
    command = [sys.executable, "-m", "tests.raster.stalling", str(path), str(good), str(bad), what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"/vsicurl/http://127.0.0.1:{int(server.stdout.readline())}/image.tif"
        server.kill()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_raster(tmp_path / "image.tif", size=1000)


def read(url: str, rows: range) -> tuple[np.ndarray | InputError, list[Note]]:
    """In a thread of its own, whose options are those of the environment as it is now."""

    def work() -> tuple[np.ndarray | InputError, list[Note]]:
        with collecting() as notes:
            try:
                source = open_source(url)
                with reading(source.info):
                    window = Window(0, rows.start, 1000, len(rows))
                    return source.dataset.read(window=window), list(notes)
            except InputError as error:
                return error, list(notes)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result(100)


def test_one_that_stops_sending(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GDAL_HTTP_LOW_SPEED_TIME", "1")
    monkeypatch.setenv("GDAL_HTTP_LOW_SPEED_LIMIT", "2000")
    monkeypatch.setenv("GDAL_HTTP_RETRY_DELAY", "0.1")
    start = time.monotonic()
    with serving(image, 1, 1000, "stalls") as url:
        found, notes = read(f"{url}?sig=secret", range(500, 1000))
    assert time.monotonic() - start < 90
    assert isinstance(found, InputError)
    assert "sent less than 2000 bytes/s for 1 s" in str(found)
    (note,) = notes
    assert "--retry-failed" in str(note)
    assert "GDAL_HTTP_LOW_SPEED_TIME" in str(note)
    assert "secret" not in str(note)


def test_an_answer_that_is_cut_off_can_be_asked_for_again(image: Path) -> None:
    with serving(image, 1, 1, "cuts") as url:
        found, notes = read(url, range(1000))
        assert isinstance(found, SourceBrokeOff)
        again, _ = read(url, range(1000))
    with rasterio.open(image) as local:
        np.testing.assert_array_equal(again, local.read())
    assert not notes


@pytest.mark.parametrize("bad", [1, 1000])
def test_a_tile_of_it_is_read_again(image: Path, bad: int) -> None:
    (image.parent / "double.py").write_text("def execute(image):\n    return image.read() * 2\n")
    project = Project(image.parent).configure(zooms=(9, 9))
    with serving(image, 1, bad, "cuts") as url:
        config = json.loads(project.config.read_text())
        config["input"]["image"] = url
        project.config.write_text(json.dumps(config))
        done = project.run("--concurrency", "none")
    assert "Repeated: " in done.stderr
    assert "lost or broke off an answer; read again" in done.stderr
    assert done.returncode == (0 if bad == 1 else 1)


def test_nothing_of_it_where_it_is_another_fault(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"not a picture at all")
    with serving(tmp_path / "a", 1000, 0, "cuts") as url:
        found, notes = read(url, range(10))
    assert isinstance(found, InputError)
    assert "bytes/s" not in str(found)
    assert not notes


def test_the_limits_are_set_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GDAL_HTTP_LOW_SPEED_TIME", "GDAL_HTTP_LOW_SPEED_LIMIT"):
        monkeypatch.delenv(name, raising=False)
    assert patience() == (15.0, "1000")
    assert GDAL_OPTIONS["GDAL_HTTP_CONNECTTIMEOUT"] == "10"
    monkeypatch.setenv("GDAL_HTTP_LOW_SPEED_TIME", "40")
    assert patience() == (40.0, "1000")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/vsis3/bucket/a.tif", True), ("/vsicurl/https://x/a.tif", True), ("https://x/a", True),
        ("/vsicurl?url=x", True), ("/data/a.tif", False), ("/vsizip/a.zip/b.tif", False),
        ("a.tif", False), ("/vsimem/a", False),
    ],
)  # fmt: skip
def test_what_is_read_over_the_network(path: str, expected: bool) -> None:
    assert is_networked(path) is expected
