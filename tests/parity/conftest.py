"""Sources are made once; mapchete, much the slower one, runs once per configuration."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import from_origin

from tests.parity.sources import Sources, make_sources, picture, write


@pytest.fixture(scope="session", autouse=True)
def _import_mapchete() -> None:
    """What mapchete's imports warn about is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("mapchete.commands")


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    made = make_sources(tmp_path_factory.mktemp("sources"))
    small = (picture(400, 500, 3) // 40).astype(np.uint8)
    write(
        made.degrees.with_name("bytes.tif"),
        small,
        "EPSG:4326",
        from_origin(9.63, 51.37, 0.02, 0.02),
    )
    return made


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Where ours and theirs go."""
    return tmp_path / "ours", tmp_path / "theirs"
