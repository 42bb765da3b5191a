"""An input that is replaced while a run goes on: its tiles count as failed, never as done."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import JOURNAL_NAME, Journal
from automap_tiles.formats.raster_file import RasterFile
from tests.engine.projects import make_raster, tile_bytes

# On the tile named in the file `when` another picture takes the place of the input.
MODULE = """\
import os
from pathlib import Path
from automap_tiles import Empty, Tile

def execute(image, other, tile: Tile):
    here = Path(__file__).parent
    when = here / "when"
    if when.exists() and when.read_text() == str(tile.index):
        when.unlink()
        for name in ("image", "other"):
            if (here / f"new_{name}.tif").exists():
                os.replace(here / f"new_{name}.tif", here / f"{name}.tif")
    data = image.read()
    if data.mask.all():
        raise Empty
    return data
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in ("image", "other"):
        make_raster(tmp_path / f"{name}.tif", bands=1)
    (tmp_path / "work.py").write_text(MODULE)
    path = tmp_path / "work.mapchete"
    path.write_text(
        json.dumps(
            {
                "process": "./work.py",
                "input": {"image": "image.tif", "other": "other.tif"},
                "output": {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint16"},
                "pyramid": {"grid": "geodetic"},
                "zoom_levels": {"min": 11, "max": 13},
                "baselevels": {"min": 13, "max": 13, "lower": "average"},
            }
        )
    )
    return path


def execute(config: Path, *options: str) -> int:
    how = ("--concurrency", "none", "--no-progress")
    return main(["execute", str(config), *how, *options])


def counts(config: Path) -> dict[TileStatus, int]:
    with Journal.open_readonly(config.parent / "out" / JOURNAL_NAME) as journal:
        found = journal.counts()
    return {status: sum(zoom.get(status, 0) for zoom in found.values()) for status in TileStatus}


@pytest.mark.parametrize("changed", [["image"], ["other"], ["image", "other"]])
def test_a_mixture_is_no_result(
    config: Path, changed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(config) == 0
    last = max(tile_bytes(config.parent / "out" / "13")).removesuffix(".tif")
    assert execute(config, "--overwrite") == 0
    (config.parent / "when").write_text(f"13/{last}")
    for name in changed:
        make_raster(config.parent / f"new_{name}.tif", bands=1, seed=7)
    capsys.readouterr()
    assert execute(config, "--overwrite") == 1
    said = capsys.readouterr().err
    assert f"{', '.join(changed)} changed while the run went on" in said
    done = counts(config)
    assert done[TileStatus.WRITTEN] == done[TileStatus.EMPTY] == 0
    # all are made again, of the new data
    assert execute(config) == 0
    made = tile_bytes(config.parent / "out")
    assert execute(config, "--overwrite") == 0
    assert tile_bytes(config.parent / "out") == made


def test_what_an_earlier_run_made_is_still_known(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(config, "--zoom", "13") == 0
    (config.parent / "when").write_text("13/0/0")  # never comes
    before = counts(config)
    stat = (config.parent / "other.tif").stat()
    assert execute(config) == 0
    assert counts(config)[TileStatus.WRITTEN] > before[TileStatus.WRITTEN]
    # the same bytes at another time are another file
    os.utime(config.parent / "other.tif", ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
    assert execute(config) == 2
    assert "inputs changed" in capsys.readouterr().err


def test_what_lies_in_an_archive(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes with the archive; runs of versions that did not see that go on."""
    here = config.parent
    said = json.loads(config.read_text())
    said["input"]["image"] = "/vsizip/all.zip/in/image.tif"
    config.write_text(json.dumps({**said, "zoom_levels": 11, "baselevels": None}))

    def pack(seed: int) -> None:
        make_raster(here / "image.tif", bands=1, seed=seed)
        with zipfile.ZipFile(here / "all.zip", "w") as archive:
            archive.write(here / "image.tif", "in/image.tif")

    pack(1)
    with monkeypatch.context() as patched:
        now = RasterFile.fingerprint
        patched.setattr(RasterFile, "fingerprint", lambda r: r.earlier_fingerprint() or now(r))
        assert execute(config) == 0
    before = tile_bytes(here / "out")
    assert execute(config) == 0
    assert tile_bytes(here / "out") == before
    pack(7)
    assert execute(config) == 2
    assert execute(config, "--overwrite") == 0
    assert tile_bytes(here / "out") != before
