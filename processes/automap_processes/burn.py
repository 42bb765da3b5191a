"""Polygons of known class as a raster of classes: samples, masks, maps to compare with.

Input: `features`, polygons of any vector file or output. `class_field` is the field that holds the
class: a number from 1 to 255, or a name that `classes` gives a number.

Bands of the output (`dtype: uint8`, `nodata: 0`): the class; with `cover: true` also how many per
cent of the pixel its class covers, 1 to 100, of 64 places in each pixel. Give `lower: mode` under
`baselevels` for overviews.

Of several polygons on a pixel the one of the highest `priority_field` counts (no field: all alike),
then the smallest, then the one that comes first by its class. Features without a class, those on
the middle of no pixel, pixels of several classes and those that were shrunk away are told. The
result does not depend on how the tiles are cut.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from rasterio.features import rasterize
from shapely.geometry import shape as shape_of

from automap_tiles import (
    ConfigError,
    Empty,
    Fate,
    Note,
    Subject,
    Tile,
    VectorInput,
    WholeVectorInput,
    parse_number,
    tell,
)
from automap_tiles.analysis.shapes.erode import eroded

Picture = np.ma.MaskedArray[Any, Any]
Classes = np.ndarray[Any, np.dtype[np.uint8]]
Tags = dict[int, dict[str, str]]

_AT_A_TIME = 2**22
"""Pixels of a feature that are looked at at a time."""
FINER = 8
"""Places along each side of a pixel that its cover is told by."""
_HIGHEST = 255


def pixelbuffer(erode: int = 0) -> int:
    """Pixels around a tile that its classes depend on."""
    return erode


def check_parameters(
    classes: dict[str, int] | None = None,
    erode: int = 0,
    least_cover: float = 0.0,
    cover: bool = False,
) -> int:
    """How many bands the raster has; complains of parameters that cannot work."""
    for name, value in (classes or {}).items():
        if not 1 <= value <= _HIGHEST:
            raise _wrong("classes", f"{name} is a number from 1 to {_HIGHEST}", value)
    if erode < 0:
        raise _wrong("erode", "is a number of pixels", erode)
    if not 0 <= least_cover <= 1:
        raise _wrong("least_cover", "is a share of the pixel, 0 to 1", least_cover)
    return 1 + cover


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """Which feature has which class, and which counts where there are several."""

    class_field: str
    priority_field: str | None
    classes: Mapping[str, int] | None

    def check(self, features: WholeVectorInput) -> None:
        """Raise `ConfigError` for fields that no feature of the tile has."""
        known = dict.fromkeys(name for one in features.read_whole() for name in one["properties"])
        for key, name in (("class", self.class_field), ("priority", self.priority_field)):
            if known and name is not None and name not in known:
                close = difflib.get_close_matches(name, known, 1)
                raise ConfigError(
                    "is not a field of the features",
                    key=f"process_parameters.{key}_field",
                    found=name,
                    remedy=f"{close[0]}?" if close else f"one of {', '.join(known)}",
                )

    def value(self, feature: Mapping[str, Any]) -> int:
        """Class of a feature; 0: none."""
        found = feature["properties"].get(self.class_field)
        if self.classes is not None:
            is_whole = isinstance(found, float) and found.is_integer()  # 3 beside gaps is 3.0
            return self.classes.get(str(int(found) if is_whole else found), 0)
        number = parse_number(found) or 0.0
        return int(number) if 1 <= number <= _HIGHEST and number.is_integer() else 0

    def priority(self, feature: Mapping[str, Any]) -> float:
        """The higher counts; a feature without one is the lowest."""
        if self.priority_field is None:
            return 0.0
        found = parse_number(feature["properties"].get(self.priority_field))
        return -math.inf if found is None or math.isnan(found) else found

    def misses_priority(self, feature: Mapping[str, Any]) -> bool:
        """Whether something else than a number stands there."""
        found = feature["properties"].get(self.priority_field)
        return found not in {None, ""} and parse_number(found) is None

    def order(self, feature: Mapping[str, Any]) -> tuple[float, float, int]:
        """Burnt in this order, each over those before."""
        area = shape_of(feature["geometry"]).area
        return self.priority(feature), -area, -self.value(feature)


def execute(  # noqa: PLR0913 - the parameters of the process file
    features: VectorInput,
    tile: Tile,
    *,
    class_field: str,
    classes: dict[str, int] | None = None,
    priority_field: str | None = None,
    all_touched: bool = False,
    buffer: float = 0.0,
    erode: int = 0,
    cover: bool = False,
    least_cover: float = 0.0,
) -> tuple[Picture, Tags]:
    """The class of every pixel whose middle lies in a polygon.

    `all_touched`: of every pixel that a polygon touches. `buffer` widens polygons by so many
    pixels, or shrinks them where it is below 0. `erode` takes so many pixels off the patches that
    come of it, also where patches of two classes meet. Pixels of which the class covers less than
    `least_cover` have none.
    """
    if not isinstance(features, WholeVectorInput):
        raise ConfigError(
            "is of a driver whose features cannot be had whole",
            key="features",
            remedy="the vector file itself (GeoJSON, GPKG, FlatGeobuf, …) as the input",
        )
    rule = _Rule(class_field=class_field, priority_field=priority_field, classes=classes)
    rule.check(features)
    how = _Burning(features, rule, all_touched, buffer)
    found = how.classes()
    _tell_features(how, tile)
    if not found.any():
        raise Empty
    _tell("several classes on a pixel: that of the highest priority, or the smallest polygon, "
          "is taken", _inside(how.several(found), tile), Fate.REPLACED)  # fmt: skip
    shares = how.cover(found) if cover or least_cover else None
    if shares is not None and least_cover:
        little = (found != 0) & (shares < least_cover)
        _tell("covered by less than least_cover", _inside(little, tile))
        found = np.where(little, 0, found).astype(np.uint8)
    if erode:
        kept = _eroded(found, erode)
        _tell("taken off by erode", _inside((found != 0) & (kept == 0), tile))
        found = kept
    layers = [found]
    if cover and shares is not None:
        layers.append(np.clip(np.round(shares * 100), 1, 100).astype(np.uint8))
    picture = np.ma.MaskedArray(np.stack(layers), mask=np.stack([found == 0] * len(layers)))
    return picture, _tags(classes, cover)


@dataclass(frozen=True)
class _Burning:
    """Features, burnt one way or another."""

    features: WholeVectorInput
    rule: _Rule
    all_touched: bool
    buffer: float

    def classes(self, finer: int = 1, only: int | None = None, but: int | None = None) -> Classes:
        """(y, x) classes; `finer` as many pixels along each side; `only` or all `but` one class."""

        def value_of(one: Mapping[str, Any]) -> int:
            value = self.rule.value(one)
            return value if only in {None, value} and value != but else 0

        return self.features.read_as_raster_values(
            value_of,
            self.rule.order,
            all_touched=self.all_touched and finer == 1,
            pixelbuffer=self.buffer,
            finer=finer,
        )

    def several(self, found: Classes) -> Any:
        """(y, x) whether polygons of more than one class lie there."""
        several = np.zeros(found.shape, dtype=bool)
        for value in np.unique(found[found != 0]).tolist():
            several |= (found == value) & (self.classes(but=value) != 0)
        return several

    def cover(self, found: Classes) -> Any:
        """(y, x) share of the pixel that its class covers."""
        shares = np.zeros(found.shape, np.float32)
        for value in np.unique(found[found != 0]).tolist():
            fine = self.classes(FINER, only=value) != 0
            height, width = found.shape
            of_class = fine.reshape(height, FINER, width, FINER).mean(axis=(1, 3))
            shares = np.where(found == value, of_class, shares)
        return shares


def _eroded(found: Classes, pixels: int) -> Classes:
    """Patches without their outermost pixels, class by class."""
    kept = np.zeros_like(found)
    for value in np.unique(found[found != 0]).tolist():
        kept[eroded(found == value, pixels)] = value
    return kept


def _tell_features(how: _Burning, tile: Tile) -> None:
    """Features that have a place in the tile and come to nothing; each is told by one tile."""
    without, missed, wordy = [], [], []
    for feature, name in _placed(how.features, tile):
        if not how.rule.value(feature):
            without.append(name)
        elif not how.all_touched and not _has_middle(feature, how.buffer, tile):
            missed.append(name)
        if how.rule.misses_priority(feature):
            wordy.append(name)
    rule, lost = how.rule, Fate.LOST
    for names, fate, reason, remedy in (
        (
            without,
            lost,
            f"no class from 1 to {_HIGHEST} in {rule.class_field}",
            "classes: {name: 1}",
        ),
        (missed, lost, "on the middle of no pixel", "all_touched: true"),
        (wordy, Fate.REPLACED, f"{rule.priority_field} is not a number, so they come last", None),
    ):
        if names:
            tell(Note(fate=fate, subject=Subject.FEATURES, reason=reason, count=len(names),
                      examples=tuple(names[:3]), remedy=remedy))  # fmt: skip


def _placed(features: WholeVectorInput, tile: Tile) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Whole features that a tile speaks for: it holds a certain point of theirs; their names."""
    bounds = tile.unbuffered().bounds
    for feature in features.read_whole():
        point = shape_of(feature["geometry"]).representative_point()
        if point.is_empty:
            continue
        x, y = point.x, point.y
        if bounds.left <= x < bounds.right and bounds.bottom < y <= bounds.top:
            yield feature, str(feature.get("id", f"{x:g} {y:g}"))


