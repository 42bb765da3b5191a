"""Stores that are listed once: the same answers as by asking for each key, with fewer requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.storage import _bulk_listing, listed_once, open_storage
from automap_tiles.storage.remote import ObjectStorage
from tests.storage.s3 import BUCKET, S3Server


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys that were asked for one by one."""
    found: list[str] = []
    exists = ObjectStorage.exists

    def counted(self: ObjectStorage, key: str) -> bool:
        found.append(key)
        return exists(self, key)

    monkeypatch.setattr(ObjectStorage, "exists", counted)
    return found


@pytest.mark.parametrize(("most", "questions"), [(500, 8), (1, 24)])
def test_the_same_answers_with_fewer_questions(
    s3: S3Server,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    questions: int,
) -> None:
    """A store that holds far more than is asked for is not listed."""
    monkeypatch.setattr(_bulk_listing, "ONE_BY_ONE", 8)
    monkeypatch.setattr(_bulk_listing, "_FOR_EACH", most)
    plain = open_storage(f"s3://{BUCKET}/listed-{most}")
    keys = [f"5/{row}/{col}.tif" for row in (9, 10, 11) for col in range(8)]
    there = {key for number, key in enumerate(keys) if number % 3}
    for key in there:
        plain.put(key, b"x")
    storage = listed_once(plain)
    found = [storage.exists_many(keys[start : start + 8]) for start in (0, 8, 16)]
    assert set().union(*found) == there
    assert len(asked) == questions


def test_a_folder_of_this_machine_stays_as_it_is(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    assert listed_once(storage) is storage
