"""PMTiles read by its own reader, MBTiles by SQLite and GDAL; both against the folder."""

from __future__ import annotations

import filecmp
import json
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pmtiles import reader as pmtiles_reader
from pmtiles.tile import TileType

from automap_tiles.errors import ConfigError, MissingExtra, OutputError
from automap_tiles.stopping import Stopped, stopping
from automap_tiles.workflows.export import Container, ExportOrder, ExportSpec, _archive
from automap_tiles.workflows.export._ledger import Ledger
from automap_tiles.workflows.export._order import spec_of
from automap_tiles.workflows.export._run import exported
from automap_tiles.workflows.running import at_once
from tests import starts
from tests.workflows.export import conftest
from tests.workflows.export.conftest import EDGE, STYLE, Made, Place, make_classes, rgba, run

# The package says nothing of its types.
PMTILES: Any = pmtiles_reader
KINDS = [Container.PMTILES, Container.MBTILES]


@pytest.fixture(scope="module")
def archives(image: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Container, Path]:
    folder = tmp_path_factory.mktemp("archives")
    made = {kind: folder / f"map.{kind.value}" for kind in KINDS}
    for kind, out in made.items():
        run(image, out, container=kind, title="A map", attribution="© us")
    return made


def tiles_of(out: Path) -> dict[Place, bytes]:
    """By zoom, x and y, rows from the north."""
    if out.suffix == ".pmtiles":
        return {tuple(place): content for place, content in PMTILES.all_tiles(source(out))}
    with sqlite3.connect(out) as database:
        rows = database.execute("SELECT * FROM tiles").fetchall()
    database.close()
    return {(zoom, x, 2**zoom - 1 - row): content for zoom, x, row, content in rows}


