"""Pictures of results: true colour beside NDVI, or beside a map of classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.merge import merge

_NDVI_STOPS = (-0.3, 0.0, 0.2, 0.45, 0.9)
_NDVI_COLOURS = ((70, 90, 140), (150, 110, 80), (235, 225, 170), (110, 175, 70), (10, 75, 25))
_GAP = 8  # px between the two pictures
_SHORTEST = 480  # px: smaller pictures are enlarged by a whole factor
_LONGEST = 1600  # px: larger ones are taken from the overviews


def write_quicklook(
    tiles: Path, zooms: Sequence[int], path: Path, *, rgb: tuple[int, int, int]
) -> None:
    """PNG of all GeoTIFF tiles of one zoom, cropped to the data, transparent where there is none.

    It shows the finest of the zooms at which the data is at most 1600 px long. `rgb` are the bands
    (from 1) of red, green and blue; the last band is NDVI × 10 000.
    """
    data = _finest(tiles, zooms)
    masked: NDArray[np.bool_] = np.asarray(np.ma.getmaskarray(data))
    opaque = np.where(masked.any(axis=0), 0, 255).astype(np.uint8)
    colour = np.stack([_stretch(data[band - 1]) for band in rgb])
    _write_pair(colour, _paint_ndvi(data[-1]), opaque, path)


def write_class_quicklook(scene: Path, classes: Path, path: Path) -> None:
    """PNG of a scene in true colour beside the map of its classes, which is on the same grid.

    The scene's bands are named; the map brings its table of colours.
    """
    with rasterio.open(scene) as source:
        bands = [source.descriptions.index(name) + 1 for name in ("red", "green", "blue")]
        colour = np.stack([_stretch(band) for band in source.read(bands, masked=True)])
    with rasterio.open(classes) as source:
        values = source.read(1)
        table = np.zeros((256, 4), np.uint8)
        for value, rgba in source.colormap(1).items():
            table[value] = rgba
    painted = table[values][..., :3].transpose(2, 0, 1)
    _write_pair(colour, painted, np.where(values > 0, 255, 0).astype(np.uint8), path)


def _write_pair(
    left: NDArray[np.uint8], right: NDArray[np.uint8], opaque: NDArray[np.uint8], path: Path
) -> None:
    """Two pictures (3, y, x) of the same pixels side by side."""
    factor = max(1, -(-_SHORTEST // min(opaque.shape)))
    pictures = [
        np.concatenate([layer, opaque[None]]).repeat(factor, 1).repeat(factor, 2)
        for layer in (left, right)
    ]
    gap = np.zeros((4, pictures[0].shape[1], _GAP), np.uint8)
    path.write_bytes(_png(np.concatenate([pictures[0], gap, pictures[1]], axis=2)))


def _finest(tiles: Path, zooms: Sequence[int]) -> np.ma.MaskedArray[Any, Any]:
    for zoom in sorted(zooms, reverse=True):
        data = _crop(_mosaic(sorted((tiles / str(zoom)).glob("*/*.tif"))))
        if max(data.shape) <= _LONGEST:
            break
    return data


def _mosaic(paths: list[Path]) -> np.ma.MaskedArray[Any, Any]:
    sources = [rasterio.open(path) for path in paths]
    try:
        data, _ = merge(sources, masked=True)
    finally:
        for source in sources:
            source.close()
    mosaic: np.ma.MaskedArray[Any, Any] = data
    return mosaic


def _crop(data: np.ma.MaskedArray[Any, Any]) -> np.ma.MaskedArray[Any, Any]:
    masked: NDArray[np.bool_] = np.asarray(np.ma.getmaskarray(data))
    valid = np.asarray(~masked.all(axis=0))
    rows, cols = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    return data[:, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]


def _stretch(band: np.ma.MaskedArray[Any, Any]) -> NDArray[np.uint8]:
    """Linear stretch between the 1st and the 99th percentile of the valid pixels."""
    low, high = np.percentile(band.compressed(), (1, 99))
    filled: NDArray[np.float64] = np.asarray(band.filled(low), np.float64)
    return _as_uint8(255 * (filled - low) / max(high - low, 1))


def _as_uint8(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _paint_ndvi(band: np.ma.MaskedArray[Any, Any]) -> NDArray[np.uint8]:
    ndvi = band.filled(0) / 10_000
    channels = np.transpose(_NDVI_COLOURS)
    return np.stack([np.interp(ndvi, _NDVI_STOPS, channel) for channel in channels]).astype(
        np.uint8
    )


def _png(picture: NDArray[np.uint8]) -> bytes:
    count, height, width = picture.shape
    profile = {"driver": "PNG", "count": count, "height": height, "width": width, "dtype": "uint8"}
    with MemoryFile() as memory:
        # a third of the time of level 6, for a file that is a tenth larger
        with memory.open(**profile, zlevel=3) as target:
            target.write(picture)
        return bytes(memory.read())
