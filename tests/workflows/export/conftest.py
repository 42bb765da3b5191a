"""Small sources, and exports of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_bounds, from_origin
from rasterio.vrt import WarpedVRT

from automap_tiles.workflows.export import Container, ExportOutcome, ExportSpec, export
from tests.engine.projects import make_raster

EDGE = 20037508.342789244
"""Of web mercator (EPSG:3857), metres."""
STYLE = {"bidx": ("3,2,1",), "rescale": ("0,8000",)}

Place = tuple[int, int, int]
Export = Callable[..., ExportOutcome]


@dataclass(frozen=True)
class Made:
    """An export in a folder of its own."""

    outcome: ExportOutcome
    out: Path

    def tiles(self, ending: str = "png") -> dict[Place, bytes]:
        return tiles_of(self.out, ending)


def tiles_of(folder: Path, ending: str = "png") -> dict[Place, bytes]:
    """Content of all tiles of a folder by zoom, x and y."""
    found = {}
    for path in folder.rglob(f"*.{ending}"):
        zoom, x, name = path.relative_to(folder).parts
        found[int(zoom), int(x), int(name.partition(".")[0])] = path.read_bytes()
    return found


def run(source: Path, out: Path, **wanted: Any) -> ExportOutcome:
    """An export with one worker, as a folder if nothing else is said."""
    options: dict[str, Any] = {"container": Container.XYZ, "workers": 1, "style": STYLE} | wanted
    return export(ExportSpec(source=str(source), out=out, **options))


def rgba(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def warped(path: Path, place: Place, bands: list[int]) -> np.ndarray:
    """A tile by GDAL (band, y, x)."""
    zoom, x, y = place
    span = 2 * EDGE / 2**zoom
    left, top = -EDGE + x * span, EDGE - y * span
    transform = from_bounds(left, top - span, left + span, top, 256, 256)
    with (
        rasterio.open(path) as source,
        WarpedVRT(
            source, crs="EPSG:3857", transform=transform, width=256, height=256, nodata=0
        ) as view,
    ):
        return np.asarray(view.read(bands))


def make_classes(path: Path, *, left: float = 600000, crs: str = "EPSG:32633") -> Path:
    """A map of four classes with colours and names; 0 is no data."""
    rng = np.random.default_rng(3)
    data = rng.choice([0, 2, 5, 9], size=(1, 300, 300), p=[0.1, 0.3, 0.3, 0.3]).astype("uint8")
    data[:, :40, :40] = 0
    size = 10 if crs == "EPSG:32633" else 0.01
    profile = {
        "driver": "GTiff", "width": 300, "height": 300, "count": 1, "dtype": "uint8", "crs": crs,
        "transform": from_origin(left, 5300000 if size == 10 else 1, size, size), "nodata": 0,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(data)
        target.write_colormap(1, {2: (0, 100, 0), 5: (200, 180, 90), 9: (0, 80, 220)})
    return path


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_raster(tmp_path_factory.mktemp("export") / "image.tif", bands=4)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough tiles for several processes."""
    return make_raster(tmp_path_factory.mktemp("export") / "large.tif", bands=3, size=800)


@pytest.fixture(scope="session")
def xyz(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """All zooms of the image as a folder, with page and STAC."""
    out = tmp_path_factory.mktemp("export") / "map"
    wanted = {"title": "A </script> map", "attribution": "© <us>", "page": True, "stac": True}
    return Made(run(image, out, **wanted), out)
