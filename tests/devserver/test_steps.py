"""Steps of a process in the preview: which one to see, and its parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from automap_tiles.layers.persistence import Keep
from automap_tiles.runtime import open_process
from tests.devserver.conftest import client_of
from tests.runtime.steps.samples import Sample, Step, make_sample, write

STEPS = {
    "first": Step(("image",), size=5, dtype="uint8", nodata=0),
    "last": Step(("first",), kind="fill", size=3),
}


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_sample(tmp_path, STEPS)


def test_each_step_has_its_parameters_and_changes_what_follows(sample: Sample) -> None:
    path = write(sample)
    client = client_of([path], Keep.MEMORY)
    assert _size(client, "steps-first") == 5
    assert _size(client, "steps") == 3
    body = {"parameters": {"size": 9}, "save": True}
    changed = client.put("/api/steps-first/process", json=body)
    assert changed.status_code == 200, changed.get_json()
    assert _size(client, "steps-first") == 9
    saved = open_process(path, step="first")
    assert saved.parameters.at(21)["size"] == 9
    assert open_process(path).parameters.at(21)["size"] == 3


def _size(client: FlaskClient, name: str) -> int:
    told = client.get(f"/api/{name}/process").get_json()
    found: int = told["values"]["size"]
    return found
