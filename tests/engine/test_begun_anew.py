"""What a run takes for done when journals, rows or files are not as it would have left them."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.engine.events import Event, Noted, RunFinished, Summary, TileDone, TileStatus
from automap_tiles.engine.journal import Journal, hold, place_of
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import OutputBusy, OutputMismatch, ProcessChanged
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.runtime import open_process
from tests.engine.projects import make_project

# The value comes from a file that no hash knows: what is old can be told from what is new.
MODULE = """
import os
from pathlib import Path
import numpy as np
from automap_tiles import Empty, Tile

def execute(tile: Tile, value: str, add: int = 0, west: bool = False, broken: str = ""):
    if str(tile.index) == broken:
        raise ValueError("cannot use " + os.fsdecode(b"caf\\xe9.tif"))
    number = int(Path(value).read_text()) + add
    data = np.ma.masked_array(np.full((1, *tile.shape), number, "uint8"), False)
    if west:
        data[:, :, data.shape[2] // 2 :] = np.ma.masked
    if tile.col == 0:
        raise Empty
    return data
"""


class Constant:
    """A process whose tiles are all of one value."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "out"
        (folder / "work.py").write_text(MODULE)
        self.value(1)

    def value(self, number: int) -> None:
        (self.folder / "value").write_text(str(number))

    def config(
        self,
        *,
        path: str = "out",
        zooms: tuple[int, int] = (2, 3),
        metatiling: int = 1,
        bounds: tuple[float, ...] | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        return {
            "process": "./work.py",
            "config_dir": str(self.folder),
            "pyramid": {"grid": "geodetic", "metatiling": metatiling, "tile_size": 64},
            "zoom_levels": {"min": zooms[0], "max": zooms[1]},
            **({} if bounds is None else {"bounds": list(bounds)}),
            "output": {
                "format": "GTiff", "path": str(self.folder / path), "bands": 1, "dtype": "uint8",
                "metatiling": 1,
            },
            "process_parameters": {"value": str(self.folder / "value"), **parameters},
        }  # fmt: skip

    def events(self, *, stop_after: int | None = None, **wanted: Any) -> list[Event]:
        """A run; with `stop_after` one that is killed after so many tiles, in effect."""
        names = {"overwrite", "retry_failed"}
        options = {name: wanted.pop(name) for name in names & wanted.keys()}
        process = open_process(self.config(**wanted))
        stream = execute(process, RunOptions(concurrency=Concurrency.NONE, **options))
        found: list[Event] = []
        for event in stream:
            found.append(event)
            done = sum(isinstance(each, TileDone) for each in found)
            if stop_after is not None and done >= stop_after:
                stream.close()
                break
        return found

    def run(self, **wanted: Any) -> Summary:
        last = self.events(**wanted)[-1]
        assert isinstance(last, RunFinished)
        return last.summary

    def tiles(self) -> list[Path]:
        return sorted(self.output.rglob("*.tif"))

    def values(self) -> Counter[int]:
        return Counter(int(rasterio.open(path).read(1).max()) for path in self.tiles())

    def forget_journal(self, pattern: str = "*journal.sqlite") -> None:
        for path in self.folder.rglob(pattern):
            path.unlink()


@pytest.fixture
def constant(tmp_path: Path) -> Constant:
    return Constant(tmp_path)


TILES = 128 + 32
EMPTY = 8 + 4


@pytest.mark.parametrize(
    "between",
    [
        {"retry_failed": True},
        {"zooms": (2, 2)},
        {"bounds": (-180, 0, 0, 90)},
        {"zooms": (3, 3), "retry_failed": True},
    ],
)
def test_what_was_declared_stale_stays_so_until_it_is_made(
    constant: Constant, between: dict[str, Any]
) -> None:
    constant.run()
    constant.value(2)
    constant.events(overwrite=True, stop_after=20)
    constant.run(**between)
    done = constant.run()
    assert constant.values() == {2: TILES - EMPTY}
    assert done.failed == 0
    assert constant.run().computed == 0


def test_only_what_is_overwritten_is_stale(constant: Constant) -> None:
    constant.run()
    constant.value(2)
    constant.events(overwrite=True, zooms=(2, 2), stop_after=5)
    stale = statuses(constant)[TileStatus.STALE]
    assert 0 < stale <= 32 - 5
    done = constant.run()
    assert (done.computed, done.skipped) == (stale, TILES - stale)
    assert constant.values() == {1: 128 - 8, 2: 32 - 4}


def test_an_overwriting_run_that_had_not_come_to_a_tile_is_gone_on_with(
    constant: Constant,
) -> None:
    constant.run()
    constant.value(2)
    stream = execute(
        open_process(constant.config()),
        RunOptions(overwrite=True, concurrency=Concurrency.NONE),
    )
    next(stream)
    stream.close()
    assert constant.values() == {1: TILES - EMPTY}
    assert constant.run().computed == TILES
    assert constant.values() == {2: TILES - EMPTY}


def test_tiles_of_other_parameters_are_known_without_a_journal(constant: Constant) -> None:
    constant.run()
    constant.forget_journal()
    with pytest.raises(ProcessChanged, match="the process parameters changed"):
        constant.run(add=5)
    assert constant.values() == {1: TILES - EMPTY}
    done = constant.run(add=5, overwrite=True)
    assert done.computed == TILES
    assert constant.values() == {6: TILES - EMPTY}


def test_a_single_file_of_other_parameters_is_known_without_a_journal(constant: Constant) -> None:
    wanted = {"path": "one.tif", "zooms": (2, 2)}
    constant.run(**wanted)
    constant.forget_journal()
    with pytest.raises(ProcessChanged, match="the process parameters changed"):
        constant.run(**wanted, add=5)
    constant.run(**wanted)
    with rasterio.open(constant.folder / "one.tif") as file:
        assert set(np.unique(file.read(1))) == {0, 1}


def test_a_single_file_of_which_nothing_is_known_is_made_again(constant: Constant) -> None:
    wanted: dict[str, Any] = {"path": "one.tif", "zooms": (2, 2)}
    constant.run(**wanted)
    constant.forget_journal("*journal*")
    stopped = constant.events(**wanted, add=5, stop_after=4)
    assert isinstance(stopped[-1], TileDone)
    assert constant.run(**wanted, add=5).skipped < 32 - 4
    with rasterio.open(constant.folder / "one.tif") as file:
        assert set(np.unique(file.read(1))) == {0, 6}
    assert constant.run(**wanted, add=5).computed == 0


def test_whole_tiles_without_a_journal_are_told_of(constant: Constant) -> None:
    constant.run()
    constant.forget_journal()
    events = constant.events()
    (note,) = [event.note for event in events if isinstance(event, Noted)]
    assert (note.fate, note.subject) == (Fate.GUESSED, Subject.TILES)
    last = events[-1]
    assert isinstance(last, RunFinished)
    (counted,) = last.summary.notes
    assert counted.count == TILES - EMPTY
    assert (last.summary.skipped, last.summary.empty) == (TILES - EMPTY, EMPTY)


def test_stale_tiles_are_not_taken_for_finished_ones_when_the_journal_is_lost(
    constant: Constant,
) -> None:
    constant.run()
    constant.value(2)
    constant.events(overwrite=True, stop_after=20)
    constant.forget_journal()
    # which of them are old, nobody knows any more: not now, and not for the run after that
    constant.events(stop_after=3)
    known = sum(statuses(constant).values())
    assert 3 <= known < 100
    assert constant.run().computed == TILES - known
    assert constant.values() == {2: TILES - EMPTY}
    # made by one run from one process, they can be taken for finished ones again
    constant.forget_journal()
    assert constant.run().written == TILES - EMPTY


def test_tiles_of_mapchete_go_on_without_a_record(constant: Constant) -> None:
    constant.run()
    constant.forget_journal()
    (constant.output / "made_of.json").unlink()
    assert constant.run().skipped == TILES - EMPTY


@pytest.mark.parametrize("which", [slice(1, None, 2), slice(0, 1), slice(-1, None)])
@pytest.mark.parametrize("journal", [True, False])
def test_a_metatile_of_which_files_are_missing_is_made_again(
    constant: Constant, which: slice, journal: bool
) -> None:
    constant.run(metatiling=4, zooms=(4, 4))
    whole = {path: path.read_bytes() for path in constant.tiles()}
    missing = constant.tiles()[which]
    metatiles = {(int(p.parent.name) // 4, int(p.stem) // 4) for p in missing}
    for path in missing:
        path.unlink()
    if not journal:
        constant.forget_journal()
    done = constant.run(metatiling=4, zooms=(4, 4))
    assert done.written == len(metatiles)
    assert {path: path.read_bytes() for path in constant.tiles()} == whole


def test_a_metatile_that_is_partly_empty_is_done(constant: Constant) -> None:
    wanted: dict[str, Any] = {"metatiling": 4, "zooms": (4, 4), "west": True}
    first = constant.run(**wanted)
    assert len(constant.tiles()) == first.written * 8
    assert constant.run(**wanted).computed == 0
    # without a journal nobody can say whether the other half was to come
    constant.forget_journal()
    assert constant.run(**wanted).written == first.written
    assert constant.run(**wanted).computed == 0


def test_rows_that_a_kill_took_are_found_as_whole_metatiles(constant: Constant) -> None:
    wanted: dict[str, Any] = {"metatiling": 4, "zooms": (4, 4)}
    constant.run(**wanted)
    with sqlite3.connect(constant.output / "journal.sqlite") as journal:
        journal.execute("DELETE FROM tiles WHERE key % 2 = 1")
        journal.execute("UPDATE runs SET finished = NULL")
        (left,) = journal.execute("SELECT count(*) FROM tiles").fetchone()
    assert left
    lost = constant.tiles()[-1]
    lost.unlink()  # of the last metatile, of which a kill left a part
    done = constant.run(**wanted)
    assert done.written == 1
    assert done.skipped == 31 - done.empty


def test_strays_of_another_process_are_made_again(constant: Constant) -> None:
    """A tile that a killed run stored without a row, before the parameters changed."""
    constant.run(zooms=(3, 3))
    stray = constant.tiles()[0]
    with sqlite3.connect(constant.output / "journal.sqlite") as journal:
        journal.execute("DELETE FROM tiles")
    constant.value(2)
    constant.run(zooms=(2, 2), add=1, overwrite=True)
    done = constant.run(add=1)
    assert done.written == 120
    assert rasterio.open(stray).read(1).max() == 3


def test_another_program_at_the_journal_does_not_end_a_run(constant: Constant) -> None:
    stream = execute(open_process(constant.config()), RunOptions(concurrency=Concurrency.NONE))
    found = list(itertools.islice(stream, 30))
    other = sqlite3.connect(constant.output / "journal.sqlite", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")

    def let_go() -> None:
        time.sleep(2.0)
        other.rollback()
        other.close()

    thread = threading.Thread(target=let_go)
    thread.start()
    started = time.monotonic()
    for event in stream:
        found.append(event)
        time.sleep(0.02)  # beyond the time after which rows are committed
    thread.join()
    assert time.monotonic() - started > 1.0
    last = found[-1]
    assert isinstance(last, RunFinished)
    assert last.summary.computed == TILES
    with Journal.open_readonly(place_of(str(constant.output))) as journal:
        assert sum(sum(each.values()) for each in journal.counts().values()) == TILES


def test_texts_that_are_not_utf8(constant: Constant) -> None:
    done = constant.run(broken="3/1/1")
    assert (done.failed, done.computed) == (1, TILES)
    with Journal.open_readonly(place_of(str(constant.output))) as journal:
        (failed,) = journal.failed()
    assert r"cannot use caf\udce9.tif" in failed.error
    failed.error.encode()
    name = os.fsdecode(b"caf\xe9.tif")
    note = Note(
        fate=Fate.LOST, subject=Subject.FILES, reason=f"bad {name}", examples=(name,), remedy=name
    )
    assert str(note) == r"Lost: 1 file (caf\udce9.tif): bad caf\udce9.tif; caf\udce9.tif"
    assert Note.from_json(json.loads(json.dumps(note.to_json()))) == note


def test_a_run_that_is_refused_has_touched_nothing(constant: Constant) -> None:
    """Not even the description of the output, which an overwriting run may replace."""
    constant.run()
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in constant.output.rglob("*.*")}
    config = constant.config()
    config["output"]["dtype"] = "uint16"
    with hold(place_of(str(constant.output))), pytest.raises(OutputBusy, match="another run"):
        list(execute(open_process(config), RunOptions(overwrite=True)))
    after = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in constant.output.rglob("*.*")}
    assert after == before


def test_a_single_file_that_is_being_written_is_not_deleted(constant: Constant) -> None:
    wanted: dict[str, Any] = {"path": "one.tif", "zooms": (2, 2)}
    constant.run(**wanted)
    file = constant.folder / "one.tif"
    config = constant.config(**wanted)
    config["output"]["dtype"] = "uint16"
    with hold(place_of(str(file))), pytest.raises(OutputBusy):
        list(execute(open_process(config), RunOptions(overwrite=True)))
    assert file.exists()


def test_nothing_is_left_in_a_folder_that_is_refused(tmp_path: Path, constant: Constant) -> None:
    constant.run()
    constant.forget_journal()
    config = constant.config(metatiling=2)
    config["pyramid"]["grid"] = "mercator"
    before = set(constant.output.rglob("*"))
    with pytest.raises(OutputMismatch):
        list(execute(open_process(config)))
    assert set(constant.output.rglob("*")) == before


def test_locks_go_with_their_holder(constant: Constant) -> None:
    constant.run()
    assert sorted(path.name for path in constant.output.iterdir() if path.is_file()) == [
        "journal.sqlite", "made_of.json", "metadata.json",
    ]  # fmt: skip
    left = constant.output / "journal.sqlite.lock"
    left.touch()  # of a run that was killed
    with hold(place_of(str(constant.output))) as held:
        assert held.left_behind
    assert not left.exists()
    with hold(place_of(str(constant.output))) as held:
        assert not held.left_behind


def test_part_files_of_dead_writers(constant: Constant) -> None:
    constant.run()
    folder = constant.tiles()[0].parent
    old = time.time() - 3600
    elsewhere = folder / ".7.tif.otherhost-77-deadbeef-3.part"
    young = folder / ".8.tif.otherhost-78-deadbeef-3.part"
    for path in (elsewhere, young):
        path.write_bytes(b"half")
    os.utime(elsewhere, (old, old))
    (constant.output / "journal.sqlite.lock").touch()  # its writer was killed
    assert constant.run().computed == 0
    assert not elsewhere.exists()
    assert young.exists(), "its writer may live"
    os.utime(young, (old, old))
    assert constant.run().computed == 0
    assert not young.exists()
    assert not (constant.output / "journal.sqlite.lock").exists()


def test_a_part_file_of_a_single_file(constant: Constant) -> None:
    wanted: dict[str, Any] = {"path": "one.tif", "zooms": (2, 2)}
    constant.run(**wanted)
    part = constant.folder / ".one.tif.otherhost-77-deadbeef-3.part"
    foreign = constant.folder / ".two.tif.otherhost-77-deadbeef-3.part"
    for path in (part, foreign):
        path.write_bytes(b"half")
        os.utime(path, (1e9, 1e9))
    (constant.folder / "one.tif.journal.sqlite.lock").touch()
    constant.run(**wanted)
    assert not part.exists()
    assert foreign.exists()


def statuses(constant: Constant) -> dict[TileStatus, int]:
    with Journal.open_readonly(place_of(str(constant.output))) as journal:
        found: Counter[TileStatus] = Counter()
        for each in journal.counts().values():
            found.update(each)
    return dict(found)


def test_stale_tiles_are_shown(constant: Constant, capsys: pytest.CaptureFixture[str]) -> None:
    from automap_tiles.cli.main import main

    constant.run(zooms=(3, 3))
    constant.events(overwrite=True, zooms=(3, 3), stop_after=28)
    stale = statuses(constant)[TileStatus.STALE]
    assert 0 < stale <= 100
    assert main(["info", str(constant.output)]) == 0
    assert f"{stale} to be made again" in capsys.readouterr().out


def test_who_overwrites_clears_away_what_other_machines_left(tmp_path: Path) -> None:
    """Also where the last run ended well, and nothing tells of a writer that died."""
    project = make_project(tmp_path / "p", zooms=(12, 12))
    list(execute(open_process(project.config)))
    folder = next(project.output.rglob("12/*"))
    part = folder / ".1.tif.elsewhere-77-deadbeef-3.part"
    part.write_bytes(b"half a tile")
    list(execute(open_process(project.config)))
    assert part.exists()  # a run that has nothing to do does not look at every file
    days_ago = time.time() - 3 * 86_400
    os.utime(part, (days_ago, days_ago))
    list(execute(open_process(project.config), RunOptions(overwrite=True)))
    assert not part.exists()