def source(out: Path) -> Any:
    return PMTILES.MemorySource(out.read_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_same_tiles_as_the_folder(archives: dict[Container, Path], xyz: Made, kind: Any) -> None:
    assert tiles_of(archives[kind]) == xyz.tiles()
    beside = {path.name for path in archives[kind].parent.iterdir()}
    assert beside == {"map.pmtiles", "map.mbtiles"}


def test_pmtiles_header(archives: dict[Container, Path], xyz: Made) -> None:
    reader = PMTILES.Reader(source(archives[Container.PMTILES]))
    header, metadata = reader.header(), reader.metadata()
    assert (header["min_zoom"], header["max_zoom"]) == (0, 14)
    assert header["clustered"] is True
    assert header["tile_type"] is TileType.PNG
    assert header["addressed_tiles_count"] == len(xyz.tiles())
    told = json.loads((xyz.out / "tilejson.json").read_text())
    corners = ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")
    assert [header[corner] / 1e7 for corner in corners] == pytest.approx(told["bounds"], abs=1e-6)
    assert (metadata["name"], metadata["attribution"]) == ("A map", "© us")
    place, content = next(iter(xyz.tiles().items()))
    assert reader.get(*place) == content
    assert reader.get(14, 1, 1) is None


def test_pmtiles_keep_the_same_picture_once(tmp_path: Path) -> None:
    """Tiles inside one class are the same bytes."""
    area = tmp_path / "one.tif"
    make_classes(area)
    with rasterio.open(area, "r+") as target:
        target.write(np.full((1, 300, 300), 5, np.uint8))
    out = tmp_path / "map.pmtiles"
    run(area, out, container=Container.PMTILES, style={}, zooms=(17, 17))
    header = PMTILES.Reader(source(out)).header()
    assert header["tile_contents_count"] < header["addressed_tiles_count"]
    assert header["tile_entries_count"] < header["addressed_tiles_count"]


def test_mbtiles_metadata(archives: dict[Container, Path]) -> None:
    database = sqlite3.connect(archives[Container.MBTILES])
    metadata = dict(database.execute("SELECT name, value FROM metadata"))
    assert database.execute("PRAGMA application_id").fetchone() == (0x4D504258,)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    names = {row[0] for row in database.execute("SELECT name FROM sqlite_schema")}
    database.close()
    assert names == {"tiles", "tile_index", "metadata"}
    assert metadata.items() >= {
        "name": "A map", "format": "png", "minzoom": "0", "maxzoom": "14", "type": "overlay",
        "attribution": "© us",
    }.items()  # fmt: skip
    assert len(metadata["bounds"].split(",")) == 4


@pytest.mark.parametrize("zoom", [14, 11, 4])
def test_gdal_reads_the_same_pixels(archives: dict[Container, Path], xyz: Made, zoom: int) -> None:
    tiles = {place: content for place, content in xyz.tiles().items() if place[0] == zoom}
    with rasterio.open(archives[Container.MBTILES], ZOOM_LEVEL=str(zoom)) as found:
        assert found.crs.to_epsg() == 3857
        assert found.transform.a == pytest.approx(2 * EDGE / 2**zoom / 256)
        pixels = np.moveaxis(found.read(), 0, -1)
        # GDAL shows the box of the metadata: a window of the world
        left = round((found.transform.c + EDGE) / found.transform.a)
        top = round((EDGE - found.transform.f) / found.transform.a)
    assert pixels.shape[-1] == 4
    compared = 0
    for (_, x, y), content in tiles.items():
        wanted = rgba(content)
        rows = slice(max(0, y * 256 - top), max(0, (y + 1) * 256 - top))
        cols = slice(max(0, x * 256 - left), max(0, (x + 1) * 256 - left))
        part = pixels[rows, cols]
        down, right = max(0, top - y * 256), max(0, left - x * 256)
        wanted = wanted[down : down + part.shape[0], right : right + part.shape[1]]
        compared += int((wanted[..., 3] > 0).sum())
        assert (part == wanted).all()
    assert compared > 0


@pytest.mark.parametrize("kind", KINDS)
def test_again_nothing_is_done(
    archives: dict[Container, Path], image: Path, kind: Container
) -> None:
    out = archives[kind]
    before = out.stat()
    again = run(image, out, container=kind)
    assert not again.is_new
    after = out.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    with pytest.raises(ConfigError, match="differs in: style") as caught:
        run(image, out, container=kind, style={"bidx": ("1",)})
    assert "--overwrite" in str(caught.value.remedy)


@pytest.mark.parametrize("kind", KINDS)
def test_overwrite_replaces(tmp_path: Path, image: Path, kind: Container) -> None:
    out = tmp_path / f"map.{kind.value}"
    out.write_bytes(b"something else" * 100)
    with pytest.raises(OutputError, match="is no"):
        run(image, out, container=kind, zooms=(9, 10))
    run(image, out, container=kind, zooms=(9, 10), overwrite=True)
    assert {place[0] for place in tiles_of(out)} == {9, 10}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_export_goes_on(
    tmp_path: Path, image: Path, kind: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / f"map.{kind.value}"
    puts = _archive.ArchiveSink.put
    count = 0

    def stop(self: _archive.ArchiveSink, *arguments: Any) -> None:
        nonlocal count
        count += 1
        if count > 10:
            raise KeyboardInterrupt
        puts(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(_archive.ArchiveSink, "put", stop)
        with pytest.raises(KeyboardInterrupt):
            run(image, out, container=kind, zooms=(6, 12))
    assert not out.exists()
    again = run(image, out, container=kind, zooms=(6, 12))
    assert again.unchanged == 10
    run(image, tmp_path / "whole", zooms=(6, 12))
    assert tiles_of(out) == conftest.tiles_of(tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_while_it_is_put_together(
    tmp_path: Path, image: Path, kind: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing appears, what is painted is kept."""
    out, stop = tmp_path / f"map.{kind.value}", threading.Event()
    finish = _archive.ArchiveSink.finish

    def finishing(self: _archive.ArchiveSink, description: Any) -> Path:
        stop.set()
        return finish(self, description)

    spec = ExportSpec(source=str(image), out=out, container=kind, workers=1, style=STYLE)
    with monkeypatch.context() as patched:
        patched.setattr(_archive.ArchiveSink, "finish", finishing)
        outcome = at_once(exported(spec, stop=stop))
    assert outcome.stopped
    assert not outcome.files
    assert [path.name for path in tmp_path.iterdir()] == [f".{out.name}.part"]
    again = run(image, out, container=kind)
    assert (again.painted, again.empty) == (0, 0)
    run(image, tmp_path / "whole")
    assert tiles_of(out) == conftest.tiles_of(tmp_path / "whole")


def test_a_copy_by_sqlite_ends_in_its_middle(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    ledger = Ledger(tmp_path / "part")
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
    began = time.monotonic()
    with stopping(stop), pytest.raises(Stopped):
        ledger.copy_to(tmp_path / "packed", [(endless, ())])
    ledger.close()
    assert time.monotonic() - began < 5


def test_another_look_begins_the_part_again(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "map.mbtiles"
    with monkeypatch.context() as patched:
        patched.setattr(_archive.ArchiveSink, "finish", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(image, out, container=Container.MBTILES, zooms=(10, 12))
    other = run(image, out, container=Container.MBTILES, zooms=(11, 11), style={"bidx": ("1",)})
    assert other.unchanged == 0
    assert {place[0] for place in tiles_of(out)} == {11}


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("kind", KINDS)
def test_workers_make_the_same_file(tmp_path: Path, large: Path, kind: Container) -> None:
    """As users run it, each in processes of its own; files are compared by their tiles."""
    files = []
    for workers in ("1", "2"):
        files.append(tmp_path / f"{workers}.{kind.value}")
        command = ["export", str(large), "-o", str(files[-1]), "-z", "15", "--title", "map"]
        command += ["--style", "bidx=3,2,1", "--style", "rescale=0,8000", "-w", workers]
        starts.run([*command, "--no-progress"], starts.EXPORT).check_returncode()
    first, second = (tiles_of(file) for file in files)
    assert first.keys() == second.keys()
    # the names of those that differ: pytest would take minutes to describe how two files do
    assert [place for place, content in first.items() if content != second[place]] == []
    assert filecmp.cmp(files[0], files[1], shallow=False)


def test_what_cannot_be(tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no browser"):
        run(image, tmp_path / "map.mbtiles", container=Container.MBTILES, page=True)
    with pytest.raises(ConfigError, match="is a folder"):
        run(image, tmp_path, container=Container.PMTILES, style=STYLE)
    monkeypatch.setitem(sys.modules, "pmtiles.writer", None)
    with pytest.raises(MissingExtra, match=r"automap-tiles\[export\]"):
        run(image, tmp_path / "map.pmtiles", container=Container.PMTILES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "form"), [("a.pmtiles", "xyz"), ("a.mbtiles", "pmtiles"), ("a.PMTiles", "mbtiles")]
)
def test_a_name_of_another_format_is_refused(name: str, form: Any) -> None:
    with pytest.raises(ConfigError, match="another format") as error:
        spec_of(ExportOrder(source="map.tif", output=name, format=form))
    assert error.value.found == form


@pytest.mark.parametrize("more", [{"base_map": "https://a/{z}/{x}/{y}.png"}, {"time": "2020"}])
def test_what_is_said_of_nothing_is_refused(more: dict[str, str]) -> None:
    for other, works in (({}, False), ({"page": True, "stac": True}, True)):
        order = ExportOrder.from_json({"source": "map.tif", "output": "a", **more, **other})
        if works:
            assert spec_of(order).base_map == more.get("base_map")
            continue
        with pytest.raises(ConfigError, match="says nothing without --"):
            spec_of(order)


@pytest.mark.parametrize(
    ("name", "form", "container"),
    [
        ("a.pmtiles", "pmtiles", Container.PMTILES),
        ("a.MBTILES", None, Container.MBTILES),
        ("a.tiles", "mbtiles", Container.MBTILES),
        ("a.tiles", None, Container.XYZ),
    ],
)
def test_the_format_by_name_or_word(name: str, form: Any, container: Container) -> None:
    order = ExportOrder(source="map.tif", output=name, format=form)
    assert spec_of(order).container is container
