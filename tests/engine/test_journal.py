"""The record of a run."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import Journal, JournalReader, place_of
from automap_tiles.engine.journal._schema import explained
from automap_tiles.errors import JournalError, OutputBusy
from automap_tiles.grid import TileIndex, morton

HASHES = {"function": "f", "parameters": "p", "inputs": "i", "output": "o"}


def result(
    index: TileIndex, status: TileStatus = TileStatus.WRITTEN, error: str | None = None
) -> TileResult:
    return TileResult(index=index, status=status, seconds=0.5, worker="w", error=error)


def test_remembers_results_over_opening(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.open(path) as journal:
        run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        journal.record(
            run, [result(TileIndex(5, 3, 4)), result(TileIndex(5, 3, 5), TileStatus.EMPTY)]
        )
        journal.record(run, [result(TileIndex(6, 0, 0), TileStatus.FAILED, "Boom")])
    with Journal.open_readonly(path) as journal:
        assert journal.counts() == {
            5: {TileStatus.WRITTEN: 1, TileStatus.EMPTY: 1},
            6: {TileStatus.FAILED: 1},
        }
        assert [(f.index, f.error) for f in journal.failed()] == [(TileIndex(6, 0, 0), "Boom")]
        last = journal.last_run()
        assert last is not None
        assert last.hashes == HASHES
        assert last.finished is None


def test_who_looks_while_it_is_made_finds_all_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that begins, and `--check` beside it."""
    path = tmp_path / "journal.sqlite"
    connect, seen = sqlite3.connect, []

    def looked_at(place: str | Path, **options: Any) -> sqlite3.Connection:
        if place == path:  # the first moment at which the writer has a hand on it
            with Journal.open_readonly(path) as looking:
                seen.append((looking.last_run(), looking.counts()))
        found: sqlite3.Connection = connect(place, **options)
        return found

    monkeypatch.setattr(sqlite3, "connect", looked_at)
    Journal.open(path).close()
    assert seen == [(None, {})]
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []


def test_rows_are_ranges_of_the_curve(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j.sqlite") as journal:
        run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        tiles = [TileIndex(4, row, col) for row in range(8) for col in range(8)]
        journal.record(run, map(result, tiles))
        journal.flush()
        first, last = morton.encode(2, 2), morton.encode(3, 3)
        assert set(journal.rows(4, first, last)) == {
            morton.encode(row, col) for row in (2, 3) for col in (2, 3)
        }
        assert journal.rows(5, first, last) == {}


def test_newer_result_replaces_older(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j.sqlite") as journal:
        index = TileIndex(4, 1, 1)
        first = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        journal.record(first, [result(index, TileStatus.FAILED, "Boom")])
        second = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        journal.record(second, [result(index)])
        journal.flush()
        assert list(journal.failed()) == []
        key = morton.encode(1, 1)
        assert journal.rows(4, key, key)[key] == (TileStatus.WRITTEN, second.id)


def test_second_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from automap_tiles.engine.journal import Journal\n"
        "journal = Journal.open(Path(sys.argv[1]))\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputBusy, match="another run"):
            Journal.open(path)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    Journal.open(path).close()


def test_a_second_run_in_the_same_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    (tmp_path / "link").symlink_to(tmp_path)
    with Journal.open(path):
        with pytest.raises(OutputBusy, match="another run"):
            Journal.open(tmp_path / "link" / "journal.sqlite")
        # and the first one has kept its lock against others
        code = "from pathlib import Path; from automap_tiles.engine.journal import Journal\n"
        code += f"Journal.open(Path({str(path)!r}))"
        other = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert "OutputBusy" in other.stderr
    Journal.open(path).close()


def test_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is no database " * 100)
    with pytest.raises(JournalError, match=r"journal\.sqlite"):
        Journal.open(path)


def test_committed_rows_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from automap_tiles.engine.events import TileResult, TileStatus\n"
        "from automap_tiles.engine.journal import Journal\n"
        "from automap_tiles.grid import TileIndex\n"
        "journal = Journal.open(Path(sys.argv[1]))\n"
        "run = journal.start_run(dict.fromkeys(['function', 'parameters', 'inputs', 'output'], ''),"
        " '', fresh_from=0, metatiling=1)\n"
        "for col in range(100):\n"
        "    journal.record(run, [TileResult(index=TileIndex(9, 0, col), status=TileStatus.EMPTY,"
        " seconds=0, worker='')])\n"
        "journal.flush()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Journal.open(path) as journal:
        assert journal.counts() == {9: {TileStatus.EMPTY: 100}}
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("/data/out", "/data/out/journal.sqlite"),
        ("/data/out.v2", "/data/out.v2/journal.sqlite"),
        ("/data/out.tif", "/data/out.tif.journal.sqlite"),
        ("s3://bucket/out/", "s3://bucket/out/journal.sqlite.gz"),
        ("s3://bucket/out.tif", "s3://bucket/out.tif.journal.sqlite.gz"),
        ("gs://bucket", "gs://bucket/journal.sqlite.gz"),
    ],
)
def test_the_journal_lies_with_the_output(output: str, expected: str) -> None:
    assert str(place_of(output)) == expected