def _has_middle(feature: Mapping[str, Any], buffer: float, tile: Tile) -> bool:
    """Whether the middle of any pixel lies in it, however far beyond the tile."""
    shape = shape_of(feature["geometry"])
    if buffer:
        shape = shape.buffer(buffer * tile.pixel_x_size)
    if shape.is_empty:
        return False
    left, bottom, right, top = shape.bounds
    inverse = ~tile.transform
    (col, row), (last_col, last_row) = inverse @ (left, top), inverse @ (right, bottom)
    cols = range(math.floor(col), math.ceil(last_col) + 1)
    rows = range(math.floor(row), math.ceil(last_row) + 1)
    step = max(1, _AT_A_TIME // len(cols))
    # from the middle outwards: most shapes have one there, and a thin one is looked through
    starts = sorted(rows[::step], key=lambda first: abs(first + step / 2 - rows[len(rows) // 2]))
    for first in starts:
        corner = Affine.translation(cols.start, first)
        part = min(step, rows.stop - first), len(cols)
        if rasterize([shape], part, transform=tile.transform @ corner, dtype="uint8").any():
            return True
    return False


def _inside(pixels: Any, tile: Tile) -> int:
    """How many of (y, x) lie in the tile itself, not in what is asked for around it."""
    top, bottom, left, right = tile.buffer_margins
    height, width = pixels.shape
    return int(pixels[top : height - bottom, left : width - right].sum())


def _tell(reason: str, count: int, fate: Fate = Fate.LOST) -> None:
    if count:
        tell(Note(fate=fate, subject=Subject.PIXELS, reason=reason, count=count))


def _tags(classes: Mapping[str, int] | None, cover: bool) -> Tags:
    several: dict[str, list[str]] = {}
    for name, value in (classes or {}).items():
        several.setdefault(f"class_{value}", []).append(name)
    names = {key: ", ".join(each) for key, each in several.items()}
    tags = {1: {"name": "class", **names}}
    return tags | {2: {"name": "cover"}} if cover else tags


def _wrong(name: str, message: str, found: object) -> ConfigError:
    return ConfigError(message, key=f"process_parameters.{name}", found=found)
