"""Pictures of an export that say where they lie, as GDAL reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import rasterio

from automap_tiles.errors import ConfigError
from automap_tiles.layers import web
from automap_tiles.pictures.encode import ImageFormat
from automap_tiles.workflows.export import Container
from tests.workflows.export.conftest import run, tiles_of


@pytest.mark.parametrize("form", list(ImageFormat))
def test_each_picture_lies_on_its_tile(form: ImageFormat, image: Path, tmp_path: Path) -> None:
    """By GDAL's own file with its CRS, and by the world file alone."""
    run(image, tmp_path / "map", image=form, georeference=True)
    tiles = tiles_of(tmp_path / "map", form.value)
    assert tiles
    for zoom, col, row in tiles:
        path = tmp_path / f"map/{zoom}/{col}/{row}.{form.value}"
        expected = web.web_pyramid().tile(zoom, row, col)
        with rasterio.open(path) as picture:
            assert picture.crs.to_epsg() == 3857
            assert picture.bounds == pytest.approx(expected.bounds, abs=1e-6)
        path.with_name(f"{path.name}.aux.xml").unlink()
        if form is not ImageFormat.WEBP:  # GDAL looks for none beside a WebP
            with rasterio.open(path) as picture:
                assert picture.bounds == pytest.approx(expected.bounds, abs=1e-6)


def test_what_says_where_goes_with_its_picture(image: Path, tmp_path: Path) -> None:
    """And an export that is there gets it without being painted again."""
    out = tmp_path / "map"
    run(image, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    run(image, out, georeference=True)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == before
    assert len(list(out.rglob("*.pgw"))) == len(list(out.rglob("*.aux.xml"))) == len(before)
    finest = max(int(path.parent.parent.name) for path in before)
    run(image, out, georeference=True, zooms=(0, finest - 1), overwrite=True)
    left = {path.with_suffix("") for path in out.rglob("*.png")}
    assert {path.with_suffix("") for path in out.rglob("*.pgw")} == left
    assert len(list(out.rglob("*.aux.xml"))) == len(left)


def test_an_archive_has_no_place_for_it(image: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--georeference"):
        run(image, tmp_path / "map.pmtiles", container=Container.PMTILES, georeference=True)