def test_what_is_worked_on_here_is_told_apart_by_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, two = place_of("s3://bucket/one"), place_of("s3://bucket/two")
    assert one.path != two.path
    assert one.path.is_relative_to(tmp_path)
    config = Path("/home/me/ndvi.mapchete")
    assert place_of("s3://bucket/one", config).earlier == Path(
        "/home/me/.ndvi.mapchete.journal.sqlite"
    )


def test_looking_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.open(path) as journal:
        journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
    before = set(tmp_path.iterdir())
    with Journal.open_readonly(path) as journal:
        assert journal.last_run() is not None
    assert set(tmp_path.iterdir()) == before


def test_looking_where_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a ?#%20 folder" / "journal.sqlite"
    with Journal.open(path) as journal:
        run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        journal.record(run, [result(TileIndex(1, 0, 0))])
    path.chmod(0o444)
    path.parent.chmod(0o555)
    with Journal.open_readonly(path) as journal:
        assert journal.counts() == {1: {TileStatus.WRITTEN: 1}}
    path.parent.chmod(0o755)


def counting(index: TileIndex, number: int) -> TileResult:
    return TileResult(
        index=index,
        status=TileStatus.WRITTEN,
        seconds=0.5,
        worker="w",
        counts={"pixels": {"a": number, str(index.row): 1}},
    )


def test_what_was_counted_adds_up(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with Journal.open(path) as journal:
        first = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        journal.record(first, [counting(TileIndex(5, row, 0), 10) for row in range(3)])
        journal.record(first, [counting(TileIndex(4, 0, 0), 1000), result(TileIndex(5, 9, 9))])
        assert journal.totals(first, 5) == {"pixels": {"a": 30, "0": 1, "1": 1, "2": 1}}
    with Journal.open(path) as journal:
        second = journal.start_run(HASHES, "s", fresh_from=None, metatiling=1)
        # made again, failed, deleted
        journal.record(second, [counting(TileIndex(5, 0, 0), 7)])
        journal.record(second, [result(TileIndex(5, 1, 0), TileStatus.FAILED, "Boom")])
        assert journal.totals(second, 5) == {"pixels": {"a": 17, "0": 1, "2": 1}}
        journal.forget([TileIndex(5, 2, 0)])
        assert journal.totals(second, 5) == {"pixels": {"a": 7, "0": 1}}
        other = journal.start_run({**HASHES, "inputs": "j"}, "s", fresh_from=0, metatiling=1)
        assert journal.totals(other, 5) == {}, "places among other scenes mean something else"


def test_tiles_in_flight_are_told_to_those_who_look(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    flying = [TileIndex(5, 1, 2), TileIndex(5, 1, 3)]
    with Journal.open(path) as journal:
        journal.note_flying(lambda: flying)
        journal.flush()
        with Journal.open_readonly(path) as looking:
            assert looking.flying() == set(flying)
            assert looking.tile(flying[0]) is None
        journal.note_flying(tuple)
    with Journal.open_readonly(path) as looking:
        assert looking.flying() == frozenset()


def test_a_full_disk_is_told_in_the_words_of_tiles(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite")) as connection:
        connection.execute("CREATE TABLE tiles (content BLOB)")
        connection.execute("PRAGMA max_page_count = 2")  # for SQLite as full as a disk can be
        with pytest.raises(JournalError, match="No space left on device"), explained("a"):
            connection.execute("INSERT INTO tiles VALUES (zeroblob(100000))")


def test_damaged_notes_are_told_in_words(tmp_path: Path) -> None:
    """Of a file whose middle a disk lost, and of a note that is none."""
    path = tmp_path / "journal.sqlite"
    run: Any = SimpleNamespace(id=1)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE notes (run INTEGER, note TEXT)")
        database.execute("INSERT INTO notes VALUES (1, 'no note')")
        database.commit()
    with (
        JournalReader(path, sqlite3.connect(path)) as journal,
        pytest.raises(JournalError, match=r"journal\.sqlite.*damaged"),
    ):
        journal.notes(run)
    with closing(sqlite3.connect(path)) as database:
        database.executemany("INSERT INTO notes VALUES (2, ?)", [("x" * 900,)] * 100)
        database.commit()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(bytes(size // 2))
    with (
        JournalReader(path, sqlite3.connect(path)) as journal,
        pytest.raises(JournalError, match=r"journal\.sqlite.*malformed"),
    ):
        journal.notes(run)
