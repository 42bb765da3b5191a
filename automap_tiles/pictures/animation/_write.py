"""Animations by their format."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import MissingExtra
from automap_tiles.pictures.animation import _gif

Bytes = NDArray[np.uint8]

_QUALITY = 80
"""Of WebP and AVIF: Pillow's own of WebP."""
_AVIF_SPEED = 8
"""Half the time of Pillow's 6, for files larger by some per cent."""


class AnimationFormat(Enum):
    """By the ending of the file."""

    GIF = "gif"
    WEBP = "webp"
    AVIF = "avif"


class Frames(Protocol):
    """Frames of one size, made when they are asked for; the same each time."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> Bytes:
        """(y, x, 3) red, green and blue; raises `IndexError` beyond the last."""
        ...


def write(path: Path, frames: Frames, form: AnimationFormat, milliseconds: int) -> None:
    """Write an animation that repeats for ever, each frame shown for so long.

    A GIF has one palette for all frames and no dithering, so that nothing flickers; its times are
    hundredths of a second. Raises `MissingExtra` without Pillow, or where this Pillow does not know
    the format, `ValueError` without frames.
    """
    try:
        from PIL import features
    except ImportError as error:
        raise MissingExtra("pillow", "plot") from error
    if not len(frames):
        raise ValueError("an animation has one frame at least")
    if form is AnimationFormat.GIF:
        _gif.write(path, frames, milliseconds)
        return
    if not features.check(form.value):
        raise MissingExtra(f"pillow with {form.value}", "plot")
    from automap_tiles.pictures.animation._sequence import lazily

    options: dict[str, Any] = {"quality": _QUALITY, "duration": milliseconds, "save_all": True}
    if form is AnimationFormat.WEBP:
        options |= {"loop": 0, "method": 4}
    else:
        # with several threads the bytes depend on how many there are
        options |= {"speed": _AVIF_SPEED, "max_threads": 1}
    lazily(frames).save(path, format=form.value.upper(), **options)
    if form is AnimationFormat.AVIF:
        _without_times(path)


def _without_times(path: Path) -> None:
    """Take out when it was written, so that the same frames are the same bytes (ISO 14496-12)."""
    content = bytearray(path.read_bytes())
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        place = content.find(box) + len(box)
        if place >= len(box):
            size = 16 if content[place] == 1 else 8  # of two times, by the version
            content[place + 4 : place + 4 + size] = bytes(size)
    path.write_bytes(content)
