"""Bytes in memory, within their limit."""

from __future__ import annotations

import pytest

from automap_tiles.storage import MemoryStorage


def test_the_least_recently_used_go_first() -> None:
    storage = MemoryStorage(limit=10)
    storage.put("a", b"1234")
    storage.put("b", b"1234")
    storage.get("a")
    storage.put("c", b"1234")
    assert set(storage.list()) == {"a", "c"}
    storage.put("a", b"12345678901234")
    assert set(storage.list()) == {"a"}
    storage.put("b", b"")
    assert set(storage.list()) == {"b"}


def test_addresses_are_its_own() -> None:
    assert MemoryStorage().url("a") != MemoryStorage().url("a")


def test_what_is_staged_badly_is_not_kept() -> None:
    storage = MemoryStorage()

    def fail() -> None:
        with storage.staged("a/b") as path:
            path.write_bytes(b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not storage.exists("a/b")
