"""Code that crashes, ends its process or hangs: the server says so and goes on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from automap_devserver.app import create_app
from automap_devserver.catalogue import Catalogue
from automap_tiles.engine.on_demand import TileWorkers
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from tests.devserver.conftest import client_of
from tests.devserver.test_process import statuses
from tests.engine.projects import Project, make_project

TILE = "/double/13/4468/2853.png?bidx=1"
GOOD = "def execute(image):\n    return image.read()\n"
CODE = "import ctypes, os, time\n\ndef execute(image):\n    {line}\n    return image.read()\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project", zooms=(11, 12))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ctypes.string_at(0)", "died of SIGSEGV"),
        ("os._exit(7)", "ended itself with exit status 7"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("time.sleep(100)", "took longer than 2 s"),
    ],
)
def test_the_page_says_what_happened(project: Project, line: str, words: str) -> None:
    (project.folder / "double.py").write_text(CODE.format(line=line))
    workers = TileWorkers(2.0)
    layers, _ = open_layers([project.config], Keep.CONTINUE, workers)
    client = create_app(Catalogue(layers)).test_client()
    answer = client.get(TILE)
    assert answer.status_code == 500
    assert words in answer.get_json()["error"]
    failed = [index for index, status in statuses(client).items() if status == "failed"]
    told = client.get(f"/api/double/tile/{failed[0]}").get_json()
    assert words in told["error"]
    assert client.get("/api/layers").status_code == 200
    # the edit that mends it is all that is needed
    (project.folder / "double.py").write_text(GOOD)
    look(client.application)
    assert client.get(TILE).status_code == 200
    workers.close()


@pytest.mark.parametrize("line", ["os._exit(0)", "ctypes.string_at(0)", "raise SystemExit"])
def test_an_edit_that_crashes_when_it_is_loaded(project: Project, line: str) -> None:
    (project.folder / "double.py").write_text(GOOD)
    client = client_of([project.config], Keep.MEMORY)
    assert client.get(TILE).status_code == 200
    (project.folder / "double.py").write_text(f"import ctypes, os\n{line}\n{GOOD}")
    look(client.application)
    problem = client.get("/api/double/process").get_json()["error"]
    assert "ends the process" in problem["message"] or "SystemExit" in problem["message"]
    assert client.get(TILE).status_code == 200  # as it was before the edit
    (project.folder / "double.py").write_text(GOOD.replace("read()", "read() * 2"))
    look(client.application)
    told = client.get("/api/double/process").get_json()
    assert (told["error"], told["version"]) == (None, 2)
    assert client.get(TILE).status_code == 200


def look(app: object) -> None:
    """As the server does every half second while somebody listens."""
    time.sleep(0.01)
    hub = app.extensions["automap-hub"]  # type: ignore[attr-defined]
    hub._look()
