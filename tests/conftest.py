"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# The machine may be busy with other tests: time is pytest-timeout's business, not hypothesis's.
settings.register_profile(
    "automap", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("automap")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real imagery beside the checkout, or where `AUTOMAP_SHARED` says.

    Tests that ask for it are skipped where it is absent.
    """
    folder = Path(os.environ.get("AUTOMAP_SHARED", ROOT.parent / "shared"))
    if not (folder / "data" / "MANIFEST.md").is_file():
        pytest.skip(f"no shared imagery under {folder} (set AUTOMAP_SHARED)")
    return folder
