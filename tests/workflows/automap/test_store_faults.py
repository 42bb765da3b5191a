"""Runs to and from a store of which one request in ten fails, against the same runs on a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.notes import Fate, Subject
from automap_tiles.storage import Address
from automap_tiles.workflows import run
from automap_tiles.workflows.automap import AutomapOutcome
from automap_tiles.workflows.events import Finished, Told
from tests.storage.faults import KINDS, faulty
from tests.storage.s3 import S3Server
from tests.workflows.automap.test_object_store import (
    bucket,
    classification,
    local,
    place,
    products,
    put_folder,
    results,
)

__all__ = ["bucket", "local", "place", "products"]


@pytest.mark.timeout(540)
def test_a_classification_through_faults(
    place: Path,
    products: Path,
    bucket: Address,
    local: dict[str, bytes],
    s3: S3Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scenes, composite, samples, model and map: the same bytes, and each repeat is told."""
    source, output = bucket / "in" / products.name, bucket / "out"
    put_folder(products, source)
    monkeypatch.setenv("GDAL_HTTP_LOW_SPEED_TIME", "2")
    monkeypatch.setenv("GDAL_HTTP_RETRY_DELAY", "0.1")
    with faulty(s3.endpoint, 10, 20261130) as store:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        *events, last = run(classification(place, source, output))
        faults = store.faults()
        assert isinstance(last, Finished)
        assert isinstance(last.outcome, AutomapOutcome)
        assert not last.outcome.failed, [event.to_json() for event in events]
        found = results(output)
    assert found.keys() == local.keys()
    assert not [key for key, content in found.items() if content != local[key]]
    assert faults.keys() == {*KINDS, "asked"}
    notes = [note for note in last.outcome.notes if note.fate is Fate.REPEATED]
    assert {note.subject for note in notes} == {Subject.REQUESTS}
    # while it went on, not at its end
    assert any(isinstance(one, Told) and one.note.fate is Fate.REPEATED for one in events)
    print(faults, [str(note) for note in notes])
