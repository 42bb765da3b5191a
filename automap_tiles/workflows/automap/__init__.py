"""From satellite products to scenes, composites and maps of classes.

Three orders of one deed: each makes first what the one before it makes.

What lies in the folder of a run, here or in an object store alike, and how it comes there:

=============================================== ==================================================
`SATELLITE/scenes/ID.tif`, `ID.json`            written by the worker that prepared the scene: the
                                                picture on its own disk first, then as one object;
                                                the STAC item last, so that where it is the picture
                                                is whole
`SATELLITE/scenes/prepared.json`                collection; the parent, when scenes begin and end
`SATELLITE/composite_….tif.parts/`              tiles, each an object, by the workers
`SATELLITE/composite_….tif`                     put together of them by the parent, on its disk
                                                first, then as one object of many parts
`SATELLITE/composite_….json`, `….scenes.json`   STAC item, and what each scene gave; the parent
`SATELLITE/.samples/`                           points, and their features as tiles of FlatGeobuf
`SATELLITE/model_….zip`, `training_….html`      model and its report; the parent
`SATELLITE/classes_….tif`                       as the composite
`run_….json`, `run_….html`                      record and report; the parent, at the end
`….journal.sqlite` (in a store: `….gz`)         one beside each composite and map, one in each
                                                folder of tiles; in a store a copy of that which
                                                the parent works on
`journal.lock`, `….journal.lock`                who writes now: a lease, renewed every few seconds
=============================================== ==================================================

So nothing that a run needs to go on is on the machine that began it. What is on its way from a
catalogue has a place on the disk of a machine (`scratch`), for a number of scenes at a time
(`room`): with processes of this machine the parent fetches it, on a cluster each worker its own.
"""

from automap_tiles.workflows.automap._check import AutomapReport, SatellitePlan, check
from automap_tiles.workflows.automap._run import run
from automap_tiles.workflows.automap.order import (
    ClassificationOrder,
    CompositeOrder,
    DownloadOrder,
)
from automap_tiles.workflows.automap.state import AutomapOutcome, Results

__all__ = [
    "AutomapOutcome",
    "AutomapReport",
    "ClassificationOrder",
    "CompositeOrder",
    "DownloadOrder",
    "Results",
    "SatellitePlan",
    "check",
    "run",
]
