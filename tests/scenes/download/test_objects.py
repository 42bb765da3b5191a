"""From a real object store: gone on with by the ETag, whole and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.scenes.download import (
    FetchStatus,
    RemoteFile,
    _part,
    fetch,
    measured,
    read_bytes,
)
from automap_tiles.scenes.download._open import open_stream
from automap_tiles.storage import open_storage
from automap_tiles.storage.remote import ObjectStorage
from tests.storage.s3 import BUCKET, S3Server

ROOT = f"s3://{BUCKET}/download"


@pytest.fixture(scope="module")
def data(s3: S3Server) -> bytes:
    content = np.random.default_rng(1).bytes(3_000_000)
    open_storage(ROOT).put("a/big.tif", content)
    open_storage(ROOT).put("a/empty", b"")
    return content


def test_fetched_and_checked(data: bytes, tmp_path: Path) -> None:
    files = measured(
        [
            RemoteFile(
                href=f"{ROOT}/a/big.tif",
                target="big.tif",
                checksum="1220" + hashlib.sha256(data).hexdigest(),
            ),
            RemoteFile(href=f"{ROOT}/a/empty", target="empty"),
            RemoteFile(href=f"{ROOT}/a/absent", target="absent"),
        ]
    )
    assert [file.size for file in files] == [3_000_000, 0, None]
    done = {one.file.target: one for one in fetch(files, tmp_path)}
    assert (tmp_path / "big.tif").read_bytes() == data
    assert (tmp_path / "empty").read_bytes() == b""
    assert done["absent"].status is FetchStatus.FAILED
    assert "no such file" in str(done["absent"].error)


def test_gone_on_with(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an ended run left behind is not fetched again; another version is, from its start."""
    with open_stream(f"{ROOT}/a/big.tif") as stream:
        tag = stream.validator
    with _part.open_part(tmp_path / "big.tif") as growing:
        growing.begin(_part.Origin(origin=f"{ROOT}/a/big.tif", validator=tag))
        growing.append(data[:1_000_000])
    (done,) = fetch([RemoteFile(href=f"{ROOT}/a/big.tif", target="big.tif")], tmp_path)
    assert done.bytes == 2_000_000
    assert (tmp_path / "big.tif").read_bytes() == data
    with _part.open_part(tmp_path / "two.tif") as growing:
        growing.begin(_part.Origin(origin=f"{ROOT}/a/big.tif", validator='"another"'))
        growing.append(b"something else")
    (done,) = fetch([RemoteFile(href=f"{ROOT}/a/big.tif", target="two.tif")], tmp_path)
    assert done.bytes == len(data)
    assert (tmp_path / "two.tif").read_bytes() == data


def test_a_break_in_the_middle(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from automap_tiles.errors import InputError
    from automap_tiles.scenes.download import Patience

    whole = ObjectStorage.stream
    asked: list[int] = []

    def breaking(
        self: ObjectStorage, key: str, start: int = 0, validator: str | None = None
    ) -> Any:
        begin, size, tag, chunks = whole(self, key, start, validator)
        asked.append(begin)

        def broken() -> Iterator[bytes]:
            yield next(chunks)
            if len(asked) < 3:
                raise InputError("the connection broke")
            yield from chunks

        return begin, size, tag, broken()

    monkeypatch.setattr(ObjectStorage, "stream", breaking)
    file = RemoteFile(href=f"{ROOT}/a/big.tif", target="b.tif")
    (done,) = fetch([file], tmp_path, patience=Patience(first=0.01))
    assert done.error is None
    assert (tmp_path / "b.tif").read_bytes() == data
    assert len(asked) == 3
    assert 0 == asked[0] < asked[1] < asked[2]


def test_small(data: bytes) -> None:
    assert read_bytes(f"{ROOT}/a/big.tif") == data


def test_wrong_keys_show_nothing(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    href = "s3://automap-wrong-keys/x.tif"  # another bucket: another client
    (done,) = fetch([RemoteFile(href=href, target="x")], tmp_path)
    assert done.status is FetchStatus.FAILED
    assert "403" in str(done.error)
    assert "secret" not in str(done.error)
