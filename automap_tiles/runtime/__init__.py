"""A process: what to run, on which inputs, with which parameters, where to, and where on Earth."""

from automap_tiles.runtime._process import Process, ProcessHashes
from automap_tiles.runtime.legacy import LegacyKeyWarning
from automap_tiles.runtime.open import open_process

__all__ = ["LegacyKeyWarning", "Process", "ProcessHashes", "open_process"]
