"""A tile of a layer as the answer to a request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from flask import Response

from automap_devserver._failures import NotFound
from automap_devserver._limits import Limits
from automap_devserver._request_parameters import AskedTile, on_date
from automap_devserver.catalogue import Catalogue
from automap_devserver.settings import PreviewSettings
from automap_tiles import raster
from automap_tiles.errors import ConfigError
from automap_tiles.grid import Bounds, Pyramid, Tile
from automap_tiles.layers import web
from automap_tiles.layers.files import is_bare
from automap_tiles.layers.layer import Layer, LayerInfo
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.pictures.encode import ImageFormat, empty, encode
from automap_tiles.pictures.render import render
from automap_tiles.raster.nodata import free_value

if TYPE_CHECKING:
    from automap_tiles.formats import RasterArray
    from automap_tiles.pictures.style import Style

RESAMPLINGS = ("nearest", "bilinear", "cubic", "average", "mode", "lanczos", "cubic_spline")


class TileEnding(Enum):
    """Format of a tile, by the extension of its address."""

    PNG = "png"
    JPG = "jpg"
    JPEG = "jpeg"
    WEBP = "webp"
    TIF = "tif"

    @property
    def picture(self) -> ImageFormat | None:
        """None: the raw numbers, as GeoTIFF."""
        if self is TileEnding.TIF:
            return None
        return ImageFormat.JPEG if self is TileEnding.JPEG else ImageFormat(self.value)

    @property
    def media_type(self) -> str:
        picture = self.picture
        return "image/tiff; application=geotiff" if picture is None else picture.media_type


@dataclass(frozen=True, kw_only=True)
class WantedTile:
    """A requested tile."""

    layer: Layer
    tile: Tile
    ending: TileEnding
    style: Style
    resampling: str
    look: str
    """Everything in the request that affects the picture, besides the tile."""
    computed: bool
    """Whether tiles of a process have to be computed for it."""


@dataclass(frozen=True, kw_only=True)
class TileAnswer:
    """A tile as sent to the browser."""

    content: bytes | None
    """None: the browser has it already."""
    headers: tuple[tuple[str, str], ...]

    @property
    def status(self) -> str:
        return "304 NOT MODIFIED" if self.content is None else "200 OK"

    @property
    def response(self) -> Response:
        """As a Flask response."""
        return Response(self.content, self.status, self.headers)


class TileServer:
    """Renders tiles, none for longer than a request may take."""

    def __init__(self, catalogue: Catalogue, settings: PreviewSettings, limits: Limits) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._limits = limits

    def answer(
        self, layer: Layer, tile: Tile, ending: str, asked: AskedTile, style: str | None = None
    ) -> TileAnswer:
        """The picture of a tile, or 304 if the browser has it already.

        Raises `ConfigError` for wrong parameters, `NotFound`, `TileFailed`, `TooLong`.
        """
        wanted = self._wanted(layer, tile, ending, asked, style)
        if wanted.computed:
            data = self._read(wanted)  # only then is it known whether there is data
            return self._answer(wanted, data, _etag(wanted, _version(wanted)), asked)
        version = _version(wanted)
        etag = _etag(wanted, version)
        if asked.has(etag):
            return self._not_modified(etag)
        bare = is_bare(version) or _is_too_coarse(layer.info, tile)
        data = None if bare else self._read(wanted)
        return self._answer(wanted, data, etag, asked)

    def _wanted(
        self, layer: Layer, tile: Tile, ending: str, asked: AskedTile, style: str | None
    ) -> WantedTile:
        if max(tile.shape) > self._settings.largest:
            raise ConfigError(f"pictures have at most {self._settings.largest} pixels", key="size")
        name = style or asked.get("style")
        resampling = _resampling(asked.get("resampling"))
        layer = on_date(layer, asked.get("date"))
        return WantedTile(
            layer=layer,
            tile=tile,
            ending=_ending(ending),
            style=self._style(layer, name, asked.query),
            resampling=resampling,
            look=f"{name} {asked.query} {ending}",
            computed=isinstance(layer, ProcessLayer) and not layer.is_made(tile),
        )

    def _style(self, layer: Layer, name: str | None, query: str) -> Style:
        catalogue = self._catalogue
        said = catalogue.said_style(layer, name, query)
        if said is not None:
            return said
        if catalogue.is_known(layer):
            return catalogue.style(layer, name, query)
        return self._limits.compute(lambda: catalogue.style(layer, name, query))

    def _read(self, wanted: WantedTile) -> RasterArray | None:
        bands = wanted.style.needed
        if wanted.ending is TileEnding.TIF:
            bands = tuple(range(1, len(wanted.layer.info.bands) + 1))
        read = partial(wanted.layer.read, wanted.tile, bands, wanted.resampling)
        if wanted.computed:
            return self._limits.compute(read)
        return self._limits.read(read)

    def _answer(
        self, wanted: WantedTile, data: RasterArray | None, etag: str, asked: AskedTile
    ) -> TileAnswer:
        if asked.has(etag):
            return self._not_modified(etag)
        content = _content(wanted, data)
        what = ("Content-Type", wanted.ending.media_type), ("Content-Length", str(len(content)))
        return TileAnswer(content=content, headers=(*what, *self._headers(etag)))

    def _not_modified(self, etag: str) -> TileAnswer:
        return TileAnswer(content=None, headers=self._headers(etag))

    def _headers(self, etag: str) -> tuple[tuple[str, str], ...]:
        age = self._settings.max_age
        kept = f"public, max-age={age}" if age else "no-cache"
        return ("ETag", f'"{etag}"'), ("Cache-Control", kept)


def _resampling(name: str | None) -> str:
    if name is None:
        return "nearest"
    if name not in RESAMPLINGS:
        raise ConfigError(
            "unknown resampling",
            key="resampling",
            found=name[:20],
            remedy=", ".join(RESAMPLINGS),
        )
    return name


def _is_too_coarse(info: LayerInfo, tile: Tile) -> bool:
    """Whether large parts of a raster would be read for a few pixels of a picture."""
    return _web_zoom(tile.pyramid, tile.zoom, info.bounds) < info.min_zoom - 0.5


@lru_cache(maxsize=512)
def _web_zoom(pyramid: Pyramid, zoom: int, bounds: Bounds) -> float:
    return web.zoom_of(pyramid, zoom, bounds)


def _version(wanted: WantedTile) -> str:
    return wanted.layer.version(wanted.tile)


def _etag(wanted: WantedTile, version: str) -> str:
    text = f"{wanted.layer.info.name} {wanted.tile.index} {wanted.look} {version}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _content(wanted: WantedTile, data: RasterArray | None) -> bytes:
    form = wanted.ending.picture
    if form is None:
        if data is None:
            raise NotFound("there is nothing on this tile")
        nodata = wanted.layer.info.nodata
        # for a source with a mask or per-band nodata, a value that is unused here
        return raster.encode_geotiff(
            data, wanted.tile, nodata=free_value(data) if nodata is None else nodata
        )
    if data is None:
        return empty(wanted.tile.shape, form)
    return encode(render(data, wanted.style), form, quickly=True)


def _ending(text: str) -> TileEnding:
    try:
        return TileEnding(text)
    except ValueError:
        known = ", ".join(each.value for each in TileEnding)
        raise NotFound(f"there are no tiles as .{text[:10]}; there are {known}") from None


def web_tile(z: int, x: int, y: int, scale: int = 1) -> Tile:
    """A tile of the web mercator grid; raises `GridError` if it is outside."""
    if not 0 <= z <= web.MAX_ZOOM:
        raise NotFound(f"there are the zooms 0 to {web.MAX_ZOOM}, not {z}")
    return web.web_pyramid(web.BASE * scale).tile(z, y, x)
