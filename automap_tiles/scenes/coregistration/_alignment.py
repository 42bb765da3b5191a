"""Shifts of scenes relative to a reference: a file, or the majority of the dates.

Without a file there are two passes. The first compares all scenes with the clearest date; the date
closest to all others defines the target position. The second compares with the median of the
clearest dates, shifted there. Dates are never compared with their predecessor, as small errors
would accumulate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from automap_tiles.analysis.registration.consensus import Consensus, consensus
from automap_tiles.analysis.registration.shift import Doubt, Shift, find_shift
from automap_tiles.analysis.registration.translate import translate
from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.missions import Scene, grid_of
from automap_tiles.scenes.coregistration._placed import PlacedScene
from automap_tiles.scenes.coregistration._windows import SceneWindows, of_one_place
from automap_tiles.scenes.frames import FrameSource, NativeFrame
from automap_tiles.scenes.lattice import Window
from automap_tiles.scenes.masks import OWN_LAYERS, FlagSource
from automap_tiles.stopping import raise_if_stopped

Picture = np.ma.MaskedArray[Any, Any]
Look = Callable[[Window], Picture]
"""Reads a window of the reference."""

_OF_MEDIAN = 15
"""Number of dates in the median, the clearest ones."""
_FEWEST = 3
"""Smallest number of dates for a median."""
_HALF = 0.5
"""Share of these dates that must be clear for a pixel of the median to count."""


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """Options of the co-registration."""

    band: str = "nir"
    """Band to compare: near infrared, which shows fields and coasts well."""
    reference: str | None = None
    """Raster file whose first band is the reference; None: the majority of the dates."""
    making: FlagSource = OWN_LAYERS
    """Source of the masks."""


def align(scenes: Sequence[Scene], alignment: Alignment) -> tuple[PlacedScene, ...]:
    """The placement of every scene, in their order; scenes of one tile and place form a group.

    Reads windows of every scene, a few at a time. Raises `InputError` for a file that cannot be
    read or a scene without the band.
    """
    groups: dict[tuple[str | None, str | None], list[Scene]] = {}
    for scene in scenes:
        groups.setdefault((scene.tile, scene.crs), []).append(scene)
    placed = {
        each.id: each
        for group in groups.values()
        for members in of_one_place(group, alignment.band)
        for each in _of_group(members, alignment)
    }
    return tuple(placed[scene.id] for scene in scenes)


def _of_group(scenes: Sequence[Scene], alignment: Alignment) -> Iterable[PlacedScene]:
    windows = SceneWindows.of(scenes, alignment.band, alignment.making)
    if alignment.reference is not None:
        found = _beside_file(scenes, windows, alignment.reference)
    elif len(scenes) < 2:
        found = [Consensus(shift=Shift(rows=0.0, columns=0.0), places=0, inliers=0, spread=0.0)]
    else:
        found = _in_two_passes(scenes, windows)
    pixel = windows.lattice.pixel
    return [
        PlacedScene(id=scene.id, found=each, pixel=pixel)
        for scene, each in zip(scenes, found, strict=True)
    ]


def _in_two_passes(scenes: Sequence[Scene], windows: SceneWindows) -> list[Consensus | Doubt]:
    clear = [_clear(scene, windows) for scene in scenes]
    order = sorted(range(len(scenes)), key=lambda place: (-clear[place], scenes[place].id))
    first = scenes[order[0]]
    found = _anchored(_against(scenes, windows, lambda window: windows.read(first, window)), order)
    told = [place for place in order if isinstance(found[place], Consensus)][:_OF_MEDIAN]
    if len(told) < _FEWEST:
        return found
    members = [
        (scenes[place], each.shift) for place in told if isinstance(each := found[place], Consensus)
    ]
    return _against(scenes, windows, lambda window: _median(members, windows, window))


def _against(scenes: Sequence[Scene], windows: SceneWindows, look: Look) -> list[Consensus | Doubt]:
    """The shift of every scene relative to a reference, which is read once per window."""
    found: list[list[Shift | Doubt]] = [[] for _ in scenes]
    for window in windows.windows:
        reference = look(window)
        for scene, own in zip(scenes, found, strict=True):
            raise_if_stopped()
            own.append(find_shift(reference, windows.read(scene, window)))
    return [consensus(own) for own in found]


def _anchored(found: Sequence[Consensus | Doubt], order: Sequence[int]) -> list[Consensus | Doubt]:
    """The same shifts, relative to the date closest to all others.

    So a single misplaced date is moved rather than all the others; ties go to the clearest date,
    the first in `order`.
    """
    told = [each for place in order if isinstance(each := found[place], Consensus)]
    if not told:
        return list(found)
    # rounded to a thousandth, as two dates are equally close to each other
    anchor = min(told, key=lambda each: round(sum(_apart(each, other) for other in told), 3)).shift
    return [
        each
        if isinstance(each, Doubt)
        else replace(
            each,
            shift=Shift(
                rows=each.shift.rows - anchor.rows, columns=each.shift.columns - anchor.columns
            ),
        )
        for each in found
    ]


def _apart(one: Consensus, other: Consensus) -> float:
    return math.hypot(one.shift.rows - other.shift.rows, one.shift.columns - other.shift.columns)


def _clear(scene: Scene, windows: SceneWindows) -> int:
    """Number of valid pixels in its windows."""
    total = 0
    for window in windows.windows:
        raise_if_stopped()
        total += int(windows.read(scene, window).count())
    return total


def _median(
    members: Sequence[tuple[Scene, Shift]], windows: SceneWindows, window: Window
) -> Picture:
    """(y, x) median of shifted and normalised dates; masked where few are clear."""
    pictures = [
        _evened(translate(windows.read(scene, window), (shift.rows, shift.columns)))
        for scene, shift in members
    ]
    values = np.stack([np.ma.filled(picture, np.nan) for picture in pictures])
    count = np.count_nonzero(np.isfinite(values), axis=0)
    enough = count >= max(1, math.ceil(_HALF * len(pictures)))
    middle = np.zeros(count.shape)
    if enough.any():
        middle[enough] = np.nanmedian(values[:, enough], axis=0)
    return np.ma.MaskedArray(middle, mask=~enough)


def _evened(picture: Picture) -> Picture:
    """Normalised to mean 0 and standard deviation 1, else gaps would show in the median."""
    if picture.count() < 2 or not (spread := float(picture.std())):
        return np.ma.MaskedArray(np.zeros(picture.shape), mask=True)
    return np.ma.MaskedArray((picture - picture.mean()) / spread)


def _beside_file(
    scenes: Sequence[Scene], windows: SceneWindows, reference: str
) -> list[Consensus | Doubt]:
    """The shift of every scene relative to a file, which may cover only some of them."""
    grid = grid_of(reference)
    box = windows.lattice.extent(grid)
    if box is None:
        raise InputError("the reference lies where the scenes' CRS means nothing", reference)
    shared = windows.within(box)
    if not shared.windows:
        return [Doubt.UNSEEN] * len(scenes)
    return _against(scenes, shared, _file(reference, grid, shared))


def _file(reference: str, grid: Grid, windows: SceneWindows) -> Look:
    """The first band of a raster file, resampled onto the windows."""
    source = FrameSource(href=reference, grid=grid, indexes=(1,), nodata=None)

    def look(window: Window) -> Picture:
        pixels = NativeFrame(windows.lattice, window).read(source, "cubic")[0]
        return np.ma.MaskedArray(np.ma.getdata(pixels), mask=np.ma.getmaskarray(pixels))

    return look
