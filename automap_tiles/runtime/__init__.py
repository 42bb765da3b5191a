"""The process model: function, inputs, parameters, output and area, read from a .mapchete file."""

from automap_tiles.runtime._process import Process, ProcessHashes
from automap_tiles.runtime.legacy import LegacyKeyWarning
from automap_tiles.runtime.open import open_process

__all__ = ["LegacyKeyWarning", "Process", "ProcessHashes", "open_process"]
