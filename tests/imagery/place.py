"""Where the imagery of the tests lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.imagery.standins import MARK

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "imagery"
"""What `python -m tests.imagery` lays out, for checkouts without the folder of real imagery."""


def imagery() -> Path | None:
    """The folder with imagery: beside the checkout, or as `AUTOMAP_SHARED` says; or `CACHE`."""
    for folder in (Path(os.environ.get("AUTOMAP_SHARED", ROOT.parent / "shared")), CACHE):
        if (folder / "data" / "MANIFEST.md").is_file():
            return folder
    return None


def is_real(folder: Path) -> bool:
    """Whether something is there and the tests did not write it."""
    if not folder.exists():
        return False
    marks = [each / MARK for each in (folder, *folder.parents)]
    return not any(mark.exists() for mark in (*marks, folder.with_name(f"{folder.name}.{MARK}")))


def need_real(*names: str) -> None:
    """Skip the test where one of these folders of `data` is absent or a stand-in."""
    folder = imagery()
    missing = [name for name in names if folder is None or not is_real(folder / "data" / name)]
    if missing:
        pytest.skip(f"needs real data: {', '.join(missing)}")
