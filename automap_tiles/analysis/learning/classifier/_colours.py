"""Colours that can be distinguished, also with colour vision deficiency.

Distances are those of CIELAB (CIE 1976), the minimum over four kinds of colour vision: normal, and
without long-, medium- or short-wavelength cones after Machado, Oliveira & Fernandes 2009 (IEEE
Transactions on Visualization and Computer Graphics 15: 1291-1298, severity 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

APART = 12.0
"""Distance from which patches of a map are distinguished at a glance; 2.3 is just noticeable."""

_EYES: tuple[Floats, ...] = (
    np.eye(3),
    np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
)
# IEC 61966-2-1, D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_STEP = 32
# Lighter or darker colours are hard to see on paper and screen, or look like no data.
_LIGHTNESS = (30.0, 88.0)


def seen(colours: Sequence[str]) -> Floats:
    """(vision, colour, 3) CIELAB of colours `#rrggbb` as seen with each kind of colour vision."""
    return _seen(np.array([list(bytes.fromhex(one[1:])) for one in colours], dtype=np.float64))


def _seen(rgb: Floats) -> Floats:
    share = rgb / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    each = [np.clip(light @ eye.T, 0, 1) @ _TO_XYZ.T / _WHITE for eye in _EYES]
    found = np.stack(each)
    root = np.where(found > (6 / 29) ** 3, np.cbrt(found), found / (3 * (6 / 29) ** 2) + 4 / 29)
    lightness = 116 * root[..., 1] - 16
    a = 500 * (root[..., 0] - root[..., 1])
    b = 200 * (root[..., 1] - root[..., 2])
    return np.stack([lightness, a, b], axis=-1)


def distance(one: str, other: str) -> float:
    """The minimum distance of two colours over all kinds of colour vision."""
    both = seen([one, other])
    return float(np.linalg.norm(both[:, 0] - both[:, 1], axis=-1).min())


def nearest(colour: str, others: Sequence[str]) -> float:
    """Distance to the nearest of the other colours; infinite if there are none."""
    return min((distance(colour, other) for other in others), default=float("inf"))


class Palette:
    """Candidate colours and the distance of each from all that have been taken."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._names, self._points = _pool()
        self._away = np.full(len(self._names), np.inf)
        for colour in taken:
            self.take(colour)

    def take(self, colour: str) -> None:
        """Mark a colour, of these or any other, as taken."""
        away = np.linalg.norm(self._points - seen([colour]), axis=-1).min(axis=0)
        np.minimum(self._away, away, out=self._away)

    def farthest(self) -> str:
        """The colour farthest from all taken; the first one if none is."""
        return self._names[int(self._away.argmax())]


def shades(colour: str) -> list[str]:
    """The colour itself, then darker and lighter shades."""
    rgb = np.array(list(bytes.fromhex(colour[1:])), dtype=np.float64)
    found = [colour]
    for share in (0.15, 0.3, 0.45):
        for end in (0.0, 255.0):
            mixed = np.rint(rgb + share * (end - rgb)).astype(int)
            found.append("#" + bytes(mixed.tolist()).hex())
    return found


@cache
def _pool() -> tuple[tuple[str, ...], Floats]:
    steps = np.arange(0, 256, _STEP) + _STEP // 2
    rgb = np.array(np.meshgrid(steps, steps, steps)).reshape(3, -1).T
    points = _seen(rgb.astype(np.float64))
    fits = (points[0, :, 0] >= _LIGHTNESS[0]) & (points[0, :, 0] <= _LIGHTNESS[1])
    names = tuple("#" + bytes(one).hex() for one in rgb[fits].tolist())
    return names, points[:, fits]
