"""Encode images for the web."""

from __future__ import annotations

import io
from enum import Enum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import MissingExtra
from automap_tiles.pictures.render import Bytes, Picture
from automap_tiles.raster import encode_png
from automap_tiles.raster.png import Deflate, deflate, encode_palette_png


class ImageFormat(Enum):
    """Image formats, by the suffix of their URLs."""

    PNG = "png"
    JPEG = "jpg"
    WEBP = "webp"

    @property
    def media_type(self) -> str:
        return "image/jpeg" if self is ImageFormat.JPEG else f"image/{self.value}"


# Pillow's defaults are 75 and 80; method 0 is WebP's fastest, a quarter of the time of method 4.
_JPEG_QUALITY = 80
_WEBP_QUALITY = 80
_WEBP_METHOD = 0

_BACKGROUND = 255
"""Colour of transparent pixels in formats without transparency."""


def encode(picture: Picture, form: ImageFormat, *, quickly: bool = False) -> bytes:
    """The encoded bytes of an image; JPEG is white where the image is transparent.

    `quickly` is for interactive use: faster, but larger PNG. Raises `MissingExtra` for JPEG and
    WebP without Pillow.
    """
    if form is ImageFormat.PNG:
        return _png(picture, _quick() if quickly else deflate)
    return _jpeg(picture) if form is ImageFormat.JPEG else _webp(picture)


@lru_cache(maxsize=32)
def empty(shape: tuple[int, int], form: ImageFormat) -> bytes:
    """A fully transparent image of this height and width."""
    blank = np.zeros((1, *shape), np.uint8)
    palette = np.zeros((1, 4), np.uint8)
    return encode(Picture(planes=blank, palette=palette), form)


def _png(picture: Picture, compress: Deflate) -> bytes:
    if picture.alpha is not None and (picture.palette is not None or len(picture.planes) == 3):
        return encode_png(picture.rgba(), compress=compress)
    if picture.palette is not None:
        indexed = _indexed(picture)
        if indexed is not None:
            return encode_palette_png(*indexed, compress=compress)
        return encode_png(picture.rgba(), compress=compress)
    planes = picture.planes
    if picture.alpha is not None:
        planes = np.concatenate([planes, picture.rgba()[3:]])
    elif picture.opaque is not None:
        alpha = picture.opaque.astype(np.uint8) * np.uint8(255)
        planes = np.concatenate([planes, alpha[None]])
    return encode_png(planes, compress=compress)


def _indexed(picture: Picture) -> tuple[NDArray[np.uint8], Bytes] | None:
    """Index (y, x) and palette of at most 256 colours, with the mask as a separate colour.

    None if all 256 indexes are in use and there is a mask as well.
    """
    index, palette = picture.planes[0], picture.palette
    if palette is None:
        return None
    if picture.opaque is None or picture.opaque.all():
        return index, palette
    if len(palette) < 256:
        free = len(palette)
        palette = np.concatenate([palette, np.zeros((1, 4), np.uint8)])
    else:
        unused = np.flatnonzero(np.bincount(index[picture.opaque], minlength=256) == 0)
        if not unused.size:
            return None
        free = int(unused[0])
        palette = palette.copy()
        palette[free] = 0
    return np.where(picture.opaque, index, np.uint8(free)), palette


@lru_cache(maxsize=1)
def _quick() -> Deflate:
    """ISA-L's deflate if installed: a third of libdeflate's time, a third more bytes.

    At level 0: at levels 1 and 2 about one input in 10 000 gives different bytes in different
    processes (isal 1.9.1; 1 200 processes with 106 tiles each, 15 of them; none at levels 0, 3).
    """
    try:
        from isal import isal_zlib
    except ImportError:
        return deflate
    return lambda content: bytes(isal_zlib.compress(content, 0))


def _jpeg(picture: Picture) -> bytes:
    if picture.is_plain:
        return _pillow(picture.planes, "JPEG", {"quality": _JPEG_QUALITY})
    rgba = picture.rgba()
    return _pillow(_on_background(rgba[:3], rgba[3]), "JPEG", {"quality": _JPEG_QUALITY})


def _on_background(colours: Bytes, alpha: NDArray[np.uint8]) -> Bytes:
    if (alpha == 255).all():
        return colours
    part = alpha.astype(np.uint32)
    blended = (colours * part + _BACKGROUND * (255 - part) + 127) // 255
    return blended.astype(np.uint8)


def _webp(picture: Picture) -> bytes:
    planes = picture.planes
    if not picture.is_plain:
        rgba = picture.rgba()
        planes = rgba[:3] if (rgba[3] == 255).all() else rgba
    return _pillow(planes, "WEBP", {"quality": _WEBP_QUALITY, "method": _WEBP_METHOD})


def _pillow(planes: Bytes, driver: str, options: dict[str, int]) -> bytes:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtra("Pillow", "serve") from error
    # assembled by Pillow: five times faster than NumPy's copy of three-byte pixels
    bands = [Image.fromarray(np.ascontiguousarray(plane)) for plane in planes]
    image = Image.merge("RGB" if len(bands) == 3 else "RGBA", bands)
    with io.BytesIO() as out:
        image.save(out, driver, **options)
        return out.getvalue()
