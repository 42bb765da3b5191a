"""Time series of the scenes of a process at a point, with the reason for masked dates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from rasterio.warp import transform

from automap_tiles.formats.capabilities import Dated, DatedReader
from automap_tiles.layers import web
from automap_tiles.layers._scenes import ScenesLayer
from automap_tiles.layers.dated import DatedLayer
from automap_tiles.layers.values import values_at
from automap_tiles.missions import Flag
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.masks import flag_picture
from automap_tiles.scenes.reading import lattice_of, read_dates

if TYPE_CHECKING:
    from automap_tiles.runtime import Process
    from automap_tiles.scenes.reading import Reading
    from automap_tiles.scenes.select import Overpass
    from automap_tiles.scenes.stack import Stack

_NEAR = "near a masked pixel"
"""Reason for a pixel without a flag of its own: the mask was buffered or cleaned."""


@dataclass(frozen=True, kw_only=True)
class Date:
    """One date at one pixel."""

    time: str
    """UTC, as ISO 8601."""
    scenes: tuple[str, ...]
    values: tuple[float, ...]
    """Reflectance, masked or not."""
    masked: bool
    reason: str | None = None
    """Of a masked one: the flags of its pixel."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """An input of scenes at a point."""

    input: str
    bands: tuple[str, ...]
    dates: tuple[Date, ...]
    """By time; dates without data there are omitted."""


def series_of(process: Process, lon: float, lat: float) -> list[Series]:
    """The series of every input of scenes; raises `InputError` for a file that cannot be read."""
    readers = process.inputs_of_file.readers((process.base_zooms or process.zooms)[-1])
    return [
        Series(input=name, bands=reader.reading.bands, dates=tuple(_dates(reader, lon, lat)))
        for name, reader in (
            (name, each.by_date()) for name, each in readers if isinstance(each, Dated)
        )
    ]


def series_at(layer: DatedLayer, lon: float, lat: float) -> Series:
    """All dates of a layer at a point; raises `InputError` for a file that cannot be read."""
    bands = layer.info.band_names
    if isinstance(layer, ScenesLayer):
        return Series(input=layer.info.title, bands=bands, dates=_all(layer.reader, lon, lat))
    found = []
    for day, file in zip(layer.dates, layer.files, strict=True):
        values = values_at(file, lon, lat)
        if values is None or any(value is np.ma.masked for value in values):
            continue
        numbers = tuple(float(value) for value in values)
        found.append(Date(time=day, scenes=(file.info.title,), values=numbers, masked=False))
    return Series(input=layer.info.title, bands=bands, dates=tuple(found))


def _all(reader: DatedReader, lon: float, lat: float) -> tuple[Date, ...]:
    return tuple(_dates(reader, lon, lat))


def _dates(reader: DatedReader, lon: float, lat: float) -> list[Date]:
    frame = _pixel(reader, lon, lat)
    reading = replace(reader.reading, whole=False, cloud_distance=None)
    seen = _read(reader.dates, frame, replace(reading, mask=None))
    clear = _read(reader.dates, frame, reading)
    valid = {place: number for number, place in enumerate(clear.indexes)}
    found = []
    for number, place in enumerate(seen.indexes):
        masked = place not in valid
        stack, at = (seen, number) if masked else (clear, valid[place])
        found.append(
            Date(
                time=stack.times[at].isoformat(),
                scenes=stack.scene_ids[at],
                values=tuple(float(value) for value in np.ravel(stack.values[at])),
                masked=masked,
                reason=_reason(reader.dates[place], stack.scene_ids[at], frame, reading)
                if masked
                else None,
            )
        )
    return sorted(found, key=lambda date: date.time)


def _read(dates: Sequence[Overpass], frame: NativeFrame, reading: Reading) -> Stack:
    return read_dates(dates, frame, reading, target=frame.grid)


def _reason(date: Overpass, ids: tuple[str, ...], frame: NativeFrame, reading: Reading) -> str:
    """The mask flags of the pixel, as text."""
    flags = Flag(0)
    rule = reading.mask
    for scene in date.scenes:
        if scene.id in ids and rule is not None:
            flags |= Flag(int(flag_picture(scene, frame, rule.confidence, rule.making)[0, 0]))
    wanted = Flag.FILL if rule is None else rule.flags | Flag.FILL
    names = [(flag.name or "").lower() for flag in flags & wanted]
    return ", ".join(names) or _NEAR


def _pixel(reader: DatedReader, lon: float, lat: float) -> NativeFrame:
    """The pixel of the sensor's grid at a point."""
    lattice = reader.lattice or lattice_of(reader.scenes, reader.reading)
    (x,), (y,) = transform(web.LON_LAT, lattice.crs, [lon], [lat])
    width, height = lattice.pixel
    if not (math.isfinite(x) and math.isfinite(y)):
        return NativeFrame(lattice, (range(0), range(0)))
    row = math.floor((lattice.transform.f - y) / height)
    col = math.floor((x - lattice.transform.c) / width)
    return NativeFrame(lattice, (range(row, row + 1), range(col, col + 1)))
