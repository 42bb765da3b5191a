"""Templates of process functions."""

PICTURE = '''\
"""A process to start from: the picture as it is."""

from automap_tiles import Empty, RasterInput


def execute(picture: RasterInput, *, resampling: str = "bilinear"):
    """The bands of the picture on the grid of the tile; make of them what you like.

    They are a masked array (band, y, x); what is masked is written as nodata. The output of the
    .mapchete file says how many bands come out, and of which type.
    """
    if picture.is_empty():
        raise Empty  # nothing to write for this tile
    return picture.read(resampling=resampling)
'''

FEATURES = '''\
"""A process to start from: the features as they are."""

from automap_tiles import Empty, VectorInput


def execute(features: VectorInput):
    """The features that touch the tile, cut at its edge; make of them what you like.

    They are a list of {"geometry": ..., "properties": {...}}. The output of the .mapchete file says
    which properties come out.
    """
    if features.is_empty():
        raise Empty  # nothing to write for this tile
    return features.read()
'''
