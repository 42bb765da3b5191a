"""Journals of outputs in an object store, on a real S3 server."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import (
    Journal,
    JournalLocation,
    _remote,
    has_journal,
    hold,
    is_running,
    place_of,
    stamp_of,
)
from automap_tiles.engine.journal import _lease as leases
from automap_tiles.engine.journal._lease import OutputLease
from automap_tiles.engine.journal._remote import RemoteHold
from automap_tiles.errors import JournalError, OutputBusy
from automap_tiles.grid import TileIndex, morton
from automap_tiles.notes import Fate
from automap_tiles.storage import open_storage
from automap_tiles.storage.conditional import GuardedStorage
from automap_tiles.storage.liveness import start_of
from tests import starts
from tests.engine.projects import AUTOMAP, DOUBLE, make_raster, processes_in_session
from tests.storage.s3 import BUCKET, S3Server

HASHES = {"function": "f", "parameters": "p", "inputs": "i", "output": "o"}
KILLS = int(os.environ.get("AUTOMAP_KILLS", "6"))
"""`make kills` takes 60."""


@pytest.fixture
def address(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of an output that is not there yet; what is worked on here lies in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = f"s3://{BUCKET}/journal-{uuid4().hex}"
    yield place
    empty(place)


def empty(address: str) -> None:
    storage = open_storage(address)
    for key in list(storage.list()):
        storage.delete(key)


def contents(address: str, ending: str = ".tif") -> dict[str, bytes]:
    storage = open_storage(address)
    return {key: storage.get(key) for key in storage.list() if key.endswith(ending)}


@dataclass
class Elsewhere:
    """The same process, run from one empty folder after the other, as on so many machines."""

    root: Path
    address: str
    metatiling: int
    pause: float = 0.0
    folders: int = 0

    def command(self, *options: str) -> tuple[list[str], dict[str, str]]:
        self.folders += 1
        folder = self.root / f"machine-{self.folders}"
        folder.mkdir(parents=True)
        image = self.root / "image.tif"
        if not image.exists():
            make_raster(image)
        (folder / "double.py").write_text(DOUBLE)
        config: dict[str, Any] = {
            "process": "./double.py",
            "input": {"image": str(image)},
            "output": {
                "format": "GTiff", "path": self.address, "bands": 2, "dtype": "uint16",
                "metatiling": 1,
            },
            "pyramid": {"grid": "geodetic", "metatiling": self.metatiling},
            "zoom_levels": {"min": 11, "max": 13},
            "baselevels": {"min": 13, "max": 13, "lower": "average"},
            "process_parameters": {"pause": self.pause},
        }  # fmt: skip
        (folder / "double.mapchete").write_text(json.dumps(config))
        words = ["execute", str(folder / "double.mapchete"), "--no-progress"]
        return [*words, "-w", "2", *options], {
            **os.environ, "XDG_CACHE_HOME": str(folder / "cache"),
        }  # fmt: skip

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        words, environment = self.command(*options)
        return starts.run(words, starts.EXECUTE, pool=True, timeout=180, env=environment)

    def start(self, *options: str) -> subprocess.Popen[str]:
        words, environment = self.command(*options)
        return starts.start(
            words, starts.EXECUTE, pool=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, env=environment,
        )  # fmt: skip

    def clean(self) -> None:
        for folder in self.root.glob("machine-*"):
            shutil.rmtree(folder)


def kill(run: subprocess.Popen[str]) -> None:
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    deadline = time.monotonic() + 60
    while processes_in_session(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_in_session(run.pid) == []


def wait_for_word(run: subprocess.Popen[str]) -> None:
    assert run.stderr is not None
    line = run.stderr.readline()
    assert " worker" in line, line + run.communicate()[1]


@pytest.mark.timeout(120 + 30 * KILLS)
@pytest.mark.parametrize("metatiling", [1, 4])
def test_killed_at_random_moments_then_continued_elsewhere(
    address: str, tmp_path: Path, metatiling: int
) -> None:
    """Byte for byte what one go gives, whatever was stored of a metatile when it was killed."""
    whole = Elsewhere(tmp_path / "whole", f"{address}/whole", metatiling)
    done = whole.run()
    assert done.returncode == 0, done.stderr
    wanted = contents(whole.address)
    assert len(wanted) > 20
    killed = Elsewhere(tmp_path / "killed", f"{address}/killed", metatiling, 0.1 * metatiling)
    moments = random.Random(20261129 + metatiling)
    kills = 0
    while kills < KILLS // 2:
        run = killed.start()
        wait_for_word(run)
        time.sleep(moments.uniform(0.0, 2.5))
        if run.poll() is None:
            kill(run)
            kills += 1
        else:
            assert run.communicate()[0] is not None
            assert run.returncode == 0
        found = contents(killed.address)
        assert found.items() <= wanted.items()
        if found == wanted:
            empty(killed.address)
        killed.clean()
    last = killed.run()
    assert last.returncode == 0, last.stderr
    assert contents(killed.address) == wanted
    again = killed.run("--log-format", "json")
    finished = json.loads(again.stderr.splitlines()[-1])
    assert (finished["written"], finished["empty"], finished["failed"]) == (0, 0, 0)
    assert open_storage(killed.address).exists("journal.sqlite.gz")
    assert not open_storage(killed.address).exists("journal.lock")


def test_two_runs_on_one_output(address: str, tmp_path: Path) -> None:
    # long enough for those that come after it, on a machine that has much to do
    project = Elsewhere(tmp_path / "p", address, 1, pause=10.0)
    first = project.start()
    wait_for_word(first)
    second = project.run("-o")
    assert second.returncode == 2
    assert f"process {first.pid}" in second.stderr
    assert "is writing this output" in second.stderr
    copied = subprocess.run(
        [*AUTOMAP, "rm", address, "-f"], capture_output=True, text=True, check=False
    )
    assert copied.returncode == 2, copied.stderr
    assert is_running(place_of(address))
    first.send_signal(signal.SIGINT)
    _, said = first.communicate()
    assert first.returncode == 130, said
    assert not is_running(place_of(address))
    project.pause = 0.0
    done = project.run("-o")
    assert done.returncode == 0, done.stderr


def result(index: TileIndex, status: TileStatus = TileStatus.WRITTEN) -> TileResult:
    return TileResult(index=index, status=status, seconds=0.5, worker="w")


def test_the_journal_is_a_small_copy_with_the_output(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(address)
    assert not has_journal(place)
    with pytest.raises(JournalError, match="there is no journal"):
        Journal.open_readonly(place)
    with Journal.open(place) as journal:
        run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        journal.record(run, [result(TileIndex(9, 0, col)) for col in range(500)])
        journal.finish_run(run)
    packed = open_storage(address).get("journal.sqlite.gz")
    assert len(packed) < 8000
    (tmp_path / "copy.sqlite").write_bytes(gzip.decompress(packed))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    for where in (place, tmp_path / "copy.sqlite"):
        with Journal.open_readonly(where) as journal:
            assert journal.counts() == {9: {TileStatus.WRITTEN: 500}}
    with Journal.open(place) as journal:
        assert journal.counts() == {9: {TileStatus.WRITTEN: 500}}
    assert sorted(open_storage(address).list()) == ["journal.sqlite.gz", "made_of.json"]


def test_what_was_not_stored_before_a_kill_is_still_here(address: str, tmp_path: Path) -> None:
    """On the machine of the killed run nothing is lost; on others what is stored is right."""
    place = place_of(address)
    held = RemoteHold(place)
    journal = Journal.under(held)
    run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
    journal.record(run, [result(TileIndex(9, 0, 0), TileStatus.EMPTY)])
    journal.flush()
    journal._db.close()
    held._is_changed = False  # killed here
    held.release()
    with Journal.open(place) as journal:
        assert journal.counts() == {9: {TileStatus.EMPTY: 1}}
    # the machine's copy goes when another one has written since
    shutil.copytree(tmp_path / "cache", tmp_path / "kept")
    with Journal.open(place) as journal:
        journal.forget([TileIndex(9, 0, 0)])
    shutil.rmtree(tmp_path / "cache")
    shutil.copytree(tmp_path / "kept", tmp_path / "cache")
    with Journal.open(place) as journal:
        assert journal.counts() == {}


def test_the_journal_is_stored_while_a_run_goes_on(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_remote, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(_remote, "STORE_SECONDS", 0.3)
    place = place_of(address)
    with Journal.open(place) as journal:
        run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        lock = place.storage.get(place.lock_key)
        journal.record(run, [result(TileIndex(9, 0, col)) for col in range(5)])
        journal.flush()
        deadline = time.monotonic() + 30
        while stored(place) < 5 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert stored(place) == 5
        assert place.storage.get(place.lock_key) != lock, "renewed"
    assert not place.storage.exists(place.lock_key)


def stored(place: JournalLocation) -> int:
    """Rows of the copy in the store."""
    db = sqlite3.connect(":memory:")
    db.deserialize(gzip.decompress(place.storage.get(place.key)))
    (count,) = db.execute("SELECT count(*) FROM tiles").fetchone()
    db.close()
    return int(count)


def test_who_only_looks_writes_nothing(address: str) -> None:
    place = place_of(address)
    with Journal.open(place) as journal:
        journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
    place.storage.put(place.lock_key, a_lock())
    before = {key: place.storage.stamp(key) for key in place.storage.list()}
    assert is_running(place)
    assert has_journal(place)
    with Journal.open_readonly(place) as journal:
        assert journal.last_run() is not None
    stamp_of(place)
    assert {key: place.storage.stamp(key) for key in place.storage.list()} == before


def a_lock(**changes: object) -> bytes:
    said = {
        "holder": "tiger, process 12", "since": "2026-11-29 10:00:00 UTC", "seconds": 60,
        "token": "t", "machine": "another", "pid": 12, "started": "1", "beat": 3,
    }  # fmt: skip
    return json.dumps({**said, **changes}).encode()


def test_a_lease_of_another_machine(address: str) -> None:
    storage = open_storage(address)
    storage.put("journal.lock", a_lock())
    with pytest.raises(OutputBusy, match=r"tiger, process 12.*its hold on the output ends in \d+ "):
        hold(place_of(address))
    assert is_running(place_of(address))
    assert storage.get("journal.lock") == a_lock()
    storage.put("journal.lock", a_lock(seconds=1))
    time.sleep(2.5)
    assert not is_running(place_of(address))
    with hold(place_of(address)) as held:
        assert held.left_behind
        assert [(note.fate, note.examples) for note in held.notes] == [
            (Fate.REPLACED, ("tiger, process 12",))
        ]
        assert b"tiger" not in storage.get("journal.lock")
    assert not storage.exists("journal.lock")
    assert not list(storage.list("journal.lock"))


def test_a_lease_of_a_dead_process_of_this_machine(address: str) -> None:
    storage = open_storage(address)
    dead = subprocess.Popen(["true"])
    dead.wait()
    gone = a_lock(machine=leases._machine(), pid=dead.pid, started="1")
    reborn = a_lock(machine=leases._machine(), pid=os.getpid(), started="1")
    for lock in (gone, reborn):
        storage.put("journal.lock", lock)
        with hold(place_of(address)) as held:
            assert held.left_behind
    other = a_lock(machine=leases._machine(), pid=os.getpid(), started=start_of(os.getpid()))
    storage.put("journal.lock", other)
    with pytest.raises(OutputBusy):
        hold(place_of(address))


def test_a_lock_that_nobody_understands_is_not_broken_while_it_is_young(address: str) -> None:
    storage = open_storage(address)
    storage.put("journal.lock", b"what is this")
    with pytest.raises(OutputBusy, match="another run"):
        hold(place_of(address))


def test_who_lost_the_lease_ends(address: str) -> None:
    place = place_of(address)
    held = RemoteHold(place)
    journal = Journal.under(held)
    run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
    before = place.storage.get(place.key)
    # as if this machine had slept for longer than the lease
    place.storage.put(place.lock_key, a_lock(seconds=-1))
    other = OutputLease(GuardedStorage(address), place.lock_key, address)
    with pytest.raises(OutputBusy, match="has taken this output over") as lost:
        held._lease.renew()
    held._lost = lost.value
    journal.record(run, [result(TileIndex(9, 0, 0))])
    with pytest.raises(OutputBusy, match="has taken this output over"):
        journal.close()
    assert place.storage.get(place.key) == before
    held.release()
    assert place.storage.exists(place.lock_key), "it is the other one's"
    other.release()
    assert not place.storage.exists(place.lock_key)


def test_a_journal_that_another_one_has_written_is_not_replaced(address: str) -> None:
    place = place_of(address)
    with hold(place) as held:
        journal = Journal.under(held)
        run = journal.start_run(HASHES, "s", fresh_from=0, metatiling=1)
        place.storage.put(place.key, b"of another")
        with pytest.raises(OutputBusy, match="another run has written"):
            journal.finish_run(run)
        journal._db.close()
    assert place.storage.get(place.key) == b"of another"


def test_an_answer_that_got_lost_is_no_conflict(address: str) -> None:
    """The client repeats a request whose answer it missed, and meets its own object."""
    storage = GuardedStorage(address)
    first = OutputLease(storage, "lock", address)
    known = first._version
    first.renew()
    first._version = known  # the answer of that was lost
    first.renew()
    first.renew()
    assert json.loads(storage.get("lock"))["token"] == first._token
    first.release()


def test_a_store_that_heeds_no_conditions_is_told_of(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = GuardedStorage._put
    # as old stores do: the condition is not looked at
    monkeypatch.setattr(
        GuardedStorage, "_put", lambda self, key, data, _mode: put(self, key, data, "overwrite")
    )
    with hold(place_of(address)) as held:
        (note,) = held.notes
        assert "does not heed conditional requests" in note.reason
        with pytest.raises(OutputBusy):
            hold(place_of(address))


def old_journal(path: Path, tiles: list[tuple[TileIndex, TileStatus]], hashes: list[str]) -> None:
    """As 2ef9973 wrote it."""
    db = sqlite3.connect(path)
    db.executescript("""
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY, started REAL NOT NULL, finished REAL,
            function TEXT NOT NULL, parameters TEXT NOT NULL, inputs TEXT NOT NULL,
            output TEXT NOT NULL, selection TEXT NOT NULL, fresh_from INTEGER NOT NULL,
            metatiling INTEGER NOT NULL);
        CREATE TABLE tiles (
            zoom INTEGER NOT NULL, key INTEGER NOT NULL, run INTEGER NOT NULL,
            status INTEGER NOT NULL, seconds REAL NOT NULL, worker TEXT NOT NULL, error TEXT,
            PRIMARY KEY (zoom, key)) WITHOUT ROWID;
    """)
    db.execute("INSERT INTO runs VALUES (1, 1.0, 2.0, ?, ?, ?, ?, 's', 0, 1)", hashes)
    db.executemany(
        "INSERT INTO tiles VALUES (?, ?, 1, ?, 0.1, 'w', NULL)",
        [(i.zoom, morton.encode(i.row, i.col), int(status)) for i, status in tiles],
    )
    db.commit()
    db.close()


def test_a_journal_beside_the_process_file_moves_to_the_output(
    address: str, tmp_path: Path
) -> None:
    from dataclasses import asdict

    from automap_tiles.runtime import open_process

    project = Elsewhere(tmp_path / "p", address, 1)
    done = project.run()
    assert done.returncode == 0, done.stderr
    with Journal.open_readonly(place_of(address)) as journal:
        rows = [
            (TileIndex(zoom, *index), row.status)
            for zoom in journal.counts()
            for key, row in journal.rows(zoom, 0, 2**62).items()
            for index in [morton.decode(key)]
        ]
    before = contents(address)
    storage = open_storage(address)
    for key in ("journal.sqlite.gz", "made_of.json"):
        storage.delete(key)
    command, environment = project.command("--log-format", "json")
    config = Path(command[command.index("execute") + 1])
    earlier = config.with_name(f".{config.name}.journal.sqlite")
    hashes = list(asdict(open_process(config).hashes()).values())
    old_journal(earlier, rows, hashes)
    again = starts.run(command, starts.EXECUTE, env=environment)
    assert again.returncode == 0, again.stderr
    events = [json.loads(line) for line in again.stderr.splitlines()]
    assert events[-1]["written"] + events[-1]["empty"] == 0, events[-1]
    assert "was moved to" in again.stderr
    assert not earlier.exists()
    assert storage.exists("journal.sqlite.gz")
    assert contents(address) == before


def test_an_earlier_journal_is_not_taken_for_that_of_another_output(
    address: str, tmp_path: Path
) -> None:
    config = tmp_path / "p.mapchete"
    place = place_of(address, config)
    old_journal(place.earlier, [(TileIndex(3, 0, 0), TileStatus.EMPTY)], ["f", "p", "i", "o"])
    with Journal.open(place) as journal:
        assert journal.counts() == {}
    assert place.earlier.exists()
