"""Rendering of tiles, in any process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from automap_tiles.grid import TileIndex
from automap_tiles.layers import web
from automap_tiles.pictures.colormaps import Classes
from automap_tiles.pictures.encode import encode
from automap_tiles.pictures.render import Picture, render
from automap_tiles.pictures.style import Style, read_style
from automap_tiles.raster import overview

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.layers.files import FileLayer
    from automap_tiles.workflows.export._order import Look
    from automap_tiles.workflows.export._plan import ExportPlan

_SIZE = web.BASE


class Painted(NamedTuple):
    """One rendered tile."""

    tile: TileIndex
    version: str
    """Of the source pixels."""
    content: bytes | None
    """None: there is nothing to see on it."""


@dataclass(frozen=True, kw_only=True)
class Painter:
    """Renders the tiles of a layer; picklable."""

    layer: FileLayer
    look: Look

    @property
    def style(self) -> Style:
        query = tuple(sorted(self.look.query.items()))
        return _style(query, self.layer.info.band_names, self.layer.info.alpha)

    def paint(self, index: TileIndex) -> bytes | None:
        """The image of a tile that is read from the source; None if there is nothing to see."""
        return self._picture(self._read(index))

    def coarse(self, plan: ExportPlan) -> Iterator[tuple[TileIndex, bytes | None]]:
        """The images of zooms that are too coarse to be read from the source.

        Each pixel is made from the four below it: their mean, or the mode for classes. Depth first,
        so that only four arrays per zoom are in memory.
        """
        for top in plan.tops():
            found: list[RasterArray | None] = []
            yield from self._descend(plan, top, found)

    def _descend(
        self, plan: ExportPlan, index: TileIndex, out: list[RasterArray | None]
    ) -> Iterator[tuple[TileIndex, bytes | None]]:
        """Images of a tile and all below it; the pixels of the tile are appended to `out`."""
        if index.zoom >= plan.readable:
            out.append(self._read(index))
            return
        children = plan.children(index)
        found: list[RasterArray | None] = []
        for child in children:
            yield from self._descend(plan, child, found)
        data = self._shrunk(index, dict(zip(children, found, strict=True)))
        out.append(data)
        if index.zoom in plan.coarse_zooms:
            yield index, self._picture(data)

    def _shrunk(
        self, index: TileIndex, children: dict[TileIndex, RasterArray | None]
    ) -> RasterArray | None:
        there = {child: data for child, data in children.items() if data is not None}
        if not there:
            return None
        sample = next(iter(there.values()))
        values = np.zeros((len(sample), 2 * _SIZE, 2 * _SIZE), sample.dtype)
        mask = np.ones(values.shape, bool)
        for child, data in there.items():
            y, x = (child.row - 2 * index.row) * _SIZE, (child.col - 2 * index.col) * _SIZE
            window = np.s_[:, y : y + _SIZE, x : x + _SIZE]
            values[window] = np.ma.getdata(data)
            mask[window] = np.ma.getmaskarray(data)
        return overview.shrink(
            np.ma.MaskedArray(values, mask),
            (_SIZE, _SIZE),
            resampling="mode" if self._is_of_classes else "average",
            nodata=None,
        )

    @property
    def _is_of_classes(self) -> bool:
        return bool(self.layer.info.classes) or isinstance(self.style.colormap, Classes)

    def _read(self, index: TileIndex) -> RasterArray | None:
        tile = web.web_pyramid().tile(*index)
        return self.layer.read(tile, self.style.needed, self.look.resampling)

    def _picture(self, data: RasterArray | None) -> bytes | None:
        if data is None:
            return None
        picture = render(data, self.style)
        return None if is_blank(picture) else encode(picture, self.look.image)


def is_blank(picture: Picture) -> bool:
    """Whether all pixels of an image are transparent."""
    if picture.opaque is not None and not picture.opaque.any():
        return True
    if picture.palette is None or picture.palette[:, 3].all():
        return False
    seen = picture.palette[picture.planes[0], 3] != 0
    return not (seen if picture.opaque is None else seen & picture.opaque).any()


@lru_cache(maxsize=8)
def _style(
    query: tuple[tuple[str, tuple[str, ...]], ...], names: tuple[str, ...], alpha: int | None
) -> Style:
    return read_style(dict(query), names, alpha)
