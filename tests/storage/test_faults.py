"""A store of which one request in five ends in an error, is reset, stalls or is cut off."""

from __future__ import annotations

import random
import time

import pytest

from automap_tiles.errors import InputError, OutputError
from automap_tiles.notes import Fate, Notes, Subject, collecting
from automap_tiles.storage import open_storage
from automap_tiles.storage.conditional import GuardedStorage
from automap_tiles.storage.remote import ObjectStorage
from tests.storage.faults import KINDS, faulty
from tests.storage.s3 import BUCKET, S3Server

OWN_KINDS = [kind for kind in KINDS if kind not in ("stale list", "stalled")]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is given up after a second without a byte."""
    monkeypatch.setenv("GDAL_HTTP_LOW_SPEED_TIME", "1")


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("quick")
def test_what_is_stored_is_found(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of fault has come; nothing of it is in what is found, and each is told."""
    bytes_of = random.Random(20261130).randbytes
    wanted = {f"{number % 3}/{number:03}.bin": bytes_of(2000) for number in range(40)}
    kinds = (*OWN_KINDS, "stalled")
    with faulty(s3.endpoint, 6, 20261130, kinds=kinds) as store, collecting() as notes:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        storage = open_storage(f"s3://{BUCKET}/faults")
        for key, content in wanted.items():
            storage.put(key, content)
        assert sorted(storage.list()) == sorted(wanted)
        assert {key: storage.get(key) for key in wanted} == wanted
        assert {key: b"".join(storage.chunks(key)) for key in wanted} == wanted
        assert storage.exists_many([*wanted, "none"]) == set(wanted)
        for key in wanted:
            storage.move(key, f"{key}.moved")
            storage.delete(f"{key}.moved")
        assert not list(storage.list())
        assert not any(storage.exists(key) for key in wanted)
        faults = store.faults()
    asked = faults.pop("asked")
    assert faults.keys() == set(kinds)
    check_told(notes, sum(faults.values()), asked)


def check_told(notes: Notes, faults: int, asked: int) -> None:
    """All that could be noticed: a cut off answer without a body is a whole one."""
    assert faults > 40
    assert asked > 400
    told = [note for note in notes if note.fate is Fate.REPEATED]
    assert {note.subject for note in told} == {Subject.REQUESTS}
    assert 0.6 * faults <= sum(note.count for note in told) <= faults
    said = " ".join(note.reason for note in told)
    for words in ("answered 500", "answered 503", "broke off", "closed the conn", "sent nothing"):
        assert words in said
    assert all(
        example.startswith(f"s3://{BUCKET}/faults") for one in told for example in one.examples
    )


@pytest.mark.timeout(120)
def test_large_objects_come_in_pieces(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts, of which some are lost on the way; and back, going on where it broke off."""
    content = random.Random(1).randbytes(23 * 2**20)
    kinds = ("500", "reset after", "cut off")
    with faulty(s3.endpoint, 8, 7, kinds=kinds) as store, collecting() as notes:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        storage = ObjectStorage(f"s3://{BUCKET}/large")
        storage.put("put", content)
        with storage.staged("staged") as path:
            path.write_bytes(content)
        with storage.writing("written") as file:
            file.write(content)
        for key in ("put", "staged", "written"):
            assert b"".join(storage.chunks(key)) == content
            assert storage.get(key) == content
        assert store.faults().total() > store.faults()["asked"]
    assert notes


@pytest.mark.timeout(60)
def test_a_store_that_is_silent_is_noticed(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within half a minute, as it is told."""
    GuardedStorage(f"s3://{BUCKET}/silent").put("key", b"x" * 1000)
    with faulty(s3.endpoint, 1, 1, kinds=["stalled"]) as store:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        began, told = time.monotonic(), []

        class Noticed(Exception):
            """Enough is known."""

        def first(note: object) -> None:
            told.append((str(note), time.monotonic() - began))
            raise Noticed

        with collecting(first), pytest.raises(Noticed):
            open_storage(f"s3://{BUCKET}/silent/").get("key")
    ((said, seconds),) = told
    assert seconds < 30
    assert "sent nothing for 25 s" in said


@pytest.mark.parametrize("kind", ["503", "closed"])
@pytest.mark.timeout(120)
def test_errors_that_last(s3: S3Server, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Tried for about half a minute, each time told; then one clear error."""
    monkeypatch.setattr("automap_tiles.storage._retries._LONGEST_PAUSE", 0.5)
    with faulty(s3.endpoint, 1, 1, kinds=[kind]) as store:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        storage = open_storage(f"s3://{BUCKET}/{kind}-for-ever")
        with collecting() as notes, pytest.raises(OutputError, match="cannot be written"):
            storage.put("key", b"content")
        assert [note.count for note in notes] == [7]
        with pytest.raises(InputError, match="cannot be listed"):
            list(storage.list())


def test_what_is_forbidden_is_not_asked_for_again(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3.endpoint
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another one")
    with collecting() as notes, pytest.raises(InputError, match="cannot be read"):
        open_storage(f"s3://{BUCKET}/forbidden").get("key")
    assert not notes
