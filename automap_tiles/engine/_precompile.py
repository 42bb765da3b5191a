"""Import compiled kernels before workers are forked, so that they are loaded once."""

from __future__ import annotations

from automap_tiles.engine._plan import Plan, StepKind
from automap_tiles.formats.capabilities import Dated
from automap_tiles.raster.tiff import compile_unpacking
from automap_tiles.runtime import Process


def precompile_for(process: Process, plan: Plan) -> None:
    """Compile the decoding of blocks if many scenes are to be read."""
    compile_unpacking(numbers_to_read(process, plan))


def numbers_to_read(process: Process, plan: Plan) -> int:
    """Pixel values to read, as if all scenes covered all tiles, with a quality band each."""
    dated = [
        reader.by_date() for _, reader in process.inputs.readers() if isinstance(reader, Dated)
    ]
    if not dated:
        return 0
    edge = process.pyramid.tile_size * process.pyramid.metatiling
    planes = sum(len(each.dates) * (len(each.bands) + 1) for each in dated)
    return plan.total(StepKind.PROCESS) * edge**2 * planes
