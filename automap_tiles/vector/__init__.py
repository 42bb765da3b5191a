"""Features: read for a tile, clip, reproject, rasterize to masks, encode as bytes."""

import automap_tiles.imports.rasterio  # noqa: F401 - before all that import it
from automap_tiles.vector._antimeridian import (
    continued_across_antimeridian,
    intersection_across_antimeridian,
    intersects_across_antimeridian,
    shifted_to_box,
)
from automap_tiles.vector._encode import decode_features, encode_features
from automap_tiles.vector._geojson import as_text
from automap_tiles.vector._geometry import (
    as_feature,
    clip_features,
    clip_to_box,
    fitting_parts,
    matching_parts,
    repaired,
    shapes_of,
    to_mapping,
    to_shape,
    union_geometry,
)
from automap_tiles.vector._ground_size import ground_size, pixel_area
from automap_tiles.vector._read import (
    VectorInfo,
    count_unplaced,
    describe,
    is_small,
    read_features,
    read_geometry,
)
from automap_tiles.vector._reproject import (
    reproject_bounds,
    reproject_geometries,
    reproject_geometry,
    shift,
)
from automap_tiles.vector.burn import burn, burn_values

__all__ = [
    "VectorInfo",
    "as_feature",
    "as_text",
    "burn",
    "burn_values",
    "clip_features",
    "clip_to_box",
    "continued_across_antimeridian",
    "count_unplaced",
    "decode_features",
    "describe",
    "encode_features",
    "fitting_parts",
    "ground_size",
    "intersection_across_antimeridian",
    "intersects_across_antimeridian",
    "is_small",
    "matching_parts",
    "pixel_area",
    "read_features",
    "read_geometry",
    "repaired",
    "reproject_bounds",
    "reproject_geometries",
    "reproject_geometry",
    "shapes_of",
    "shift",
    "shifted_to_box",
    "to_mapping",
    "to_shape",
    "union_geometry",
]
