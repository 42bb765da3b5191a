"""The pixels that one scene contributes to its date: reflectance and validity on a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine

from automap_tiles.grid import Grid
from automap_tiles.missions import BandFile, Scene
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes._overpass import Part, verdict
from automap_tiles.scenes._values import convert, convert_by_angle, convert_times
from automap_tiles.scenes.frames import Frame, FrameSource, NativeFrame, Slices
from automap_tiles.scenes.masks import (
    Codes,
    cloud_distance,
    judged,
    rules_out,
)
from automap_tiles.scenes.nadir import factor_at
from automap_tiles.scenes.reflectance import band_grid, sun_zenith
from automap_tiles.scenes.select import Overpass

if TYPE_CHECKING:
    from automap_tiles.scenes.reading import Reading

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def parts_of(date: Overpass, frame: Frame, reading: Reading) -> list[Part]:
    """The scenes of a date that intersect a frame, each with its part of it."""
    found = ((scene, part_of(scene, frame, reading)) for scene in date.scenes)
    return [(scene, *part) for scene, part in found if part is not None]


def judged_together(
    parts: Sequence[Part], frame: Frame, reading: Reading, room: Bools | None
) -> tuple[Bools | None, Mapping[str, Codes]]:
    """Pixels still to be filled, and the masks known so far, where scenes may overlap."""
    if len(parts) < 2 or reading.mask is None:
        return room, {}
    found = verdict(parts, frame.shape, reading.mask)
    if found is None:
        return room, {}
    free = ~found.ruled_out
    return (free if room is None else room & free), found.codes


def part_of(scene: Scene, frame: Frame, reading: Reading) -> tuple[Frame, Slices] | None:
    """The part of a frame that a scene covers, by the grid of its first band."""
    grid = band_grid(scene, scene.band(reading.bands[0]))
    if scene.shift != (0.0, 0.0):
        transform = Affine.translation(*scene.shift) @ grid.transform
        grid = Grid(grid.crs, transform, grid.shape)
    return frame.part_of(grid)


def read_scene(
    where: Part,
    reading: Reading,
    out: tuple[Array, Bools, Array | None],
    room: Bools | None,
    codes: Codes | None,
) -> bool:
    """Write a scene's pixels into its date; returns whether there were any.

    `codes`: its mask, if already computed.
    """
    scene, part, (rows, cols) = where
    values, valid = out[0][:, rows, cols], out[1][rows, cols]
    counts = ~valid
    if room is not None:
        counts &= room[rows, cols]
    if reading.mask is not None and counts.any():
        own = judged(scene, part, reading.mask) if codes is None else codes
        if own is not None:
            counts &= ~rules_out(own)
    if not counts.any():
        return False
    is_first = not valid.any()
    target = values if is_first else np.empty(values.shape, dtype=values.dtype)
    _read_bands(scene, part, reading, target, counts)
    if not is_first:
        np.copyto(values, target, where=counts)
    if out[2] is not None and reading.cloud_distance is not None:
        opening = 0.0 if reading.mask is None else reading.mask.opening
        metres = cloud_distance(scene, part, reading.cloud_distance, reading.making, opening)
        np.copyto(out[2][rows, cols], metres, where=counts)
    valid |= counts
    return bool(counts.any())


def _read_bands(scene: Scene, frame: Frame, reading: Reading, out: Array, counts: Bools) -> None:
    """Read all bands of a scene, file by file; pixels missing in a band no longer count."""
    angles = sun_zenith(scene, frame)
    groups: dict[tuple[str, float | None], list[tuple[int, BandFile]]] = {}
    for place, name in enumerate(reading.bands):
        file = scene.band(name)
        nodata: float | None = None if file.scaling is None else file.scaling.nodata
        groups.setdefault((resolve(file.href, scene.access), nodata), []).append((place, file))
    for (href, nodata), members in groups.items():
        indexes = tuple(file.index for _, file in members)
        grid = band_grid(scene, members[0][1])
        source = FrameSource(
            href=href, grid=grid, indexes=indexes, nodata=nodata, shift=scene.shift
        )
        target = out, [place for place, _ in members]
        pixels, missing = _pixels(source, frame, reading, target, counts)
        counts &= ~missing
        for (place, file), plane in zip(members, pixels, strict=True):
            factor, add = _change(scene, reading.bands[place], frame)
            if angles is not None and file.scaling is not None and file.scaling.sun_elevation:
                times = reading.scale if factor is None else reading.scale * factor
                added = add * reading.scale
                counts &= convert_by_angle(plane, file.scaling, angles, out[place], times, added)
            elif factor is not None:
                convert_times(plane, file.scaling, factor, out[place], reading.scale, add)
            else:
                convert(plane, file.scaling, out[place], reading.scale)


def _change(scene: Scene, band: str, frame: Frame) -> tuple[Array | None, float]:
    """Factor (y, x) on reflectance, or None, and the offset added afterwards."""
    factor = factor_at(scene, band, frame)
    tone = None if scene.tones is None else scene.tones.get(scene.instrument.band(band).name)
    if tone is None:
        return factor, 0.0
    gain, offset = tone
    return (np.full(frame.shape, gain) if factor is None else factor * gain), offset


def _pixels(
    source: FrameSource,
    frame: Frame,
    reading: Reading,
    target: tuple[Array, Sequence[int]],
    counts: Bools,
) -> tuple[Array, Bools]:
    """Numbers (band, y, x) of a file, and where (y, x) one of its bands has no data.

    Unless resampling is needed they are read directly into the memory of the final reflectance, and
    parts without any pixel in `counts` may be skipped.
    """
    out, places = target
    first = places[0]
    if isinstance(frame, NativeFrame) and list(places) == [*range(first, first + len(places))]:
        found = frame.read_into(source, out[first : first + len(places)], counts)
        if found is not None:
            return found
    pixels = frame.read(source, reading.resampling, counts)
    missing: Bools = np.logical_or.reduce(np.ma.getmaskarray(pixels))
    return np.ma.getdata(pixels), missing
