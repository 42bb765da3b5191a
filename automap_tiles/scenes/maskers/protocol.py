"""What a masker is."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from automap_tiles.missions import Scene
from automap_tiles.scenes.lattice import Window
from automap_tiles.scenes.reflectance import Reflectance

Flags = np.ndarray[Any, np.dtype[np.uint16]]


class Masker(Protocol):
    """Makes flags of reflectance.

    One per Python process, used by several threads. A pixel's flags depend on the scene alone and
    never on the window: models that look around a pixel are run on fixed blocks of the scene.
    """

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands that it needs, in the order of its model."""

    @property
    def resolution(self) -> float:
        """Metres: pixels that it is meant for, where the scene has any so fine."""

    def check(self, scene: Scene) -> None:
        """Raise `ConfigError` for a scene of a sensor or level that it cannot tell anything of."""

    def flags(self, pixels: Reflectance, window: Window) -> Flags:
        """(y, x) of a window of the reflectance's lattice, `FILL` where it has no data."""
