"""What `automap doctor` finds, and what it keeps to itself."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import rasterio
from click.testing import CliRunner, Result

from automap_tiles.cli.main import automap
from automap_tiles.errors import EXTRAS
from automap_tiles.raster import drivers
from automap_tiles.version import VERSION
from automap_tiles.workflows import doctor


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Small files, nothing of this machine's own credentials, folders of the test."""
    monkeypatch.setattr(doctor, "_BLOCKS", 2)
    monkeypatch.setattr(doctor, "_SLOW", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("GDAL_DATA", "PROJ_DATA", "PROJ_LIB"):
        monkeypatch.delenv(name, raising=False)


def invoke(*args: str) -> Result:
    return CliRunner().invoke(automap, ["doctor", *args])


def found(*args: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(invoke("--json", *args).stdout)
    return said


def test_versions_drivers_and_extras(tmp_path: Path) -> None:
    result = invoke("--folder", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert re.search(rf"AutoMap +{re.escape(VERSION)}\n", result.stdout)
    assert re.search(rf"GDAL +{re.escape(rasterio.__gdal_version__)}\n", result.stdout)
    assert re.search(r"COG +yes  Cloud Optimized GeoTIFFs", result.stdout)
    assert "Everything is as it should be." in result.stdout
    said = found("--folder", str(tmp_path))
    assert set(said["extras"]) == set(EXTRAS.values())
    assert [disk["what"] for disk in said["disks"]] == ["outputs", "files of a moment", "cache"]
    assert all(disk["written"] > 0 and disk["read"] > 0 for disk in said["disks"])
    assert not list(tmp_path.iterdir())  # it leaves nothing behind


def test_every_driver_that_it_names_is_one_of_gdal() -> None:
    assert {name for name, there in found()["drivers"].items() if not there} == set()


def test_credentials_are_named_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING"):
        monkeypatch.setenv(name, "HUSH")
    monkeypatch.setenv("AUTOMAP_TOKEN", "")
    (tmp_path / "home/.aws").mkdir(parents=True)
    (tmp_path / "home/.aws/credentials").write_text("HUSH")
    for output in (invoke().output, invoke("--json").output):
        assert "HUSH" not in output
        for name in ("AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING", "~/.aws/cred"):
            assert name in output
    assert "AUTOMAP_TOKEN" not in found()["credentials"]


def test_what_is_missing_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    here = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "numba" else here(name)
    )
    monkeypatch.setattr(drivers, "drivers_here", lambda: frozenset({"GTiff", "VRT", "COG"}))
    result = invoke()
    assert result.exit_code == 1
    assert "pip install 'automap-tiles[fast]'  (missing: numba)" in result.output
    assert "no driver JP2OpenJPEG, which would be needed for bands of Sentinel-2" in result.output


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("_SLOW", 1e15, "runs wait for it"), ("_LITTLE", 1e18, "GB left")],
)
def test_a_bad_disk(name: str, value: float, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, name, value)
    result = invoke()
    assert result.exit_code == 1
    assert words in result.output


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    result = invoke("--folder", "/proc/1")
    assert result.exit_code == 1
    assert "nothing can be written to /proc/1 (outputs)" in result.output


def test_data_of_another_proj(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJ_LIB", "/opt/other/share/proj")
    assert any("PROJ_LIB is set" in problem for problem in found()["problems"])


def test_folders_that_cannot_be_used_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one is measured in place of none of them without a word."""
    (tmp_path / "file").write_text("")
    result = invoke("--folder", str(tmp_path / "file/out"))
    assert result.exit_code == 1
    assert f"nothing can be written to {tmp_path / 'file/out'}" in result.output
    far = invoke("--folder", "s3://bucket/out")
    assert "is not of this machine" in str(far.exception)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    problems = "\n".join(found()["problems"])
    assert f"TMPDIR says {tmp_path / 'nowhere'}" in problems
    assert "XDG_CACHE_HOME is not an absolute path (cache)" in problems
    cache = next(disk for disk in found()["disks"] if disk["what"] == "cache")
    assert str(tmp_path) in cache["path"]  # ~ of this test
