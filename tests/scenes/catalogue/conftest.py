"""What the tests of catalogues share."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shapely import MultiPolygon, box
from shapely.affinity import translate
from shapely.geometry import mapping, shape

from tests.scenes.catalogue.api_server import Door, stac_api
from tests.scenes.download.server import FileServer

Json = dict[str, Any]


def load(path: Path) -> Json:
    found: Json = json.loads(path.read_text())
    return found


def moved(item: Json, degrees: float, name: str) -> Json:
    """A real item further east; over the antimeridian in two parts, as RFC 7946 wants it."""
    other = copy.deepcopy(item)
    other["id"] = name
    whole = translate(shape(item["geometry"]), degrees)
    west = whole.intersection(box(-180, -90, 180, 90))
    east = translate(whole.intersection(box(180, -90, 540, 90)), -360)
    parts = [part for part in (west, east) if not part.is_empty]
    other["geometry"] = mapping(parts[0] if len(parts) == 1 else MultiPolygon(parts))
    other["bbox"] = [parts[0].bounds[0], whole.bounds[1], parts[-1].bounds[2], whole.bounds[3]]
    return other


@pytest.fixture(scope="session")
def metadata(shared: Path) -> Path:
    return shared / "data" / "metadata"


@pytest.fixture(scope="session")
def odc(metadata: Path) -> Path:
    """Items of Planetary Computer, Earth Search, USGS and others."""
    return metadata / "stac_odc_stac"


@pytest.fixture(scope="session")
def earth_search(shared: Path) -> Path:
    """A collection of Earth Search with files."""
    return shared / "data" / "sentinel2" / "mapchete_eo_33TWL_l2a_120m"


@pytest.fixture(scope="session")
def seed(odc: Path, metadata: Path, earth_search: Path) -> list[Json]:
    """Real items of three satellites and four catalogues."""
    paths = [
        *sorted(earth_search.glob("S2*/S2*.json")),
        odc / "S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json",
        odc / "LC08_L2SP_028030_20200114_20200824_02_T1_SR.json",
        odc / "LE07_L2SP_044033_20210329_20210424_02_T1_SR.json",
        odc / "S2A_28QCH_20200714_0_L2A.json",
        *sorted((metadata / "stac_pystac").glob("*.json")),
    ]
    items = [load(path) for path in paths]
    for item in items:
        # Far away and not to be reached from here; Landsat 8 can do without.
        item["assets"].pop("MTL", None)
    return items


@pytest.fixture(scope="session")
def api(seed: list[Json], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a STAC API that has the seed."""
    with stac_api(seed, tmp_path_factory.mktemp("stac")) as url:
        yield url


@pytest.fixture
def door(api: str) -> Iterator[Door]:
    with Door(api).open() as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as running:
        yield running
