"""Runs to and from a store of which one request in ten fails, against the same runs on a disk."""

from __future__ import annotations

import json
import os
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
    outcome_of,
    place,
    products,
    put_folder,
)

__all__ = ["bucket", "place", "products"]

SEED = int(os.environ.get("AUTOMAP_FAULTS", "20261130"))
LONG = int(os.environ.get("AUTOMAP_KILLS", "2")) > 10
"""`make kills`: five months in place of one."""
TIME = {} if LONG else {"start": "2018-06-01", "end": "2018-06-30"}


def made(output: Address) -> dict[str, bytes]:
    """Scenes, composite, model and map."""
    folder = (output / "landsat-8").as_folder()
    keys = [key for key in folder.list() if key.endswith((".tif", ".zip", ".xml", ".scenes.json"))]
    return {key: folder.get(key) for key in keys if not key.startswith(".")}


@pytest.fixture
def machine() -> Iterator[Path]:
    """A folder with a short name: in the temporary folders below it lie sockets (unix(7))."""
    folder = tempfile.mkdtemp(prefix="m")
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.mark.timeout(1500 if LONG else 540)
def test_a_classification_through_faults(
    place: Path,
    products: Path,
    bucket: Address,
    s3: S3Server,
    machine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scenes, composite, samples, model and map: the same bytes, and each repeat is told."""
    outcome_of(classification(place, products, tmp_path / "out", **TIME))
    wanted = made(Address.of(tmp_path / "out"))
    source, output = bucket / "in" / products.name, bucket / "out"
    put_folder(products, source)
    with faulty(s3.endpoint, 10, SEED) as store, monkeypatch.context() as patch:
        # of the client, too: shorter, and a store on a busy machine is silent by itself
        patch.setenv("GDAL_HTTP_LOW_SPEED_TIME", "2")
        patch.setenv("GDAL_HTTP_RETRY_DELAY", "0.1")
        patch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        run = begin(classification(place, source, output, **TIME), machine)
        said, errors = run.communicate()
        assert run.returncode == 0, errors
        events = [json.loads(line) for line in said.splitlines()]
        faults = store.faults()
    assert events[-1]["failed"] == 0, reasons(events, errors)
    found = made(output)
    assert {f".{key.rpartition('.')[2]}" for key in wanted} == {".tif", ".zip", ".xml", ".json"}
    assert found.keys() == wanted.keys()
    assert not [key for key, content in found.items() if content != wanted[key]]
    assert faults.keys() == {*KINDS, "asked"}
    check_told(events, faults.total() - faults["asked"])


def reasons(events: list[dict[str, Any]], errors: str) -> str:
    """Of what failed, in full: pytest shortens what it shows of long lists."""
    told = [one for one in events if one["event"] == "failed"]
    return "\n".join([*(json.dumps(one, indent=1) for one in told), errors])


def check_told(events: list[dict[str, Any]], faults: int) -> None:
    """While it goes on, and counted at the ends of runs."""
    ends = [one for one in events if one["event"] == "finished"]
    repeats = [note for one in ends for note in one["notes"] if note["fate"] == "repeated"]
    assert {note["subject"] for note in repeats} == {"requests"}
    # what GDAL asks for beside a file and does not get counts as not there
    assert 0.1 * faults < sum(note["count"] for note in repeats) <= faults
    assert [one for one in events if one.get("fate") == "repeated"]
    for words in ("answered 500", "answered 503", "connection"):
        assert any(words in note["reason"] for note in repeats), repeats
