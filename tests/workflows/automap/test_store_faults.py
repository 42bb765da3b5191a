"""Runs to and from a store of which one request in ten fails, against the same runs on a disk."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.storage import Address
from tests.storage.faults import KINDS, faulty
from tests.storage.s3 import S3Server
from tests.workflows.automap.test_object_store import (
    begin,
    bucket,
    classification,
    local,
    place,
    products,
    put_folder,
    results,
)

__all__ = ["bucket", "local", "place", "products"]


@pytest.fixture
def machine() -> Iterator[Path]:
    """A folder with a short name: in the temporary folders below it lie sockets (unix(7))."""
    folder = tempfile.mkdtemp(prefix="m")
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.mark.timeout(540)
def test_a_classification_through_faults(
    place: Path,
    products: Path,
    bucket: Address,
    local: dict[str, bytes],
    s3: S3Server,
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scenes, composite, samples, model and map: the same bytes, and each repeat is told."""
    source, output = bucket / "in" / products.name, bucket / "out"
    put_folder(products, source)
    with faulty(s3.endpoint, 10, 20261130) as store, monkeypatch.context() as patch:
        patch.setenv("GDAL_HTTP_LOW_SPEED_TIME", "1")
        patch.setenv("GDAL_HTTP_RETRY_DELAY", "0.1")
        patch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        run = begin(classification(place, source, output), machine / "one")
        said, errors = run.communicate()
        faults = store.faults()
    assert run.returncode == 0, errors
    events = [json.loads(line) for line in said.splitlines()]
    assert events[-1]["failed"] == 0, [one for one in events if one["event"] == "failed"]
    found = results(output)
    assert found.keys() == local.keys()
    assert not [key for key, content in found.items() if content != local[key]]
    assert faults.keys() == {*KINDS, "asked"}
    check_told(events, faults.total() - faults["asked"])


def check_told(events: list[dict[str, Any]], faults: int) -> None:
    """While it goes on, and counted at its end."""
    *before, last = events
    repeats = [note for note in last["notes"] if note["fate"] == "repeated"]
    assert {note["subject"] for note in repeats} == {"requests"}
    # what GDAL asks for beside a file and does not get counts as not there
    assert 0.3 * faults < sum(note["count"] for note in repeats) <= faults
    assert [one for one in before if one.get("fate") == "repeated"]
    for words in ("answered 500", "answered 503", "sent nothing for 1 s"):
        assert any(words in note["reason"] for note in repeats), repeats
