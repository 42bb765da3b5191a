"""Description of a raster source: bands, grid, nodata, overviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags

from automap_tiles.grid import Bounds, Grid
from automap_tiles.parsing import parse_number
from automap_tiles.raster._attributes import nodata_texts
from automap_tiles.raster.nodata import whole_limits

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


# GDAL's name for complex integers, which NumPy does not have.
_WIDER = {"complex_int16": "complex64"}


class Georeferencing(Enum):
    """Kind of georeferencing of a source."""

    TRANSFORM = "transform"
    GCPS = "gcps"
    RPCS = "rpcs"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterInfo:
    """Description of a raster source; holds no open dataset."""

    path: str
    count: int
    """Number of bands."""
    dtypes: tuple[str, ...]
    """One per band, named as in NumPy."""
    nodatavals: tuple[float | None, ...]
    """One per band."""
    crs: CRS | None
    """Of the ground control points if these georeference the source; None if unknown."""
    transform: Affine
    """Pixel to CRS coordinates; the identity when there is none."""
    shape: tuple[int, int]
    """(height, width) in pixels."""
    descriptions: tuple[str | None, ...]
    """Band names, one per band; if the source has none, the tag `name` of the band."""
    overviews: tuple[int, ...]
    """Decimation factors of the overviews that all bands have, finest first."""
    masked_bands: tuple[bool, ...]
    """Per band: whether a mask or alpha band of the source marks pixels without data."""
    alpha_band: int | None
    """Number of the alpha band; None if there is none."""
    georeferencing: Georeferencing
    driver: str
    scales: tuple[float, ...] = ()
    """Scale per band; value = number · scale + offset."""
    offsets: tuple[float, ...] = ()

    @property
    def dtype(self) -> str:
        """The smallest NumPy dtype that holds the numbers of all bands."""
        return common_dtype(self.dtypes)

    @property
    def kinds(self) -> str:
        """Number and dtype of the bands as text: `3 × uint8, 1 × float32`."""
        runs = ((dtype, len(list(each))) for dtype, each in groupby(self.dtypes))
        return ", ".join(f"{number} × {dtype}" for dtype, number in runs) or "no bands"

    @property
    def nodata(self) -> float | None:
        """The nodata value of all bands; None if they differ."""
        first, *others = self.nodatavals or (None,)
        return first if all(repr(value) == repr(first) for value in others) else None

    @property
    def alpha(self) -> bool:
        """Whether one of the bands is an alpha band."""
        return self.alpha_band is not None

    @property
    def has_mask(self) -> bool:
        """Whether a mask or alpha band marks pixels without data."""
        return any(self.masked_bands)

    @property
    def bounds(self) -> Bounds:
        """The bounding box of the four corners, CRS units."""
        return self.grid.bounds

    @property
    def grid(self) -> Grid:
        """The pixel grid; only valid if `georeferencing` is TRANSFORM."""
        return Grid(self.crs, self.transform, self.shape)


def describe(dataset: DatasetReader, path: str) -> RasterInfo:
    """Describe an open dataset."""
    crs, georeferencing = _georeferencing(dataset)
    return RasterInfo(
        path=path,
        count=dataset.count,
        dtypes=tuple(dataset.dtypes),
        nodatavals=_nodatavals(dataset),
        crs=crs,
        transform=dataset.transform,
        shape=(dataset.height, dataset.width),
        descriptions=tuple(
            said or dataset.tags(band).get("name")
            for band, said in zip(dataset.indexes, dataset.descriptions, strict=True)
        ),
        overviews=_common_overviews(dataset),
        masked_bands=tuple(MaskFlags.per_dataset in flags for flags in dataset.mask_flag_enums),
        alpha_band=_place_of_alpha(dataset),
        georeferencing=georeferencing,
        driver=dataset.driver,
        scales=tuple(dataset.scales),
        offsets=tuple(dataset.offsets),
    )


def common_dtype(dtypes: Sequence[str]) -> str:
    """The smallest NumPy dtype that holds all of these, at least one, named as in rasterio."""
    return np.result_type(*(_WIDER.get(dtype, dtype) for dtype in dtypes)).name


def _common_overviews(dataset: DatasetReader) -> tuple[int, ...]:
    """Overviews that all bands have: GDAL opens a level of all bands together."""
    if not dataset.count or not (first := dataset.overviews(1)):
        return ()
    alike = all(dataset.overviews(band) == first for band in dataset.indexes[1:])
    return tuple(first) if alike else ()


def _place_of_alpha(dataset: DatasetReader) -> int | None:
    kinds = list(dataset.colorinterp)
    return kinds.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in kinds else None


def _nodatavals(dataset: DatasetReader) -> tuple[float | None, ...]:
    """Nodata value per band.

    Rasterio rounds or drops large ones of 64-bit integers, GDAL does not.
    """
    said: list[float | None] = list(dataset.nodatavals)
    if any(_is_rounded(dataset, place) for place in range(dataset.count)):
        exact = nodata_texts(dataset)
        for place in range(dataset.count):
            if _is_rounded(dataset, place) and (text := exact[place]) is not None:
                said[place] = parse_number(text) if "." in text else int(text)
    return tuple(
        value if value is None or isinstance(value, int) else float(np.float64(value))
        for value in said
    )


def _is_rounded(dataset: DatasetReader, place: int) -> bool:
    """Whether the nodata value of a band may differ from the one rasterio reports."""
    dtype, value = dataset.dtypes[place], dataset.nodatavals[place]
    if dtype not in ("int64", "uint64"):
        return False
    if value is None:
        return MaskFlags.nodata in dataset.mask_flag_enums[place]
    least, most = whole_limits(dtype)
    return not least < value < most


def _georeferencing(dataset: DatasetReader) -> tuple[CRS | None, Georeferencing]:
    if not dataset.transform.is_identity:
        return dataset.crs, Georeferencing.TRANSFORM
    points, points_crs = dataset.gcps
    if points:
        return points_crs, Georeferencing.GCPS
    if dataset.rpcs is not None:
        return CRS.from_epsg(4326), Georeferencing.RPCS
    if dataset.crs is not None:
        return dataset.crs, Georeferencing.TRANSFORM
    return None, Georeferencing.NONE
