"""Coregistration: one shift for each scene, so that the dates of an area align.

A shift is estimated once per scene, from windows all over it at full resolution, and stored with
the scene (`Scene.shift`): results do not depend on how the work is split.
"""

from automap_tiles.scenes.coregistration._alignment import Alignment, align
from automap_tiles.scenes.coregistration._placed import PlacedScene, notes_of, with_shifts
from automap_tiles.scenes.coregistration._table import read_table, table_of

__all__ = [
    "Alignment",
    "PlacedScene",
    "align",
    "notes_of",
    "read_table",
    "table_of",
    "with_shifts",
]
