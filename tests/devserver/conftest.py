"""A server over small outputs, asked through Flask's own client."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from automap_devserver.app import create_app
from automap_devserver.catalogue import Catalogue
from automap_devserver.settings import PreviewSettings
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from tests.engine.projects import Project, make_project, make_raster


def client_of(
    paths: Sequence[str | Path], keep: Keep = Keep.MEMORY, settings: PreviewSettings | None = None
) -> FlaskClient:
    """A client of a server of these paths; it comes from this machine."""
    layers, _ = open_layers(paths, keep)
    return create_app(Catalogue(layers), settings).test_client()


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raster of four bands in UTM, uint16."""
    return make_raster(tmp_path_factory.mktemp("image") / "image.tif", bands=4)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project", zooms=(11, 12))
