"""Named styles and legends on the map."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from automap_tiles.errors import ConfigError
from tests.devserver.conftest import client_of
from tests.engine.projects import Project, make_project

PLACE = "13/4468/2853"


def test_a_named_style_is_its_parameters(project: Project) -> None:
    styles = {"one": {"bidx": 2, "rescale": [0, 9000], "colormap_name": "magma"}}
    project.configure(zooms=(11, 12), output={"styles": styles})
    client = client_of([project.config])
    wanted = client.get(f"/double/{PLACE}.png?bidx=2&rescale=0,9000&colormap_name=magma").data
    assert client.get(f"/double/{PLACE}.png?style=one").data == wanted
    assert client.get("/wmts/double/one/WebMercatorQuad/13/2853/4468.png").data == wanted
    assert client.get(f"/double/{PLACE}.png?style=two").status_code == 404
    (layer, _) = client.get("/api/layers").get_json()["layers"]
    assert layer["styles"]["one"]["bidx"] == ["2"]


def test_a_style_that_cannot_be_is_told_at_the_start(project: Project) -> None:
    project.configure(zooms=(11, 12), output={"styles": {"one": {"bidx": 9}}})
    with pytest.raises(ConfigError, match="bidx"):
        client_of([project.config])


CLASSES = """
import numpy as np
def execute(image):
    data = image.read(indexes=1)
    return np.ma.MaskedArray((data.data > 3000) + 1, mask=data.mask).astype("uint8")
"""


def test_classes_have_their_colours(tmp_path: Path) -> None:
    project = make_project(tmp_path, zooms=(11, 12))
    (project.folder / "double.py").write_text(CLASSES)
    config = json.loads(project.config.read_text())
    config["output"] |= {
        "bands": 1, "dtype": "uint8", "colormap": {1: "#102030", 2: [200, 100, 50]},
        "tags": {},
    }  # fmt: skip
    config["baselevels"]["lower"] = "mode"
    project.config.write_text(json.dumps(config))
    assert project.run("--concurrency", "none").returncode == 0
    for source in (project.config, project.output):
        client = client_of([source])
        (layer, *_) = client.get("/api/layers").get_json()["layers"]
        assert [(one["value"], one["color"]) for one in layer["classes"]] == [
            (1, "#102030"),
            (2, "#c86432"),
        ]
        content = client.get(f"/{layer['name']}/{PLACE}.png").data
        picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
        seen = {tuple(colour) for colour in picture.reshape(-1, 4) if colour[3]}
        assert seen == {(0x10, 0x20, 0x30, 255), (200, 100, 50, 255)}
