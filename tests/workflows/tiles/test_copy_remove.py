"""Copying and deleting tiles, with what the journal knows of them."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import shapely

from automap_tiles.cli.main import main
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import JOURNAL_NAME, Journal, hold, place_of
from automap_tiles.errors import ConfigError, OutputBusy, OutputError, OutputMismatch
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Fate, Subject, collecting
from automap_tiles.raster.drivers import SIDE_FILES
from automap_tiles.workflows import run
from automap_tiles.workflows.events import Done, Event, Finished, Skipped, Started
from automap_tiles.workflows.selections import selection_of
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles import copy, remove
from automap_tiles.workflows.tiles.copy import CopyOrder, CopyOutcome
from automap_tiles.workflows.tiles.outdated import report_outdated
from automap_tiles.workflows.tiles.remove import RemoveOrder, RemoveOutcome
from automap_tiles.workflows.tiles.stored_tiles import TileSelection, open_stored_tiles
from tests.engine.projects import make_project, tile_bytes
from tests.workflows.directories import HASHES, MakeDirectory

# Zoom 3 of the geodetic grid has 8 × 16 tiles of 22.5°; the area is tile 3/2/9 and a bit.
TILES = [(3, row, col) for row in (2, 3) for col in (8, 9, 10)] + [(2, 1, 4)]
EMPTY = [(3, 4, 8), (3, 4, 9)]
AREA = shapely.box(22.5, 25.0, 50.0, 45.0)
INSIDE = [TileIndex(3, 2, 9), TileIndex(3, 2, 10)]

Outcome = TypeVar("Outcome")


def drain(stream: Generator[Event, None, Outcome]) -> Outcome:
    """To the end of a stream, and what it returns."""
    while True:
        try:
            next(stream)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def copy_tiles(*args: Any, **more: Any) -> CopyOutcome:
    return drain(copy.copy_tiles(*args, **more))


def remove_tiles(*args: Any, **more: Any) -> int:
    return drain(remove.remove_tiles(*args, **more)).rows


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.tif")}


def statuses(folder: Path) -> dict[int, dict[TileStatus, int]]:
    with Journal.open_readonly(folder / JOURNAL_NAME) as journal:
        return journal.counts()


def test_selection_leaves_out_tiles_that_share_only_an_edge(make_directory: MakeDirectory) -> None:
    directory = open_stored_tiles(str(make_directory("a", TILES)))
    assert directory.existing(TileSelection(zooms=(3,), area=AREA)) == INSIDE
    assert directory.existing(TileSelection(area=AREA)) == [TileIndex(2, 1, 4), *INSIDE]
    assert len(directory.existing(TileSelection())) == len(TILES)
    assert directory.existing(TileSelection(zooms=(7,))) == []


def test_no_tile_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"metadata\.json"):
        open_stored_tiles(str(tmp_path))


def test_copy_everything(make_directory: MakeDirectory, tmp_path: Path) -> None:
    source = make_directory("a", TILES, empty=EMPTY)
    order = CopyOrder(source=str(source), target=str(tmp_path / "b"))
    before = copy.check(order)
    assert (before.tiles, before.skipped) == (7, 0)
    assert not (tmp_path / "b").exists()
    started, *done, finished = run(order)
    assert isinstance(started, Started)
    assert started.total == 7
    assert {str(event.to_json()["tile"]) for event in done if isinstance(event, Done)} == {
        str(list(index)) for index in TILES
    }
    assert isinstance(finished, Finished)
    assert finished.outcome == CopyOutcome(target=order.target, copied=7, skipped=0, rows=9)
    assert files(tmp_path / "b") == files(source)
    assert (tmp_path / "b/metadata.json").read_bytes() == (source / "metadata.json").read_bytes()
    assert statuses(tmp_path / "b") == statuses(source)
    with Journal.open_readonly(tmp_path / "b" / JOURNAL_NAME) as journal:
        (record,) = journal.runs_with_tiles()
        assert record.hashes == HASHES
        assert record.fresh_from <= record.id


def test_copy_a_part(make_directory: MakeDirectory, tmp_path: Path) -> None:
    source = make_directory("a", TILES, empty=EMPTY)
    directory = open_stored_tiles(str(source))
    part = TileSelection(zooms=(3,), area=AREA)
    report = copy_tiles(directory, str(tmp_path / "b"), directory.existing(part), part)
    assert report.copied == 2
    assert sorted(files(tmp_path / "b")) == ["3/2/10.tif", "3/2/9.tif"]
    assert statuses(tmp_path / "b") == {3: {TileStatus.WRITTEN: 2}}


def test_copy_keeps_what_is_there(make_directory: MakeDirectory) -> None:
    source, target = make_directory("a", TILES), make_directory("b", TILES[:1])
    (target / "3/2/8.tif").write_bytes(b"mine")
    directory = open_stored_tiles(str(source))
    tiles = directory.existing(TileSelection())
    report = copy_tiles(directory, str(target), tiles, TileSelection())
    assert (report.copied, report.skipped) == (6, 1)
    assert (target / "3/2/8.tif").read_bytes() == b"mine"
    report = copy_tiles(directory, str(target), tiles, TileSelection(), overwrite=True)
    assert (report.copied, report.skipped) == (7, 0)
    assert files(target) == files(source)


def damaged(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "bit":
        content[len(content) // 2] ^= 4
    elif how == "cut":
        del content[-7:]
    else:
        content = bytearray(path.with_name("other").read_bytes())
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["bit", "cut", "swapped"])
@pytest.mark.parametrize("metatiling", [1, 4])
def test_damage_does_not_go_into_the_copy(tmp_path: Path, how: str, metatiling: int) -> None:
    """It is told, the exit code says it, and a run on the copy makes the tile."""
    project = make_project(tmp_path / "p", zooms=(11, 13), metatiling=metatiling)
    project.configure(metatiling=metatiling, zooms=(11, 13), output={"metatiling": 1})
    assert main(["execute", str(project.config), "--concurrency", "none"]) == 0
    good = project.tiles()
    name = sorted(name for name in good if name.startswith("13/"))[3]
    other = min(name for name in good if name.startswith("13/"))
    (project.output / name).with_name("other").write_bytes(good[other])
    damaged(project.output / name, how)
    (project.output / name).with_name("other").unlink()
    copy = tmp_path / "copy"
    assert main(["cp", str(project.config), str(copy)]) == 1
    assert set(tile_bytes(copy)) == set(good) - {name}
    with collecting() as notes:
        directory = open_stored_tiles(str(project.config))
        report = copy_tiles(
            directory, str(tmp_path / "b"), directory.existing(TileSelection()), TileSelection()
        )
    (note,) = [note for note in notes if note.subject is Subject.TILES]
    assert (note.fate, note.count, note.examples) == (Fate.LOST, 1, (name,))
    assert "damaged" in note.reason
    assert (report.copied, report.damaged) == (len(good) - 1, 1)
    # the copy knows its checksums, and a run on it makes what is missing
    assert main(["verify", str(copy)]) == 0
    shutil.rmtree(project.output)
    shutil.move(copy, project.output)
    assert main(["execute", str(project.config), "--concurrency", "none"]) == 0
    assert project.tiles() == good
    assert main(["verify", str(project.output)]) == 0
    damaged_now = project.output / name
    damaged(damaged_now, "bit")
    assert main(["verify", str(project.output), "--failures", str(tmp_path / "f.geojson")]) == 1
    # nor does it when it is marked, and its checksum is not asked for any more
    assert main(["cp", str(project.config), str(copy)]) == 1
    # what is whole of its metatile does
    assert set(tile_bytes(copy)) == set(good) - {name}
    assert main(["verify", str(copy)]) == 0


def test_a_copy_has_the_checksums_of_its_source(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", zooms=(11, 13))
    assert main(["execute", str(project.config), "--concurrency", "none"]) == 0
    copy = tmp_path / "copy"
    assert main(["cp", str(project.output), str(copy)]) == 0
    found = []
    for folder in (project.output, copy):
        with Journal.open_readonly(folder / JOURNAL_NAME) as journal:
            found.append(sorted(journal.files()))
    assert found[0] == found[1]
    assert len(found[0]) == len(project.tiles())


def test_tiles_without_checksums_are_copied_as_they_are(
    make_directory: MakeDirectory, tmp_path: Path
) -> None:
    """Of earlier versions, and of mapchete."""
    source = make_directory("a", TILES)
    (source / "3/2/8.tif").write_bytes(b"who knows")
    directory = open_stored_tiles(str(source))
    tiles = directory.existing(TileSelection())
    report = copy_tiles(directory, str(tmp_path / "b"), tiles, TileSelection())
    assert (report.copied, report.damaged) == (7, 0)
    assert files(tmp_path / "b") == files(source)


def test_what_lies_beside_tiles(make_directory: MakeDirectory, tmp_path: Path) -> None:
    """Side files of a tile go along; of others it is told that they do not."""
    source = make_directory("a", TILES)
    (source / "3/2/8.tif.aux.xml").write_text("<PAMDataset/>")
    (source / "legend.qml").write_text("<qgis/>")
    directory = open_stored_tiles(str(source))
    with collecting() as notes:
        copy_tiles(
            directory, str(tmp_path / "b"), directory.existing(TileSelection()), TileSelection()
        )
    assert (tmp_path / "b/3/2/8.tif.aux.xml").read_text() == "<PAMDataset/>"
    assert not (tmp_path / "b/legend.qml").exists()
    (note,) = notes
    assert (note.fate, note.subject, note.examples) == (
        Fate.IGNORED,
        Subject.FILES,
        ("legend.qml",),
    )


def test_copy_refuses_another_pyramid_and_itself(make_directory: MakeDirectory) -> None:
    directory = open_stored_tiles(str(make_directory("a", TILES)))
    other = make_directory("b", [], grid="mercator")
    with pytest.raises(OutputMismatch, match="mercator"):
        copy_tiles(directory, str(other), [], TileSelection())
    with pytest.raises(OutputError, match="same"):
        copy_tiles(directory, directory.path, [], TileSelection())


def test_side_files_go_with_their_tile(make_directory: MakeDirectory) -> None:
    """And those of tiles that stay do, too."""
    folder = make_directory("a", TILES)
    directory = open_stored_tiles(str(folder))
    first, second = directory.existing(TileSelection())[:2]
    for index in (first, second):
        for end in SIDE_FILES:
            (folder / f"{directory.layout.key(index)}{end}").write_bytes(b"old")
    remove_tiles(directory, [first], TileSelection())
    left = [path.name for path in folder.rglob("*") if path.suffix in {".xml", ".ovr", ".msk"}]
    name = Path(directory.layout.key(second)).name
    assert sorted(left) == sorted(f"{name}{end}" for end in SIDE_FILES)


def test_remove_a_part(make_directory: MakeDirectory) -> None:
    folder = make_directory("a", TILES, empty=[(3, 2, 11), *EMPTY])
    directory = open_stored_tiles(str(folder))
    part = TileSelection(zooms=(3,), area=shapely.box(22.5, 23.0, 80.0, 45.0))
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
    directory = open_stored_tiles(str(folder))
    remove_tiles(directory, directory.existing(TileSelection()), TileSelection())
    assert not [path for path in folder.rglob("*") if path.is_dir()]
    assert (folder / "metadata.json").is_file()
    assert statuses(folder) == {}


def test_remove_waits_for_nobody(make_directory: MakeDirectory) -> None:
    """While a run holds the journal nothing is deleted."""
    import subprocess
    import sys

    folder = make_directory("a", TILES)
    directory = open_stored_tiles(str(folder))
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
            remove_tiles(directory, directory.existing(TileSelection()), TileSelection())
        other.communicate("")
    assert len(files(folder)) == len(TILES)


def test_copying_into_an_output_that_is_being_written(make_directory: MakeDirectory) -> None:
    source, target = make_directory("a", TILES), make_directory("b", TILES[:1])
    (target / "3/2/8.tif").write_bytes(b"mine")
    directory = open_stored_tiles(str(source))
    tiles = directory.existing(TileSelection())
    with hold(place_of(str(target))), pytest.raises(OutputBusy, match="another run"):
        copy_tiles(directory, str(target), tiles, TileSelection(), overwrite=True)
    assert files(target) == {"3/2/8.tif": b"mine"}
    new = target.parent / "new"
    with hold(place_of(str(new))), pytest.raises(OutputBusy):
        copy_tiles(directory, str(new), tiles, TileSelection())
    assert not new.exists() or not any(new.iterdir())


def test_removing_from_an_output_without_a_journal_that_is_being_written(
    make_directory: MakeDirectory,
) -> None:
    """A run that has just begun, or one of an earlier version, has no journal yet."""
    folder = make_directory("a", TILES)
    (folder / JOURNAL_NAME).unlink()
    directory = open_stored_tiles(str(folder))
    tiles = directory.existing(TileSelection())
    with hold(place_of(str(folder))), pytest.raises(OutputBusy):
        remove_tiles(directory, tiles, TileSelection())
    assert len(files(folder)) == len(TILES)
    assert remove_tiles(directory, tiles, TileSelection()) == 0
    assert files(folder) == {}


def test_stale_tiles_are_not_copied_as_done(make_directory: MakeDirectory, tmp_path: Path) -> None:
    source = make_directory("a", TILES)
    stale = [TileIndex(*index) for index in TILES[:3]]
    with Journal.open(source / JOURNAL_NAME) as journal:
        journal.start_run(HASHES, "all", fresh_from=0, metatiling=1, stale=stale)
    directory = open_stored_tiles(str(source))
    copy_tiles(directory, str(tmp_path / "b"), directory.existing(TileSelection()), TileSelection())
    with Journal.open_readonly(tmp_path / "b" / JOURNAL_NAME) as journal:
        assert sum(each[TileStatus.WRITTEN] for each in journal.counts().values()) == 4


@pytest.mark.parametrize("kind", ["failed", "stale"])
def test_tiles_of_before_are_told_and_not_copied(
    make_directory: MakeDirectory, tmp_path: Path, kind: str
) -> None:
    """Those that a later run did not make; others who read them say so."""
    source = make_directory("a", TILES)
    old = [TileIndex(*index) for index in TILES[1:3]]
    with Journal.open(source / JOURNAL_NAME) as journal:
        stale = old if kind == "stale" else ()
        run_now = journal.start_run(HASHES, "all", fresh_from=0, metatiling=1, stale=stale)
        if kind == "failed":
            how: Any = {"status": TileStatus.FAILED, "seconds": 0.1, "worker": "w", "error": "oh"}
            journal.record(run_now, [TileResult(index=index, **how) for index in old])
            journal.finish_run(run_now)
    directory = open_stored_tiles(str(source))
    with collecting() as notes:
        report = copy_tiles(
            directory, str(tmp_path / "b"), directory.existing(TileSelection()), TileSelection()
        )
    assert (report.copied, report.damaged) == (len(TILES) - 2, 2)
    (note,) = notes
    names = {directory.layout.key(index) for index in old}
    assert (note.fate, note.count, set(note.examples)) == (Fate.LOST, 2, names)
    assert "from before" in note.reason
    assert files(tmp_path / "b").keys() == files(source).keys() - names
    with collecting() as notes:
        report_outdated(directory)
    assert [(note.fate, set(note.examples)) for note in notes] == [(Fate.REPLACED, names)]
    with collecting() as notes:
        report_outdated(directory, TileSelection(zooms=(2,)))
        report_outdated(open_stored_tiles(str(tmp_path / "b")))
    assert not notes


class After:
    """A token that says stop when it was asked so often."""

    def __init__(self, times: int) -> None:
        self._left = times

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_copy_that_is_stopped_is_gone_on_with(
    make_directory: MakeDirectory, tmp_path: Path
) -> None:
    source = make_directory("a", TILES, empty=EMPTY)
    order = CopyOrder(source=str(source), target=str(tmp_path / "b"))
    *_, last = run(order, stop=After(3))
    assert isinstance(last, Finished)
    outcome = last.outcome
    assert isinstance(outcome, CopyOutcome)
    assert (outcome.copied, outcome.stopped) == (3, True)
    # no run takes a tile for done that was not copied; what is known to be empty is so
    assert sum(sum(zoom.values()) for zoom in statuses(tmp_path / "b").values()) == 3 + len(EMPTY)
    report = copy.check(order)
    assert (report.tiles, report.skipped) == (4, 3)
    _, skipped, *_, last = run(order)
    assert isinstance(skipped, Skipped)
    assert skipped.count == 3
    assert statuses(tmp_path / "b") == statuses(source)
    assert files(tmp_path / "b") == files(source)


def test_orders_mean_what_the_options_mean(make_directory: MakeDirectory, tmp_path: Path) -> None:
    folder = make_directory("a", TILES, empty=EMPTY)
    where = Subset(zooms=(3,), area=AREA.wkt)
    order = RemoveOrder(tiles=str(folder), where=where)
    pyramid = open_stored_tiles(str(folder)).process_pyramid
    assert selection_of(where, pyramid).zooms == (3,)
    assert remove.check(order).tiles == len(INSIDE)
    *events, last = run(order)
    assert [event.to_json()["tile"] for event in events if isinstance(event, Done)] == [
        list(index) for index in INSIDE
    ]
    assert isinstance(last, Finished)
    assert last.outcome == RemoveOutcome(path=str(folder), removed=2, rows=2)


def test_removing_that_is_stopped(make_directory: MakeDirectory) -> None:
    folder = make_directory("a", TILES, empty=EMPTY)
    *_, last = run(RemoveOrder(tiles=str(folder)), stop=After(2))
    assert isinstance(last, Finished)
    assert last.outcome == RemoveOutcome(path=str(folder), removed=2, rows=4, stopped=True)
    assert len(files(folder)) == len(TILES) - 2
    left = statuses(folder)
    assert sum(sum(zoom.values()) for zoom in left.values()) == len(TILES) - 2


STEPS = """
steps:
  first: {process: ./step.py, output: {path: between, bands: 1, dtype: uint16, nodata: 0}}
  second: {process: ./step.py, output: {bands: 1, dtype: uint16, nodata: 0}}
  third: {process: ./step.py}
pyramid: {grid: geodetic}
zoom_levels: {min: 3, max: 3}
output: {format: GTiff, path: result, bands: 1, dtype: uint16, nodata: 0}
"""


def test_stored_steps_are_named_and_stay(
    make_directory: MakeDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [make_directory(name, TILES[:2]) for name in ("result", "between")]
    file = tmp_path / "steps.mapchete"
    file.write_text(STEPS)
    assert remove.check(RemoveOrder(tiles=str(file))).to_json() == {
        "path": str(made[0]),
        "tiles": 2,
        "steps": {"first": str(made[1])},
    }
    assert main(["rm", str(file), "--check"]) == 0
    said = capsys.readouterr()
    assert said.out == f"2 tiles of {made[0]} would be deleted.\n"
    assert f"1 step (first: {made[1]})" in said.err
    assert [len(list(each.rglob("*.tif"))) for each in made] == [2, 2]
    for line in (["cp", str(file), str(tmp_path / "copy")], ["rm", "-f", str(file)]):
        assert main([*line, "--no-pbar"]) == 0
        assert capsys.readouterr().err.count("first: ") == 1
    assert [len(list(each.rglob("*.tif"))) for each in made] == [0, 2]
