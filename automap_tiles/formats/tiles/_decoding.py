"""Decoding of stored tiles: by GDAL, or by the codec that wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from automap_tiles import raster
from automap_tiles.errors import InputError
from automap_tiles.formats._pixel_sample import sample_window
from automap_tiles.formats.capabilities import FileLook, RasterLook
from automap_tiles.formats.tiles._codec import Codec
from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.grid import Grid, Tile, TileIndex
from automap_tiles.raster.drivers import open_dataset
from automap_tiles.raster.legend import ClassLegend
from automap_tiles.raster.raster_facts import RasterFacts

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray


class Decoder(Protocol):
    """Reads the tiles of a raster directory; picklable and thread-safe."""

    def decode(
        self, content: bytes, tile: Tile, bands: tuple[int, ...] | None
    ) -> tuple[RasterArray, int]:
        """Some bands (None: all) of a tile, (band, y, x), and its number of bands.

        Raises `InputError` if it is damaged.
        """
        ...

    def look(self, files: TileFiles, index: TileIndex) -> RasterLook:
        """Metadata of a stored tile."""
        ...

    def glimpse(self, files: TileFiles, index: TileIndex) -> tuple[RasterArray, Grid]:
        """Pixels in the middle of a stored tile, (band, y, x), and the grid of the whole tile."""
        ...

    def __hash__(self) -> int: ...
    def probe(self, files: TileFiles, index: TileIndex) -> None:
        """Read a stored tile completely; raises `InputError` or GDAL's error if that fails."""
        ...


@dataclass(frozen=True)
class GdalTiles:
    """Tiles that GDAL opens, by the suffix of their files."""

    def decode(
        self,
        content: bytes,
        tile: Tile,  # noqa: ARG002 GDAL finds the shape in the file
        bands: tuple[int, ...] | None,
    ) -> tuple[RasterArray, int]:
        return raster.decode_bands(content, bands)

    def look(self, files: TileFiles, index: TileIndex) -> RasterLook:
        return FileLook(files.storage.url(files.key(index)))

    def glimpse(self, files: TileFiles, index: TileIndex) -> tuple[RasterArray, Grid]:
        url = files.storage.url(files.key(index))
        grid = raster.inspect(url).grid
        return raster.read(url, sample_window(grid)), grid

    def probe(self, files: TileFiles, index: TileIndex) -> None:
        with open_dataset(files.storage.url(files.key(index))) as dataset:
            for _, window in dataset.block_windows(1):
                dataset.read(window=window)


@dataclass(frozen=True, eq=False)
class CodecTiles:
    """Tiles that only their codec reads; their metadata are those of the directory."""

    codec: Codec

    def decode(
        self, content: bytes, tile: Tile, bands: tuple[int, ...] | None
    ) -> tuple[RasterArray, int]:
        data = self.codec.decode(content, tile).data
        if bands is not None:
            data = data[[band - 1 for band in bands if band <= len(data)]]
        return data, self.codec.count

    def look(self, files: TileFiles, index: TileIndex) -> RasterLook:
        tile = Tile(files.pyramid, index)
        grid = Grid(tile.crs, tile.transform, tile.shape)
        look: RasterLook = _said_look(files.storage.url(files.key(index)), grid, self.codec)
        return look

    def glimpse(self, files: TileFiles, index: TileIndex) -> tuple[RasterArray, Grid]:
        tile = Tile(files.pyramid, index)
        grid = Grid(tile.crs, tile.transform, tile.shape)
        data, _ = self.decode(_content(files, index), tile, None)
        part = sample_window(grid)
        col, row = (round(each) for each in ~grid.transform @ part.transform @ (0, 0))
        return data[:, row : row + part.shape[0], col : col + part.shape[1]], grid

    def probe(self, files: TileFiles, index: TileIndex) -> None:
        self.decode(_content(files, index), Tile(files.pyramid, index), None)


def _content(files: TileFiles, index: TileIndex) -> bytes:
    key = files.key(index)
    try:
        return files.storage.get(key)
    except FileNotFoundError as error:
        raise InputError("no such tile", files.storage.url(key)) from error


@dataclass(frozen=True, kw_only=True)
class _SaidLook:
    """Metadata of tiles as declared by their directory."""

    info: raster.RasterInfo
    about: RasterFacts
    legend: ClassLegend


def _said_look(path: str, grid: Grid, codec: Codec) -> _SaidLook:
    looks, count = codec.appearance(), codec.count
    scales, offsets = looks.scales or (1.0,) * count, looks.offsets or (0.0,) * count
    info = raster.RasterInfo(
        path=path,
        count=count,
        dtypes=(str(codec.dtype),) * count,
        nodatavals=(codec.nodata,) * count,
        crs=grid.crs,
        transform=grid.transform,
        shape=grid.shape,
        descriptions=looks.names,
        overviews=(),
        masked_bands=(looks.alpha is not None,) * count,
        alpha_band=looks.alpha,
        georeferencing=raster.Georeferencing.TRANSFORM,
        driver="",
        scales=scales,
        offsets=offsets,
    )
    colours = {value: (*rgb, 255)[:4] for value, rgb in looks.class_colours.items()}
    blank: tuple[Any, ...] = ({},) * (count - 1)
    about = RasterFacts(
        tags={},
        band_tags=({},) * count,
        units=looks.units or (None,) * count,
        colorinterp=looks.colorinterp or ("undefined",) * count,
        colours=(colours or None, *((None,) * (count - 1))),
        names=(dict(looks.class_names), *blank),
        columns=((),) * count,
        domains=(),
        points=0,
        has_rpcs=False,
    )
    hexadecimal = {value: f"#{r:02x}{g:02x}{b:02x}" for value, (r, g, b, _) in colours.items()}
    return _SaidLook(
        info=info,
        about=about,
        legend=ClassLegend(names=dict(looks.class_names), colours=hexadecimal),
    )
