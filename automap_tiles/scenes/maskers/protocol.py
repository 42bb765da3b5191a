"""Interface of maskers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from automap_tiles.missions import Scene
from automap_tiles.scenes.lattice import Window
from automap_tiles.scenes.reflectance import Reflectance

Flags = np.ndarray[Any, np.dtype[np.uint16]]


class Masker(Protocol):
    """Computes flags from reflectance.

    One instance per Python process, used by several threads. The flags of a pixel depend on the
    scene only, never on the window: models with a neighbourhood run on fixed blocks of the scene.
    """

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands it needs, in the order of its model."""

    @property
    def resolution(self) -> float:
        """Pixel size in metres that it is designed for, if the scene is fine enough."""

    def check(self, scene: Scene) -> None:
        """Raise `ConfigError` for a scene of an unsupported sensor or level."""

    def flags(self, pixels: Reflectance, window: Window) -> Flags:
        """(y, x) flags of a window of the reflectance's lattice, `FILL` where it has no data."""
