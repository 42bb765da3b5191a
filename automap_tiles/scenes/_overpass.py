"""Cloud buffers across tile edges, shared by the scenes of one overpass.

Scenes of an overpass saw the same clouds at the same time, but a mask that is dilated or cleaned
knows only the clouds within its own scene. A cloud just outside would get no buffer inside, and
buffers would end at tile edges. So near its edges, a scene's pixel counts as clear only if no other
scene marks it. Everywhere else any scene may mark a pixel as clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from automap_tiles.missions import Scene
from automap_tiles.scenes.frames import Frame, Slices
from automap_tiles.scenes.masks import (
    RULED_OUT,
    Bools,
    Codes,
    MaskRule,
    judged,
)

Part = tuple[Scene, Frame, Slices]
"""A scene, the part of a frame that it covers, and the slices of that part in the frame."""


@dataclass(frozen=True, kw_only=True)
class JointMask:
    """Combined masks of an overpass on a frame."""

    ruled_out: Bools
    """(y, x), for whichever of the scenes has data there."""
    codes: dict[str, Codes] = field(default_factory=dict)
    """Scene id → codes of its own mask on its part."""


def verdict(parts: Sequence[Part], shape: tuple[int, int], rule: MaskRule) -> JointMask | None:
    """The combined masks; None if no mask depends on neighbouring pixels."""
    if not (rule.dilation or rule.opening or any(scene.shift != (0.0, 0.0) for scene, *_ in parts)):
        return None
    covered, clear = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    codes: dict[str, Codes] = {}
    for scene, part, (rows, cols) in parts:
        own = judged(scene, part, rule)
        if own is None:  # no cloud information
            continue
        codes[scene.id] = own
        covered[rows, cols] |= (own & RULED_OUT) != 0
        clear[rows, cols] |= own == 0
    return JointMask(ruled_out=covered & ~clear, codes=codes)
