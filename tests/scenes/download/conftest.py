"""What the tests of downloads share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from automap_tiles.scenes.download import Patience
from tests.scenes.download.server import FileServer

pytest.importorskip("requests")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as running:
        yield running


@pytest.fixture
def hurry() -> Patience:
    """Tries again at once."""
    return Patience(attempts=4, first=0.01, longest=0.02, longest_asked=0.3)
