"""The orders of a run: download, composite and classification."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from automap_tiles.workflows._bounds import Count, Percent, Positive, Whole
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.execution import Concurrency, ExecutionOptions
from automap_tiles.workflows.learning import Learning


@dataclass(frozen=True, kw_only=True)
class DownloadOrder(Order):
    """Download scenes and prepare them as multiband GeoTIFFs."""

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
    """Folder or archive of products, local or in an object store; STAC file, URL of a STAC API, or
    name of a catalogue."""
    output: str
    """Local folder or one in an object store (`s3://…`, `gs://…`, `az://…`); each satellite has its
    own subfolder."""
    mask: tuple[str, ...] = ("cloud", "cirrus", "shadow")
    """Mask flags that exclude a pixel from a composite; scenes without them are reported."""
    max_cloud_cover: Percent | None = None
    """Exclude scenes with more clouds."""
    masker: str | None = None
    """Computes masks from the bands, in place of the scenes' own: `csmask` or `s2cloudless`."""
    project_shadow: bool = False
    """Project the shadows of clouds, for masks without shadows."""
    require_mask: bool = False
    """Reject scenes that lack a requested mask; otherwise they are used and reported."""
    brdf: bool = False
    """Correct reflectance to nadir view, with the angles of each product."""
    description: str = ""
    """A description by which to find the run again."""
    overwrite: bool = False
    """Remake the final results of this order."""
    workers: Count | None = None
    """Number of workers; None: the number of cores."""
    concurrency: Concurrency = "processes"
    """Kind of the workers, for scenes and tiles."""
    dask_scheduler: str | None = None
    """Address of a running scheduler; None: a local cluster."""

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
    """Bands with the provenance of the pixels."""
    coregister: bool = False
    """Coregister the dates of each satellite."""
    seamless: bool = False
    """Harmonise the radiometry of each satellite's scenes, using their overlaps."""
    crs: str | None = None
    """CRS of the composites, such as `EPSG:3035`; None: that of most scenes."""
    resolution: Positive | None = None
    """Pixel size of the composites in units of their CRS; None: about that of the scenes. Coarser
    pixels are means."""
    update: bool = False
    """Remake only what is affected by added, removed or changed scenes: the tiles of composites
    that they intersect, and all of a classification made from them. Otherwise a run is refused if
    its scenes differ from those of the existing composite."""


@dataclass(frozen=True, kw_only=True)
class ClassificationOrder(CompositeOrder):
    """Merge scenes, and map the classes of samples in the composites."""

    workflow: ClassVar[str] = "classification"

    samples: str
    """Points or polygons of known class: a CSV with X, Y in longitude and latitude and columns of
    years (the nearest is taken), or any vector file."""
    learn: Learning = field(default_factory=Learning)
    confidence: bool = False
    """A band with the margin of the most probable class, per cent."""
    probabilities: bool = False
    """A band with the probability of each class."""
    smoothing: Whole = 0
    """Window of the Bayesian smoothing (odd); 0: none."""
    minimum_patch: Whole = 0
    """Pixels: smaller patches are merged into the surrounding class."""
