"""Masks made from the bands of a scene, by models of others that are installed as extras."""

from __future__ import annotations

from automap_tiles.scenes.maskers._registry import Masking, masker_of, names

__all__ = ["Masking", "masker_of", "names"]
