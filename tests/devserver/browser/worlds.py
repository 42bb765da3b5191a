"""What the browser is shown: real scenes made into a composite and a class map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests import starts
from tests.imagery.place import is_real

SCENES = "data/sentinel2/mapchete_eo_33TWL_l2a_120m"
BOUNDS = [15.2, 45.2, 16.3, 45.9]
CLASSES = {1: "#2c7bb6", 2: "#d9b365", 3: "#1a9641"}

CLASSIFY = '''
"""Three classes by the NDVI of a composite."""
import numpy as np

from automap_tiles import Empty


def execute(picture):
    data = picture.read()
    if data.mask.all():
        raise Empty
    red, nir = (data[band].astype("float32") for band in (2, 3))
    ndvi = ((nir - red) / np.ma.maximum(nir + red, 1)).filled(0)
    classes = np.digitize(ndvi, [0.1, 0.45]) + 1
    return np.ma.MaskedArray(classes[None], mask=data.mask[:1]).astype("uint8")
'''


@dataclass(frozen=True)
class World:
    """Two processes, both run."""

    composite: Path
    classes: Path
    """The folder of its tiles."""
    is_real: bool
    """Whether the scenes are; those that the tests write have fewer colours."""


def make_world(folder: Path, shared: Path) -> World:
    """Run `composite` on the scenes, then the classes on its output."""
    pyramid = {"grid": "mercator"}
    area = {"bounds": BOUNDS, "bounds_crs": "EPSG:4326"}
    levels = {"zoom_levels": {"min": 7, "max": 9}}
    (folder / "classes.py").write_text(CLASSIFY)
    composite = {
        "process": "composite",
        "input": {
            "scenes": {
                "format": "scenes", "path": str(shared / SCENES), "tiles": ["33TWL"],
                "bands": ["blue", "green", "red", "nir"],
            }
        },
        "output": {
            "format": "GTiff", "path": "composite", "bands": 4, "dtype": "int16", "nodata": -32768,
            "descriptions": ["blue", "green", "red", "nir"],
            "styles": {"false colour": {"bidx": [4, 3, 2], "rescale": ["0,4000"]}},
        },
        "process_parameters": {"method": "median"},
        "pyramid": pyramid, **levels, **area,
        "baselevels": {"min": 9, "max": 9, "lower": "average"},
    }  # fmt: skip
    classes = {
        "process": "./classes.py",
        "input": {"picture": "composite.mapchete"},
        "output": {
            "format": "GTiff", "path": "classes", "bands": 1, "dtype": "uint8", "nodata": 0,
            "colormap": CLASSES,
        },
        "pyramid": pyramid, **levels, **area,
        "baselevels": {"min": 9, "max": 9, "lower": "mode"},
    }  # fmt: skip
    for name, process in (("composite", composite), ("classes", classes)):
        path = folder / f"{name}.mapchete"
        path.write_text(json.dumps(process, indent=1))
        words = ["execute", str(path), "--no-progress", "--concurrency", "none"]
        starts.run(words, starts.EXECUTE, timeout=60).check_returncode()
    return World(folder / "composite.mapchete", folder / "classes", is_real(shared / SCENES))
