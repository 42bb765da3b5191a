"""Processes, outputs and scenes in a notebook: pictures, maps, arrays, progress, cells.

`look` opens what a map can show, `follow` shows how a run goes, `write_files` makes a process file
of a function.
"""

from automap_tiles.notebook._array import Box
from automap_tiles.notebook._cell import IMPORTS, in_two, write_files
from automap_tiles.notebook._look import LookedAt, Shown, look, look_at
from automap_tiles.notebook._progress import follow

__all__ = [
    "IMPORTS",
    "Box",
    "LookedAt",
    "Shown",
    "follow",
    "in_two",
    "look",
    "look_at",
    "write_files",
]
