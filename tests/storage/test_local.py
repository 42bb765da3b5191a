"""Files: whole or absent, and clear words when they cannot be written."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automap_tiles.errors import InputError, OutputError
from automap_tiles.storage import LocalStorage, _local, open_storage


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_crash_before_the_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(tmp_path)
    storage.put("1/2/3.tif", b"old")

    def crash(source: str, target: str) -> None:
        assert Path(source).parent == Path(target).parent
        assert Path(source).read_bytes() == b"new"
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", crash)
    with pytest.raises(KeyboardInterrupt):
        storage.put("1/2/3.tif", b"new")
    assert storage.get("1/2/3.tif") == b"old"
    assert files(tmp_path) == ["3.tif"]


def test_bytes_reach_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    sync, replace = os.fsync, os.replace

    def noted_sync(handle: int) -> None:
        calls.append("sync")
        sync(handle)

    def noted_replace(source: str, target: str) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr("os.fsync", noted_sync)
    monkeypatch.setattr("os.replace", noted_replace)
    open_storage(tmp_path).put("a", b"x")
    assert calls == ["sync", "rename"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
def test_a_full_or_broken_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    storage = open_storage(tmp_path)

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("os.write", fail)
    with pytest.raises(OutputError) as caught:
        storage.put("1/2/3.tif", b"x")
    monkeypatch.undo()
    assert os.strerror(code) in str(caught.value)
    assert "1/2/3.tif" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert files(tmp_path) == []
    storage.put("1/2/3.tif", b"x")


def test_short_writes_are_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr("os.write", lambda fd, data: write(fd, bytes(data[:7])))
    content = bytes(range(100))
    storage = open_storage(tmp_path)
    storage.put("a", content)
    assert storage.get("a") == content


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"")
    with pytest.raises(OutputError, match=r"1/2/3\.tif"):
        open_storage(tmp_path).put("1/2/3.tif", b"x")


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="directory"):
        open_storage(tmp_path).get("a")


def test_a_folder_that_was_removed_is_made_again(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    storage.put("1/2/3.tif", b"x")
    storage.delete("1/2/3.tif")
    (tmp_path / "1" / "2").rmdir()
    storage.put("1/2/4.tif", b"y")
    assert storage.get("1/2/4.tif") == b"y"


def test_other_users_may_read_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        open_storage(tmp_path).put("a", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_part_files_of_dead_processes_are_removed(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    storage.put("5/1/1.tif", b"x")
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    host, pid, token = _local._part_owner().split("-")
    left = tmp_path / "5" / "1" / f".2.tif.{host}-{dead.stdout.strip()}-{token}-0.part"
    reborn = tmp_path / "5" / "1" / f".3.tif.{host}-{pid}-00000000-0.part"
    mine = tmp_path / "5" / "1" / f".4.tif.{host}-{pid}-{token}-9.part"
    elsewhere = tmp_path / "5" / "1" / f".5.tif.another-{dead.stdout.strip()}-{token}-0.part"
    foreign = tmp_path / "5" / "1" / ".download.part"
    ancient = tmp_path / "5" / "1" / f".6.tif.another-1-{token}-0.part"
    for path in (left, reborn, mine, elsewhere, foreign, ancient):
        path.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 86400
    os.utime(ancient, (two_days_ago, two_days_ago))
    assert set(storage.list()) == {"5/1/1.tif"}
    assert storage.clean_parts() == (3, 1)
    assert set(files(tmp_path)) == {"1.tif", mine.name, elsewhere.name, foreign.name}


def _write_for_ever(root: str) -> None:
    storage = open_storage(root)
    number = 0
    while True:
        storage.put(f"{number % 50}.bin", bytes([number % 256]) * 300_000)
        number += 1


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_writer_leaves_only_whole_files(tmp_path: Path, seed: int) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_write_for_ever, args=(str(tmp_path),)
    )
    process.start()
    while not list(tmp_path.glob("*.bin")):
        time.sleep(0.01)
    time.sleep(0.013 * seed)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    storage = open_storage(tmp_path)
    storage.clean_parts()
    assert not list(tmp_path.glob(".*"))
    for key in storage.list():
        content = storage.get(key)
        assert len(content) == 300_000
        assert len(set(content)) == 1


def test_pieces_of_two_files_at_once(tmp_path: Path) -> None:
    """Each has a buffer of its own, which is used again when it is through."""
    storage = LocalStorage(str(tmp_path))
    contents = {name: bytes([number]) * 2**20 for number, name in enumerate(("a", "b"))}
    for name, content in contents.items():
        storage.put(name, content)
    for _ in range(3):
        both = zip(storage.pieces("a"), storage.pieces("b"), strict=True)
        assert all(set(one) == {0} and set(other) == {1} for one, other in both)
    with pytest.raises(FileNotFoundError):
        list(storage.pieces("c"))
