"""Items of prepared scenes that were cut, or changed by hand: none, and told by their names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.missions import Scene
from automap_tiles.scenes import prepared
from automap_tiles.storage import Address

SCENE = Scene(
    id="one", sensor="sentinel-2b", time=datetime(2021, 3, 4, tzinfo=UTC), bands={}, level="L2A",
    tile="33TWL", orbit=22, cloud_cover=3.5, sun_elevation=40, is_from_above="its producer",
)  # fmt: skip
_ABSENT = object()


def item() -> dict[str, Any]:
    return {
        "type": "Feature",
        "bbox": [14, 47.5, 15, 48],
        "properties": {
            "datetime": "2021-03-04T00:00:00Z",
            prepared.KEY: prepared.about(SCENE),
        },
        "assets": {prepared.ASSET: {"href": "./one.tif"}},
    }


def changed(way: str, value: Any) -> dict[str, Any]:
    found = item()
    *before, last = (prepared.KEY if part == "about" else part for part in way.split("."))
    here: Any = found
    for part in before:
        here = here[part]
    if value is _ABSENT:
        del here[last]
    else:
        here[last] = value
    return found


def read(folder: Path, content: Any) -> tuple[list[Scene], list[tuple[str, str]]]:
    (folder / "one.json").write_text(json.dumps(content))
    return prepared.scenes(Address.of(str(folder)))


def test_a_whole_one(tmp_path: Path) -> None:
    (scene,), rejected = read(tmp_path, item())
    assert (scene.id, scene.time, scene.orbit, rejected) == ("one", SCENE.time, 22, [])
    assert prepared.about(scene) == prepared.about(SCENE)
    without = changed("assets", {})  # no pixel in its area
    assert read(tmp_path, without) == ([], [])
    for optional in ("bbox", "properties.about.cloud_cover", "properties.about.is_from_above"):
        assert len(read(tmp_path, changed(optional, _ABSENT))[0]) == 1


@pytest.mark.parametrize(
    ("way", "value"),
    [
        ("properties", 1.5),
        ("properties.about", ["id"]),
        ("properties.about.sensor", None),
        ("properties.about.sensor", "sentinel-9"),
        ("properties.about.time", "yesterday"),
        ("properties.about.time", "2021-03-04T00:00:00"),  # of no zone
        ("properties.about.level", 2),
        ("properties.about.tile", {"utm": 33}),
        ("properties.about.orbit", "22"),
        ("properties.about.orbit", True),
        ("properties.about.cloud_cover", [3]),
        ("properties.about.colour", "blue"),
        ("properties.about.id", _ABSENT),
        ("properties.datetime", _ABSENT),
        ("assets", _ABSENT),
        ("assets", "./one.tif"),
        ("assets.image", "./one.tif"),
        ("assets.image.href", 7),
        ("bbox", "14 47 15 48"),
        ("bbox", [14, 47, 15]),
        ("bbox", [14, 47, "15", 48]),
    ],
)
def test_a_damaged_one(tmp_path: Path, way: str, value: Any) -> None:
    found, ((name, why),) = read(tmp_path, changed(way, value))
    assert not found
    assert name == "one.json"
    assert "damaged" in why
    assert prepared.read_item(Address.of(str(tmp_path / "one.json"))) is None


@pytest.mark.parametrize(
    "content", [b'{"links": [', b"\xff\xfe", b'{"links": 3}', b'{"links": [1]}']
)
def test_a_damaged_collection_names_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / prepared.NAME).write_bytes(content)
    assert list(prepared._named(Address.of(str(tmp_path)))) == []
