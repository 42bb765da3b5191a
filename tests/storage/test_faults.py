"""A store of which one request in five ends in an error, is reset or cut off."""

from __future__ import annotations

import random

import pytest

from automap_tiles.storage import open_storage
from tests.storage.faults import KINDS, Faulty
from tests.storage.s3 import BUCKET, S3Server


@pytest.mark.timeout(240)
def test_what_is_stored_is_found(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of fault has come, and nothing of it is seen."""
    bytes_of = random.Random(20261130).randbytes
    wanted = {f"{number % 3}/{number:03}.bin": bytes_of(2000) for number in range(60)}
    store = Faulty(s3.endpoint, every=5, seed=20261130)
    with store.running() as endpoint:
        monkeypatch.setenv("AWS_S3_ENDPOINT", endpoint)
        storage = open_storage(f"s3://{BUCKET}/faults")
        for key, content in wanted.items():
            storage.put(key, content)
        assert sorted(storage.list()) == sorted(wanted)
        assert {key: storage.get(key) for key in wanted} == wanted
        assert all(storage.exists(key) for key in wanted)
        for key in wanted:
            storage.delete(key)
        assert not list(storage.list())
        assert not any(storage.exists(key) for key in wanted)
    assert store.faults.keys() == set(KINDS)
    assert sum(store.faults.values()) > 40
