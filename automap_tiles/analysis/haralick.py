"""The textures of Haralick, Shanmugam and Dinstein 1973 in a window around every pixel.

R. M. Haralick, K. Shanmugam, I. Dinstein, Textural Features for Image Classification, IEEE
Transactions on Systems, Man and Cybernetics SMC-3(6), 1973, doi:10.1109/TSMC.1973.4309314: f1 to
f13, by their definitions there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.samples import Bools

Texture: TypeAlias = Literal[
    "asm",
    "contrast",
    "correlation",
    "variance",
    "idm",
    "sum_average",
    "sum_variance",
    "sum_entropy",
    "entropy",
    "difference_variance",
    "difference_entropy",
    "imc1",
    "imc2",
]
TEXTURES: tuple[Texture, ...] = get_args(Texture)
"""f1 to f13 in the order of the paper."""
MAX_LEVELS = 256
MAX_RADIUS = 22
"""Sums over larger windows could leave 32 bits."""


@dataclass(frozen=True, kw_only=True)
class Quantisation:
    """How values become grey levels: the same everywhere, so that tiles have no seams.

    Values from `low` to `high` are parted into `levels` equal steps, those beyond take the first or
    the last. Raises `ValueError` for levels outside 2 to 256 and for an empty range.
    """

    low: float
    high: float
    levels: int = 32

    def __post_init__(self) -> None:
        if not 2 <= self.levels <= MAX_LEVELS:
            raise ValueError(f"grey levels are 2 to {MAX_LEVELS}, not {self.levels}")
        if not self.low < self.high < float("inf") or not self.low > float("-inf"):
            raise ValueError(f"grey levels need low < high, not {self.low} and {self.high}")


def haralick(
    plane: NDArray[np.float32],
    valid: Bools,
    radius: int,
    quantisation: Quantisation,
    features: Sequence[Texture] = TEXTURES,
    *,
    distance: int = 1,
    fast: bool | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Textures by their names; filled below."""
    raise NotImplementedError
