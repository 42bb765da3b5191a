"""Draw small text and scale bars into images.

The font is built in, 5 pixels wide and 7 high, so that images are the same on every machine.
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Corner = Literal["upper left", "upper right", "lower left", "lower right"]

_LETTERS = (
    " !\"#%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz|~"
)
_COLUMNS = (
    "0000000000 00005F0000 0007000700 147F147F14 2313086462 3649552250 0005030000 001C224100 "
    "0041221C00 14083E0814 08083E0808 0050300000 0808080808 0060600000 2010080402 3E5149453E "
    "00427F4000 4261514946 2141454B31 1814127F10 2745454539 3C4A494930 0171090503 3649494936 "
    "064949291E 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906 324979413E "
    "7E1111117E 7F49494936 3E41414122 7F4141221C 7F49494941 7F09090901 3E4149497A 7F0808087F "
    "00417F4100 2040413F01 7F08142241 7F40404040 7F020C027F 7F0408107F 3E4141413E 7F09090906 "
    "3E4151215E 7F09192946 4649494931 01017F0101 3F4040403F 1F2040201F 3F4038403F 6314081463 "
    "0708700807 6151494543 007F414100 0041417F00 4040404040 2054545478 7F48444438 3844444420 "
    "384444487F 3854545418 087E090102 0C5252523E 7F08040478 00447D4000 2040443D00 7F10284400 "
    "00417F4000 7C04180478 7C08040478 3844444438 7C14141408 081414187C 7C08040408 4854545420 "
    "043F444020 3C4040207C 1C2040201C 3C4030403C 4428102844 0C5050503C 4464544C44 00007F0000 "
    "0804081008 "
)
"""Per character five columns from left to right as hexadecimal bytes, bit 0 at the top."""
_WIDTH, _HEIGHT = 5, 7
_UNKNOWN = "?"
_INK, _SHADE = 255, 0


def letters(text: str, size: int = 1) -> Bools:
    """(y, x) of a line of text, True for ink; each font pixel is `size` wide and high.

    Accents are dropped, other non-ASCII characters become question marks.
    """
    plain = unicodedata.normalize("NFKD", text)
    drawn = [_letter(each if each in _LETTERS else _UNKNOWN)
             for each in plain if not unicodedata.combining(each)]  # fmt: skip
    gap = np.zeros((_HEIGHT, 1), dtype=bool)
    line = np.concatenate([part for each in drawn for part in (each, gap)] or [gap], axis=1)
    return line[:, :-1].repeat(size, axis=0).repeat(size, axis=1)


def draw(picture: Bytes, shape: Bools, corner: Corner, margin: int = 6) -> None:
    """Draw a shape into an image (y, x, 3) at a corner, in white with a dark outline.

    It is clipped to the image.
    """
    rim = max(1, margin // 6)
    around = _widened(shape, rim)
    height, width = around.shape
    top = margin - rim if corner.startswith("upper") else picture.shape[0] - height - margin + rim
    left = margin - rim if corner.endswith("left") else picture.shape[1] - width - margin + rim
    rows = slice(max(top, 0), max(0, min(top + height, picture.shape[0])))
    cols = slice(max(left, 0), max(0, min(left + width, picture.shape[1])))
    inner = slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left)
    part = picture[rows, cols]
    part[around[inner]] = _SHADE
    ink = np.pad(shape, rim)
    part[ink[inner]] = _INK


def scale_bar(metres: float, width: int, size: int = 1) -> Bools:
    """(y, x) of a bar of a round length with its label above, for pixels of this size in metres.

    At most a quarter of the width of the image.
    """
    most = metres * width / 4
    power = 10.0 ** math.floor(math.log10(most))
    length = max(step * power for step in (1, 2, 5) if step * power <= most)
    pixels = max(3, round(length / metres))
    said = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    text = letters(said, size)
    bar = np.zeros((4 * size, pixels), dtype=bool)
    bar[-size:] = bar[:, :size] = bar[:, -size:] = True
    wide = max(pixels, text.shape[1])
    parts = [np.pad(each, ((0, 0), ((wide - each.shape[1]) // 2, -(-(wide - each.shape[1]) // 2))))
             for each in (text, np.zeros((size, 1), dtype=bool), bar)]  # fmt: skip
    return np.concatenate(parts)


@lru_cache(maxsize=128)
def _letter(letter: str) -> Bools:
    columns = bytes.fromhex(_COLUMNS)[_LETTERS.index(letter) * _WIDTH :][:_WIDTH]
    bits = np.frombuffer(columns, dtype=np.uint8)
    return np.asarray(bits >> np.arange(_HEIGHT)[:, np.newaxis] & 1, dtype=bool)


def _widened(shape: Bools, rim: int) -> Bools:
    """A shape dilated by a number of pixels."""
    found: Any = np.zeros((shape.shape[0] + 2 * rim, shape.shape[1] + 2 * rim), dtype=bool)
    for row in range(2 * rim + 1):
        for col in range(2 * rim + 1):
            found[row : row + shape.shape[0], col : col + shape.shape[1]] |= shape
    return np.asarray(found)
