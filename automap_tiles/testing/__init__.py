"""Contract test suites for authors of plug-ins.

A class of tests is inherited in a test module of one's own, and pytest runs it::

    from automap_tiles.testing import MissionContract

    class TestDove(MissionContract):
        mission = MISSION

The project's own readers, writers, storages, maskers and missions are tested by the same.
`memory_tiles`, `MemoryStorage` and `BrightMasker` are real ones that leave no files behind and
need no model.
"""

from automap_tiles.storage import MemoryStorage
from automap_tiles.testing._maskers import BrightMasker, MaskerContract
from automap_tiles.testing._memory import memory_tiles
from automap_tiles.testing._mission import MissionContract
from automap_tiles.testing._readers import ReaderContract
from automap_tiles.testing._storage import StorageContract
from automap_tiles.testing._writers import WriterContract

__all__ = [
    "BrightMasker",
    "MaskerContract",
    "MemoryStorage",
    "MissionContract",
    "ReaderContract",
    "StorageContract",
    "WriterContract",
    "memory_tiles",
]
