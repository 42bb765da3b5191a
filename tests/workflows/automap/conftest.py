"""Runs on real products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from automap_tiles.storage import Address
from automap_tiles.workflows.automap import parameters as rules
from automap_tiles.workflows.automap._download import download
from automap_tiles.workflows.automap.boundary import boundary_area
from automap_tiles.workflows.automap.discover import discover
from automap_tiles.workflows.automap.preparing import SceneDone

MakeRun = Callable[..., rules.RunParameters]


@pytest.fixture(scope="session")
def districts(shared: Path) -> Path:
    """An area of interest: the districts of New York."""
    return shared / "data" / "labels" / "gdalcubes_nycd.gpkg"


@pytest.fixture(scope="session")
def new_york(shared: Path) -> Path:
    """19 scenes of Landsat 8, each with pixels of its own size and place."""
    return shared / "data" / "landsat" / "gdalcubes_L8NY18"


@pytest.fixture(scope="session")
def whole_run(
    districts: Path, new_york: Path, tmp_path_factory: pytest.TempPathFactory
) -> rules.RunParameters:
    """A run of 2018 over New York, without the bays of its shore: they take half of the time."""
    return rules.RunParameters(
        mode=rules.Mode.COMPOSITE,
        satellites=frozenset({"sentinel-2", "landsat-8"}),
        period=rules.parse_dates("2018-01-01", "2018-12-31"),
        area=boundary_area(districts).simplify(0.005),
        source=str(new_york),
        output=Address.of(tmp_path_factory.mktemp("run")),
        statistics=("median", "std"),
        description="New York",
    )


@pytest.fixture(scope="session")
def prepared_run(whole_run: rules.RunParameters) -> rules.RunParameters:
    """The same, its scenes prepared."""
    for scene in download(whole_run, discover(whole_run), workers=2):
        assert scene.error is None, scene
    return whole_run


@pytest.fixture
def spring(whole_run: rules.RunParameters, tmp_path: Path) -> rules.RunParameters:
    """Five scenes of spring, in a folder of their own."""
    period = rules.parse_dates("2018-04-01", "2018-05-31")
    return replace(whole_run, period=period, output=Address.of(tmp_path / "out"))


def run_download(run: rules.RunParameters) -> dict[str, SceneDone]:
    """Scenes by id."""
    return {scene.scene: scene for scene in download(run, discover(run), workers=1)}
