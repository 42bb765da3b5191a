"""Whether two outputs hold the same tiles."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

RASTERS = {".tif", ".png"}
VECTORS = {".geojson", ".fgb"}


def tiles(folder: Path) -> dict[str, Path]:
    """`zoom/row/col.ext` -> file, without the prototypes that mapchete adds for STAC."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.glob("*/*/*"))
        if path.suffix in RASTERS | VECTORS
        and path.relative_to(folder).parts[0].isdigit()
        and not _is_prototype(path)
    }


def _is_prototype(path: Path) -> bool:
    """An empty tile in the first row and column: with it GDAL learns the layout of the others."""
    if (path.parent.name, path.name) != ("0", "0.tif"):
        return False
    with rasterio.open(path) as file:
        return bool(np.ma.getmaskarray(file.read(masked=True)).all())


def assert_same_tiles(ours: Path, theirs: Path, *, within: float = 0, least: int = 2) -> None:
    """The same tiles with equal pixels or features; `least` guards against comparing nothing."""
    expected, found = tiles(theirs), tiles(ours)
    assert len(expected) >= least
    only = sorted(set(found) ^ set(expected))
    assert not only, f"{len(only)} tiles are only in one of both: {only[:10]}"
    for name, path in expected.items():
        if path.suffix == ".png":
            assert_same_picture(found[name], path)
        elif path.suffix in RASTERS:
            assert_same_raster(found[name], path, within=within)
        else:
            assert_same_features(found[name], path)


def assert_same_raster(ours: Path, theirs: Path, *, within: float = 0) -> None:
    """Arrays, masks, transform, CRS, dtype, nodata. `within`: largest difference of a value."""
    with rasterio.open(ours) as mine, rasterio.open(theirs) as other:
        where = f"{ours.parent.parent.name}/{ours.parent.name}/{ours.name}"
        assert (mine.count, mine.shape, mine.dtypes, mine.nodata) == (
            other.count,
            other.shape,
            other.dtypes,
            other.nodata,
        ), where
        assert mine.crs == other.crs, where
        assert mine.transform.almost_equals(other.transform, 1e-9), (
            f"{where}: {mine.transform} {other.transform}"
        )
        data, expected = mine.read(masked=True), other.read(masked=True)
    assert_same_array(data, expected, within=within, where=where)


def assert_same_picture(ours: Path, theirs: Path) -> None:
    """All four bands; a PNG has no place on the ground but for mapchete's .aux.xml files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(ours) as mine, rasterio.open(theirs) as other:
            np.testing.assert_array_equal(mine.read(), other.read(), str(ours))


def assert_same_array(
    data: np.ma.MaskedArray, expected: np.ma.MaskedArray, *, within: float = 0, where: str = ""
) -> None:
    mask, expected_mask = np.ma.getmaskarray(data), np.ma.getmaskarray(expected)
    differ = int((mask != expected_mask).sum())
    assert differ == 0, f"{where}: {differ} of {mask.size} mask pixels differ"
    valid = ~mask
    difference = np.abs(data.data[valid].astype("float64") - expected.data[valid])
    wrong = int((difference > within).sum())
    assert wrong == 0, (
        f"{where}: {wrong} of {difference.size} pixels differ, by up to {difference.max()}"
    )


def assert_same_features(ours: Path, theirs: Path) -> None:
    """The same geometries (the same shape, whatever vertex comes first) and attributes."""
    mine, other = _features(ours), _features(theirs)
    assert [attributes for attributes, _ in mine] == [attributes for attributes, _ in other]
    for (_, geometry), (_, expected) in zip(mine, other, strict=True):
        assert geometry.symmetric_difference(expected).area < 1e-9 * max(expected.area, 1e-9)
        assert geometry.geom_type == expected.geom_type


def _features(path: Path) -> Sequence[tuple[dict[str, Any], BaseGeometry]]:
    with fiona.open(path) as file:
        found = [(dict(item["properties"]), shape(item["geometry"])) for item in file]
    return sorted(found, key=lambda item: (str(item[0]), item[1].bounds))
