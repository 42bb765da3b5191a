"""Keys of AWS in the environment cost no time where nothing lies in a bucket."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import boto3  # type: ignore[import-untyped]
import numpy as np
import pytest
import rasterio
import rasterio.session
from rasterio.warp import reproject

from automap_tiles.grid import Pyramid
from automap_tiles.vector import burn

TILE = Pyramid.from_grid("geodetic", tile_size=16).tile(3, 2, 2)
HERE = rasterio.Affine(10, 0, 500_000, 0, -10, 5_000_000)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The sessions that boto3 makes from here on; keys are in the environment."""
    found: list[object] = []
    session = boto3.Session

    def make(**options: object) -> object:
        found.append(session(**options))
        return found[-1]

    monkeypatch.setattr(boto3, "Session", make)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", uuid4().hex)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return found


def work() -> None:
    assert burn([TILE.bbox.buffer(-5)], TILE).any()
    out = np.zeros((1, 8, 8), "uint8")
    one = np.ones((1, 8, 8), "uint8")
    place = {"src_crs": "EPSG:32633", "dst_crs": "EPSG:32633"}
    reproject(one, out, src_transform=HERE, dst_transform=HERE, **place)
    with rasterio.Env():
        assert out.all()


def test_one_session_serves_all(made: list[object]) -> None:
    for _ in range(20):
        work()
    assert len(made) == 1


def test_other_keys_are_another_session(
    made: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"secret {number}")
        monkeypatch.setenv("AWS_SESSION_TOKEN", f"token {number}")
        for _ in range(2):
            with rasterio.Env() as env:
                found = env.session.get_credential_options()
            assert found["AWS_SECRET_ACCESS_KEY"] == f"secret {number}"
            assert found["AWS_SESSION_TOKEN"] == f"token {number}"
    assert len(made) == 3


def test_what_is_told_is_not_kept(made: list[object]) -> None:
    """Keys of the caller, and profiles, whose keys are changed outside of the environment."""
    for key in ("one", "other"):
        session = rasterio.session.AWSSession(aws_access_key_id=key, aws_secret_access_key="two")
        assert session.credentials["aws_access_key_id"] == key
    assert len(made) == 2


def test_a_profile_is_asked_anew(
    made: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile mine]\nregion = here\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    for _ in range(2):
        with rasterio.Env():
            pass
    assert len(made) == 2
