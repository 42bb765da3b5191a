"""Masks made from the bands of a scene, by models of others that are installed as extras."""

from __future__ import annotations

from automap_tiles.scenes.maskers.registry import NAMES, Masking, masker_of

__all__ = ["NAMES", "Masking", "masker_of"]
