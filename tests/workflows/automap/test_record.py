"""What a run leaves on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.storage import Address
from automap_tiles.workflows.automap.preparing import SceneDone, SceneStatus
from automap_tiles.workflows.automap.record import _from, _scene


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("https://me:word@host/items?sig=abc", "https://host/items?…"),
        ("s3://bucket/scenes", "s3://bucket/scenes"),
        ("earth-search", "earth-search"),
    ],
)
def test_places_without_secrets(tmp_path: Path, place: str, told: str) -> None:
    assert _from(Address.of(tmp_path), place) == told


def test_errors_of_scenes_without_secrets() -> None:
    done = SceneDone(
        satellite="landsat-8",
        scene="LC08",
        status=SceneStatus.FAILED,
        error="https://host/B4.tif?sig=abc cannot be read",
    )
    assert "abc" not in str(_scene(done, {}))
