"""From satellite products to scenes, composites and maps of classes: what shall be made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from automap_tiles.workflows._bounds import Count, Percent, Positive, Whole
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.execution import Concurrency, ExecutionOptions
from automap_tiles.workflows.learning import Learning


@dataclass(frozen=True, kw_only=True)
class DownloadOrder(Order):
    """Fetch scenes and prepare them: one multiband GeoTIFF each."""

    workflow: ClassVar[str] = "download"

    satellites: tuple[str, ...]
    """Digits, names or groups: `2578`, `landsat-8`, `landsat`, `sentinel`, `all`."""
    start: str
    """First day, such as `2018-04-01`."""
    end: str
    """Last day, after the first."""
    boundary: str
    """GeoJSON or another vector file: the union of all its shapes is the area."""
    input: str
    """Folder or archive of products, here or in an object store; STAC file, address of a STAC API,
    or name of a catalogue."""
    output: str
    """Folder of this machine or of an object store (`s3://…`, `gs://…`, `az://…`); each satellite
    has its own in it."""
    mask: tuple[str, ...] = ("cloud", "cirrus", "shadow")
    """What rules a pixel out of a composite; scenes that cannot tell it are named."""
    max_cloud_cover: Percent | None = None
    """Leave out scenes with more clouds."""
    masker: str | None = None
    """Makes the masks from the bands, in place of the scenes' own: `csmask` or `s2cloudless`."""
    project_shadow: bool = False
    """Look for the shadows of clouds: for masks that have none."""
    require_mask: bool = False
    """Refuse scenes that lack a requested mask; otherwise they are used and reported."""
    brdf: bool = False
    """Bring reflectance to a view from straight above, by the angles of each product."""
    description: str = ""
    """To find the run again."""
    overwrite: bool = False
    """Make anew what this order ends with."""
    workers: Count | None = None
    """How many at a time; as many as there are cores when None."""
    concurrency: Concurrency = "processes"
    """What the workers are, of scenes and tiles alike."""
    dask_scheduler: str | None = None
    """Address of a running scheduler; a cluster on this machine when None."""

    @property
    def how(self) -> ExecutionOptions:
        """How tiles are processed; raises `ConfigError` for invalid worker settings."""
        return ExecutionOptions(
            concurrency=self.concurrency, workers=self.workers, dask_scheduler=self.dask_scheduler
        )


@dataclass(frozen=True, kw_only=True)
class CompositeOrder(DownloadOrder):
    """Prepare scenes, and merge those of each satellite."""

    workflow: ClassVar[str] = "composite"

    statistics: tuple[str, ...] = ("median",)
    """Methods of composites, such as `median`, `std`, `medoid`."""
    provenance: tuple[str, ...] = ("valid_count",)
    """Bands that say where the pixels are from."""
    coregister: bool = False
    """Bring the dates of each satellite onto each other."""
    seamless: bool = False
    """Make the scenes of each satellite equally bright, by where they overlap."""
    crs: str | None = None
    """Coordinate system of the composites, such as `EPSG:3035`; that of most scenes when None."""
    resolution: Positive | None = None
    """Pixel size of the composites in units of their coordinate system; about that of the scenes
    when None. Coarser pixels are means."""
    update: bool = False
    """Make anew what the scenes that came, went or changed since then reach, and nothing else: of
    composites these tiles, of a classification that was made of them all. Without it a run whose
    scenes are others than those of the composite that is there refuses."""


@dataclass(frozen=True, kw_only=True)
class ClassificationOrder(CompositeOrder):
    """Merge scenes, and map the classes of samples in the composites."""

    workflow: ClassVar[str] = "classification"

    samples: str
    """Points or polygons of known class: a CSV with X, Y in longitude and latitude and columns of
    years (the nearest is taken), or any vector file."""
    learn: Learning = field(default_factory=Learning)
    confidence: bool = False
    """A band with the lead of the best class, per cent."""
    probabilities: bool = False
    """A band for each class with its probability."""
    smoothing: Whole = 0
    """Window (odd) in which pixels listen to their neighbours; 0: none."""
    minimum_patch: Whole = 0
    """Pixels: smaller patches take the class around them."""
