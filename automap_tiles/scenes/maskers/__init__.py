"""Cloud masks computed from a scene's bands by third-party models, installed as extras."""

from __future__ import annotations

from automap_tiles.scenes.maskers._registry import Masking, masker_of, names

__all__ = ["Masking", "masker_of", "names"]
