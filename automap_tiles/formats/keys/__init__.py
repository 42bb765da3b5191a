"""Documentation of the keys of inputs and outputs in a process file.

For the reference of the documentation, which is generated from these tables; a test opens inputs
and outputs of every format and compares what their readers and writers take.
"""

from __future__ import annotations

from automap_tiles.formats.keys._inputs import INPUT, INPUTS
from automap_tiles.formats.keys._key import CREATION_OPTIONS, Key
from automap_tiles.formats.keys._outputs import OUTPUT, OUTPUTS

__all__ = ["CREATION_OPTIONS", "INPUT", "INPUTS", "OUTPUT", "OUTPUTS", "Key"]
