"""The committed bundle is what its sources give."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def test_the_bundle_is_built_from_its_sources(root: Path, tmp_path: Path) -> None:
    frontend = root / "devserver" / "frontend"
    node = shutil.which("node")
    if node is None or not (frontend / "node_modules").is_dir():
        pytest.skip("no node, or no node_modules in devserver/frontend: npm ci")
    subprocess.run(
        [node, "build.mjs"], cwd=frontend, check=True, capture_output=True, timeout=120,
        env={**os.environ, "OUT": str(tmp_path / "one"), "SERVICE_OUT": str(tmp_path / "two")},
    )  # fmt: skip
    for folder, package in (("one", "automap_devserver"), ("two", "automap_service")):
        static = root / "devserver" / package / "static"
        built = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        assert built == {path.name: path.read_bytes() for path in static.iterdir()}


def test_nothing_in_it_is_loaded_from_elsewhere(root: Path) -> None:
    static = root / "devserver" / "automap_devserver" / "static"
    page = (static / "index.html").read_text()
    assert "http" not in page
    assert "<style" not in page
    assert page.count("<script") == 1
    assert "url(http" not in (static / "page.css").read_text()
