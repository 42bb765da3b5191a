"""Files that are named together are all there or none is, and are seen by who wrote them."""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import threading
from pathlib import Path

import pytest

from automap_tiles.errors import OutputError
from automap_tiles.storage import _local, open_storage, together

MANY = 20
"""More than are synced one by one."""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("count", [1, 3, MANY])
def test_nothing_is_there_before_the_commit_and_everything_after(
    tmp_path: Path, count: int
) -> None:
    storage = open_storage(str(tmp_path))
    with together() as group:
        for number in range(count):
            storage.put(f"3/{number}.tif", b"%d" % number)
        assert all(name.endswith(".part") for name in names(tmp_path))
        group.commit()
        assert names(tmp_path) == {f"{number}.tif" for number in range(count)}
    assert all(storage.get(f"3/{number}.tif") == b"%d" % number for number in range(count))


def test_who_wrote_them_sees_them_and_nobody_else(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    storage.put("old.tif", b"old")
    seen: list[bytes] = []
    with together() as group:
        storage.put("old.tif", b"new")
        storage.put("a.tif", b"1")
        storage.put("a.tif", b"22")
        assert storage.get("old.tif") == b"new"
        assert b"".join(storage.chunks("a.tif")) == b"22"
        assert storage.exists("a.tif")
        assert storage.exists_many(["a.tif", "b.tif"]) == {"a.tif"}
        assert storage.stamp("a.tif").startswith("2 ")
        other = threading.Thread(target=lambda: seen.append(storage.get("old.tif")))
        other.start()
        other.join()
        assert pickle.loads(pickle.dumps(storage)).get("a.tif") == b"22"
        group.commit()
    assert seen == [b"old"]
    assert names(tmp_path) == {"old.tif", "a.tif"}
    assert storage.get("old.tif") == b"new"


def test_deleted_moved_and_staged_ones(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    storage.put("gone.tif", b"old")
    with together() as group:
        for name in ("gone.tif", "moved.tif", "staged.tif"):
            storage.put(name, b"grouped")
        storage.delete("gone.tif")
        assert not storage.exists("gone.tif")
        storage.move("moved.tif", "there.tif")
        with storage.staged("staged.tif") as path:
            path.write_bytes(b"staged")
        assert storage.get("staged.tif") == b"staged"
        group.commit()
    assert names(tmp_path) == {"there.tif", "staged.tif"}
    assert storage.get("there.tif") == b"grouped"
    assert storage.get("staged.tif") == b"staged"


def test_who_leaves_without_a_commit_leaves_nothing(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))

    def interrupted() -> None:
        with together():
            storage.put("a.tif", b"1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == set()
    storage.put("b.tif", b"1")
    assert names(tmp_path) == {"b.tif"}


@pytest.mark.parametrize("count", [2, MANY])
def test_a_disk_that_fails_names_nothing(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    storage = open_storage(str(tmp_path))
    with together() as group:
        for number in range(count):
            storage.put(f"{number}.tif", b"1")
        monkeypatch.setattr("automap_tiles.storage._group_commit.os.fsync", failing)
        monkeypatch.setattr("automap_tiles.storage._group_commit._syncfs", lambda: failing)
        with pytest.raises(OSError, match="Input/output"):
            group.commit()
        assert names(tmp_path) == set()


def test_the_disk_is_watched_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handle that is opened later is not told of a failure that another process has seen."""
    watched: list[dict[int, str]] = []
    synced: list[int] = []
    original = _local._write

    def handles() -> dict[int, str]:
        found = {}
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                found[int(link.name)] = str(link.readlink())
        return found

    def write(part: str, data: bytes, *, sync: bool) -> None:
        watched.append(handles())
        original(part, data, sync=sync)

    monkeypatch.setattr(_local, "_write", write)
    monkeypatch.setattr("automap_tiles.storage._group_commit._syncfs", lambda: synced.append)
    monkeypatch.setattr("automap_tiles.storage._group_commit._is_synced_whole", lambda device: True)
    storage = open_storage(str(tmp_path))
    with together() as group:
        for batch in range(2):
            for number in range(MANY):
                storage.put(f"{batch}/{number}.tif", b"1")
            group.commit()
            assert watched[batch * MANY][synced[batch]] == str(tmp_path / str(batch))
    assert str(tmp_path) not in " ".join(handles().values())


def test_a_path_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "3").write_text("a file where a folder should be")
    with together(), pytest.raises(OutputError, match="cannot be written"):
        open_storage(str(tmp_path)).put("3/1.tif", b"1")
