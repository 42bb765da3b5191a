"""Array metadata of an EOPF store (Zarr version 2, consolidated metadata)."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automap_tiles.errors import InputError
from automap_tiles.missions._common.stac import number
from automap_tiles.parsing import parse_json

LARGEST_CHUNK = 256 * 2**20
"""Bytes of a decoded chunk: whole tiles at 10 m, 16 bits, take 241 MB. GDAL decodes the full chunk
for every pixel read, whatever the store declares."""
_PIXEL_OFF = 1e-6
_ITEM_SIZE = re.compile(r"[<>|][a-zA-Z](\d+)")


@dataclass(frozen=True, kw_only=True)
class Array:
    """Metadata of one array."""

    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    item_size: int
    """Bytes."""
    fill: object
    """Fill value of missing chunks; None: not stated."""
    separator: str
    attributes: Mapping[str, Any]

    def said(self, name: str) -> Any:
        """An attribute, which EOPF writes twice; raises `InputError` if the two differ."""
        copy = self.attributes.get("_eopf_attrs")
        found = [
            each[name]
            for each in (self.attributes, copy)
            if isinstance(each, Mapping) and each.get(name) is not None
        ]
        if any(each != found[0] for each in found):
            raise InputError(f"{self.path} says two things of {name}: {found[0]} and {found[-1]}")
        return found[0] if found else None

    def number(self, name: str) -> float:
        """Like `said`; also raises `InputError` if it is not a number."""
        found = number(self.said(name))
        if found is None:
            raise InputError(f"{self.path} without {name}, or it is not a number")
        return found

    def nodata(self) -> int:
        """The nodata value; raises `InputError` if none or two are stated."""
        found = {number(each) for each in (self.said("fill_value"), self.fill) if each is not None}
        value = found.pop() if len(found) == 1 else None
        if value is None or not float(value).is_integer():
            raise InputError(f"{self.path} does not say which number is nodata (fill_value)")
        return int(value)

    def epsg(self) -> int:
        """EPSG code of its CRS; raises `InputError`."""
        code = self.attributes.get("proj:code")
        said = self.attributes.get("proj:epsg") or str(code or "").removeprefix("EPSG:")
        found = number(said)
        if found is None or not found.is_integer():
            raise InputError(f"{self.path} does not say its CRS (proj:epsg, proj:code)")
        return int(found)

    def transform(self, size: float | None = None) -> tuple[float, ...]:
        """The six coefficients of its affine transform for a pixel `size` in metres.

        Its x and y coordinates are pixel centres and are ignored. Raises `InputError` if the
        transform is missing, or contradicts the size or bounding box of the array.
        """
        said = self.attributes.get("proj:transform")
        numbers = [number(each) for each in said] if isinstance(said, list) else []
        found = tuple(each for each in numbers[:6] if each is not None)
        if len(found) != 6:
            raise InputError(f"{self.path} does not say where it lies (proj:transform)")
        a, b, c, d, e, f = found
        if b or d or a <= 0 or e != -a or (size is not None and a != size):
            raise InputError(f"{self.path}: proj:transform {found[:6]}, where pixels are {size} m")
        box = self.attributes.get("proj:bbox")
        height, width = self.shape
        own = (c, f + height * e, c + width * a, f)
        if isinstance(box, list) and not _same(box, own):
            raise InputError(f"{self.path}: proj:transform and proj:bbox are of two places")
        return found

    def check_size(self, dimensions: int = 2) -> None:
        """Raise `InputError` for a wrong number of dimensions, or chunks too large to decode."""
        if len(self.shape) != dimensions or len(self.chunks) != dimensions:
            raise InputError(f"{self.path} has {len(self.shape)} dimensions, not {dimensions}")
        decoded = math.prod(self.chunks) * self.item_size
        if min(*self.shape, *self.chunks) < 1 or decoded > LARGEST_CHUNK:
            raise InputError(
                f"{self.path}: a chunk of {self.chunks} takes {decoded / 2**20:.0f} MB when it is "
                f"read; {LARGEST_CHUNK // 2**20} MB at most are"
            )

    def chunk_names(self) -> Iterator[str]:
        """File names of all its chunks."""
        counts = [-(-size // chunk) for size, chunk in zip(self.shape, self.chunks, strict=True)]
        for place in itertools.product(*map(range, counts)):
            yield self.separator.join(map(str, place))


@dataclass(frozen=True, kw_only=True)
class Store:
    """A store: product metadata, and arrays by path."""

    attributes: Mapping[str, Any]
    arrays: Mapping[str, Array]

    @property
    def item(self) -> Mapping[str, Any]:
        """The embedded STAC item."""
        return _mapping(self.attributes.get("stac_discovery"))

    @property
    def properties(self) -> Mapping[str, Any]:
        return _mapping(self.item.get("properties"))

    @property
    def other(self) -> Mapping[str, Any]:
        """Product metadata that do not fit in STAC."""
        return _mapping(self.attributes.get("other_metadata"))


def read_store(text: bytes) -> Store:
    """Parse `.zmetadata`; raises `InputError` if it is invalid."""
    try:
        found = parse_json(text)["metadata"]
        arrays = {
            name.removesuffix("/.zarray"): _array(
                name.removesuffix("/.zarray"),
                said,
                _mapping(found.get(f"{name.removesuffix('.zarray')}.zattrs")),
            )
            for name, said in found.items()
            if name.endswith("/.zarray")
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f".zmetadata is not that of a Zarr store: {error!r}") from error
    return Store(attributes=_mapping(found.get(".zattrs")), arrays=arrays)


def _array(path: str, said: Mapping[str, Any], attributes: Mapping[str, Any]) -> Array:
    size = _ITEM_SIZE.fullmatch(str(said["dtype"]))
    letters = 4 if "U" in str(said["dtype"]) else 1
    return Array(
        path=path,
        shape=_whole(said["shape"]),
        chunks=_whole(said["chunks"]),
        item_size=int(size[1]) * letters if size else LARGEST_CHUNK,
        fill=said.get("fill_value"),
        separator=str(said.get("dimension_separator") or "."),
        attributes=attributes,
    )


def _whole(values: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(each) for each in values)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _same(box: Sequence[Any], own: Sequence[float]) -> bool:
    found = [number(each) for each in box]
    return len(found) == len(own) and all(
        each is not None and abs(each - want) <= _PIXEL_OFF
        for each, want in zip(found, own, strict=True)
    )
