"""What every storage promises."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from automap_tiles.storage import (
    MemoryStorage,
    Storage,
    checksum,
    checksum_of_chunks,
)


class StorageContract:
    """Inherit from it in a class `Test…` and override the fixture."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty one."""
        raise NotImplementedError

    def test_is_a_storage(self, storage: Storage) -> None:
        assert isinstance(storage, Storage)

    def test_round_trip(self, storage: Storage) -> None:
        storage.put("3/1/2.tif", b"first")
        assert storage.get("3/1/2.tif") == b"first"
        storage.put("3/1/2.tif", memoryview(b"second"))
        assert storage.get("3/1/2.tif") == b"second"
        storage.put("3/1/3.tif", b"")
        assert storage.get("3/1/3.tif") == b""

    def test_absent(self, storage: Storage) -> None:
        with pytest.raises(FileNotFoundError):
            storage.get("3/1/2.tif")
        assert not storage.exists("3/1/2.tif")
        assert list(storage.list()) == []
        storage.delete("3/1/2.tif")

    def test_a_key_below_a_key_is_absent(self, storage: Storage) -> None:
        storage.put("a", b"x")
        assert not storage.exists("a/b")
        with pytest.raises(FileNotFoundError):
            storage.get("a/b")

    def test_stamp(self, storage: Storage) -> None:
        with pytest.raises(FileNotFoundError):
            storage.stamp("a")
        storage.put("a", b"x")
        before = storage.stamp("a")
        assert storage.stamp("a") == before
        storage.put("a", b"yy")
        assert storage.stamp("a") != before

    def test_chunks(self, storage: Storage) -> None:
        content = bytes(range(256)) * 10_000
        storage.put("a.tif", content)
        assert b"".join(storage.chunks("a.tif")) == content
        assert checksum_of_chunks(storage.chunks("a.tif")) == (len(content), checksum(content))
        storage.put("empty", b"")
        assert b"".join(storage.chunks("empty")) == b""
        with pytest.raises(FileNotFoundError):
            list(storage.chunks("b.tif"))

    def test_move(self, storage: Storage) -> None:
        storage.put("a.tif", b"first")
        storage.put("b.tif", b"second")
        storage.move("a.tif", "b.tif")
        assert not storage.exists("a.tif")
        assert storage.get("b.tif") == b"first"
        with pytest.raises(FileNotFoundError):
            storage.move("a.tif", "c.tif")

    def test_delete(self, storage: Storage) -> None:
        storage.put("3/1/2.tif", b"x")
        storage.delete("3/1/2.tif")
        assert not storage.exists("3/1/2.tif")
        storage.put("3/1/2.tif", b"again")
        assert storage.get("3/1/2.tif") == b"again"

    def test_exists_many(self, storage: Storage) -> None:
        there = {f"5/{row}/{col}.tif" for row in range(3) for col in range(4)}
        for key in there:
            storage.put(key, b"x")
        asked = [f"5/{row}/{col}.tif" for row in range(5) for col in range(6)]
        assert storage.exists_many(asked) == there
        assert storage.exists_many([]) == set()
        assert storage.exists_many(["5/9/9.tif"]) == set()

    def test_list(self, storage: Storage) -> None:
        keys = {"3/1/2.tif", "3/1/20.tif", "3/10/2.tif", "31/0/0.tif", "metadata.json"}
        for key in keys:
            storage.put(key, b"x")
        assert set(storage.list()) == keys
        assert set(storage.list("3/")) == {"3/1/2.tif", "3/1/20.tif", "3/10/2.tif"}
        assert set(storage.list("3/1/2")) == {"3/1/2.tif", "3/1/20.tif"}
        assert set(storage.list("4/")) == set()

    def test_large_file_by_path(self, storage: Storage) -> None:
        content = bytes(range(256)) * 40_000
        with storage.staged("big.tif") as path:
            path.write_bytes(content)
            assert not storage.exists("big.tif")
        assert storage.get("big.tif") == content
        with pytest.raises(ZeroDivisionError):
            _fail_half_way(storage)
        assert storage.get("big.tif") == content
        assert set(storage.list()) == {"big.tif"}

    def test_pickles_small(self, storage: Storage) -> None:
        if isinstance(storage, MemoryStorage):
            with pytest.raises(TypeError):  # it belongs to one process
                pickle.dumps(storage)
            return
        storage.put("a", b"x")
        content = pickle.dumps(storage)
        assert len(content) < 1000
        again = pickle.loads(content)
        assert again == storage
        assert again.get("a") == b"x"

    def test_eight_threads_misplace_nothing(self, storage: Storage) -> None:
        contents = {f"7/{n % 10}/{n}.bin": f"{n} ".encode() * (n + 1) for n in range(200)}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: storage.put(*item), contents.items()))
            read = dict(zip(contents, pool.map(storage.get, contents), strict=True))
        assert read == contents
        assert set(storage.list()) == set(contents)

    def test_two_writers_of_one_key_leave_one_of_both(self, storage: Storage) -> None:
        contents = [bytes([n]) * 100_000 for n in range(16)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda content: storage.put("same", content), contents))
        assert storage.get("same") in contents
        assert list(storage.list()) == ["same"]


def _fail_half_way(storage: Storage) -> None:
    with storage.staged("big.tif") as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError
