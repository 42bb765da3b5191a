"""Copying and deleting tiles, with what the journal knows of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from automap_tiles.commands.copy import copy_tiles
from automap_tiles.commands.remove import remove_tiles
from automap_tiles.commands.tiledir import Selection, open_tile_directory
from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import JOURNAL_NAME, Journal, hold, place_of
from automap_tiles.errors import ConfigError, OutputBusy, OutputError, OutputMismatch
from automap_tiles.grid import TileIndex
from tests.commands.conftest import HASHES, MakeDirectory

# Zoom 3 of the geodetic grid has 8 × 16 tiles of 22.5°; the area is tile 3/2/9 and a bit.
TILES = [(3, row, col) for row in (2, 3) for col in (8, 9, 10)] + [(2, 1, 4)]
EMPTY = [(3, 4, 8), (3, 4, 9)]
AREA = shapely.box(22.5, 25.0, 50.0, 45.0)
INSIDE = [TileIndex(3, 2, 9), TileIndex(3, 2, 10)]


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.tif")}


def statuses(folder: Path) -> dict[int, dict[TileStatus, int]]:
    with Journal.open_readonly(folder / JOURNAL_NAME) as journal:
        return journal.counts()


def test_selection_leaves_out_tiles_that_share_only_an_edge(make_directory: MakeDirectory) -> None:
    directory = open_tile_directory(str(make_directory("a", TILES)))
    assert directory.existing(Selection(zooms=(3,), area=AREA)) == INSIDE
    assert directory.existing(Selection(area=AREA)) == [TileIndex(2, 1, 4), *INSIDE]
    assert len(directory.existing(Selection())) == len(TILES)
    assert directory.existing(Selection(zooms=(7,))) == []


def test_no_tile_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"metadata\.json"):
        open_tile_directory(str(tmp_path))


def test_copy_everything(make_directory: MakeDirectory, tmp_path: Path) -> None:
    source = make_directory("a", TILES, empty=EMPTY)
    directory = open_tile_directory(str(source))
    steps: list[int] = []
    everything = directory.existing(Selection())
    report = copy_tiles(
        directory, str(tmp_path / "b"), everything, Selection(), advance=lambda: steps.append(1)
    )
    assert (report.copied, report.skipped, report.rows) == (7, 0, 9)
    assert len(steps) == 7
    assert files(tmp_path / "b") == files(source)
    assert (tmp_path / "b/metadata.json").read_bytes() == (source / "metadata.json").read_bytes()
    assert statuses(tmp_path / "b") == statuses(source)
    with Journal.open_readonly(tmp_path / "b" / JOURNAL_NAME) as journal:
        (run,) = journal.runs_with_tiles()
        assert run.hashes == HASHES
        assert run.fresh_from <= run.id


def test_copy_a_part(make_directory: MakeDirectory, tmp_path: Path) -> None:
    source = make_directory("a", TILES, empty=EMPTY)
    directory = open_tile_directory(str(source))
    part = Selection(zooms=(3,), area=AREA)
    report = copy_tiles(directory, str(tmp_path / "b"), directory.existing(part), part)
    assert report.copied == 2
    assert sorted(files(tmp_path / "b")) == ["3/2/10.tif", "3/2/9.tif"]
    assert statuses(tmp_path / "b") == {3: {TileStatus.WRITTEN: 2}}


def test_copy_keeps_what_is_there(make_directory: MakeDirectory) -> None:
    source, target = make_directory("a", TILES), make_directory("b", TILES[:1])
    (target / "3/2/8.tif").write_bytes(b"mine")
    directory = open_tile_directory(str(source))
    tiles = directory.existing(Selection())
    report = copy_tiles(directory, str(target), tiles, Selection())
    assert (report.copied, report.skipped) == (6, 1)
    assert (target / "3/2/8.tif").read_bytes() == b"mine"
    report = copy_tiles(directory, str(target), tiles, Selection(), overwrite=True)
    assert (report.copied, report.skipped) == (7, 0)
    assert files(target) == files(source)


def test_copy_refuses_another_pyramid_and_itself(make_directory: MakeDirectory) -> None:
    directory = open_tile_directory(str(make_directory("a", TILES)))
    other = make_directory("b", [], grid="mercator")
    with pytest.raises(OutputMismatch, match="mercator"):
        copy_tiles(directory, str(other), [], Selection())
    with pytest.raises(OutputError, match="same"):
        copy_tiles(directory, directory.path, [], Selection())


def test_remove_a_part(make_directory: MakeDirectory) -> None:
    folder = make_directory("a", TILES, empty=[(3, 2, 11), *EMPTY])
    directory = open_tile_directory(str(folder))
    part = Selection(zooms=(3,), area=shapely.box(22.5, 23.0, 80.0, 45.0))
    forgotten = remove_tiles(directory, directory.existing(part), part)
    assert forgotten == 3  # the two written ones and the empty one
    assert "3/2/9.tif" not in files(folder)
    assert len(files(folder)) == len(TILES) - 2
    assert statuses(folder) == {
        2: {TileStatus.WRITTEN: 1},
        3: {TileStatus.WRITTEN: 4, TileStatus.EMPTY: 2},
    }


def test_remove_everything_leaves_no_empty_folders(make_directory: MakeDirectory) -> None:
    folder = make_directory("a", TILES, empty=EMPTY)
    directory = open_tile_directory(str(folder))
    remove_tiles(directory, directory.existing(Selection()), Selection())
    assert not [path for path in folder.rglob("*") if path.is_dir()]
    assert (folder / "metadata.json").is_file()
    assert statuses(folder) == {}


def test_remove_waits_for_nobody(make_directory: MakeDirectory) -> None:
    """While a run holds the journal nothing is deleted."""
    import subprocess
    import sys

    folder = make_directory("a", TILES)
    directory = open_tile_directory(str(folder))
    hold = (
        "import sys\nfrom pathlib import Path\n"
        "from automap_tiles.engine.journal import Journal\n"
        f"with Journal.open(Path({str(folder / JOURNAL_NAME)!r})):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OutputBusy):
            remove_tiles(directory, directory.existing(Selection()), Selection())
        other.communicate("")
    assert len(files(folder)) == len(TILES)


def test_copying_into_an_output_that_is_being_written(make_directory: MakeDirectory) -> None:
    source, target = make_directory("a", TILES), make_directory("b", TILES[:1])
    (target / "3/2/8.tif").write_bytes(b"mine")
    directory = open_tile_directory(str(source))
    tiles = directory.existing(Selection())
    with hold(place_of(str(target))), pytest.raises(OutputBusy, match="another run"):
        copy_tiles(directory, str(target), tiles, Selection(), overwrite=True)
    assert files(target) == {"3/2/8.tif": b"mine"}
    new = target.parent / "new"
    with hold(place_of(str(new))), pytest.raises(OutputBusy):
        copy_tiles(directory, str(new), tiles, Selection())
    assert not new.exists() or not any(new.iterdir())


def test_removing_from_an_output_without_a_journal_that_is_being_written(
    make_directory: MakeDirectory,
) -> None:
    """A run that has just begun, or one of an earlier version, has no journal yet."""
    folder = make_directory("a", TILES)
    (folder / JOURNAL_NAME).unlink()
    directory = open_tile_directory(str(folder))
    tiles = directory.existing(Selection())
    with hold(place_of(str(folder))), pytest.raises(OutputBusy):
        remove_tiles(directory, tiles, Selection())
    assert len(files(folder)) == len(TILES)
    assert remove_tiles(directory, tiles, Selection()) == 0
    assert files(folder) == {}


def test_stale_tiles_are_not_copied_as_done(make_directory: MakeDirectory, tmp_path: Path) -> None:
    source = make_directory("a", TILES)
    stale = [TileIndex(*index) for index in TILES[:3]]
    with Journal.open(source / JOURNAL_NAME) as journal:
        journal.start_run(HASHES, "all", fresh_from=0, metatiling=1, stale=stale)
    directory = open_tile_directory(str(source))
    copy_tiles(directory, str(tmp_path / "b"), directory.existing(Selection()), Selection())
    with Journal.open_readonly(tmp_path / "b" / JOURNAL_NAME) as journal:
        assert sum(each[TileStatus.WRITTEN] for each in journal.counts().values()) == 4
