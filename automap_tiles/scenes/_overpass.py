"""Cloud buffers across tile edges, shared by the scenes of one overpass.

They saw the same clouds at the same time, but a mask that is widened or cleaned knows only those
within the edges of its scene. A cloud just beyond them throws no rim there, and rims would end
where tiles do. So near its edges a scene's word that a pixel is clear counts only where no other
one says that it is covered. Everywhere else each of them may find a pixel clear.
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
"""A scene, the part of a frame that it reaches, and where that is in the frame."""


@dataclass(frozen=True, kw_only=True)
class JointMask:
    """What the masks of an overpass say, of a frame."""

    ruled_out: Bools
    """(y, x), whichever of the scenes has data there."""
    codes: dict[str, Codes] = field(default_factory=dict)
    """Scene → what its own mask says of its part."""


def verdict(parts: Sequence[Part], shape: tuple[int, int], rule: MaskRule) -> JointMask | None:
    """What they say together; None where no mask reaches beyond its own pixels."""
    if not (rule.dilation or rule.opening or any(scene.shift != (0.0, 0.0) for scene, *_ in parts)):
        return None
    covered, clear = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    codes: dict[str, Codes] = {}
    for scene, part, (rows, cols) in parts:
        own = judged(scene, part, rule)
        if own is None:  # nothing is known of its clouds
            continue
        codes[scene.id] = own
        covered[rows, cols] |= (own & RULED_OUT) != 0
        clear[rows, cols] |= own == 0
    return JointMask(ruled_out=covered & ~clear, codes=codes)
