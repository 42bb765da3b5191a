"""A process, ready to run: everything checked, nothing opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.formats import Counted, PixelWriter
from automap_tiles.runtime import hooks
from automap_tiles.runtime._binding import bind, empty_errors
from automap_tiles.runtime._canonical import canonical, digest, file_hash
from automap_tiles.runtime._inputs import InputTree
from automap_tiles.runtime.function import FunctionRef
from automap_tiles.runtime.signature import Role
from automap_tiles.runtime.steps import step_readers, with_envelopes, working
from automap_tiles.runtime.styles import Styles
from automap_tiles.runtime.zooms import BaseLevels, ZoomValues

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats import Counts, Reader, Tiled, Writer
    from automap_tiles.grid import Pyramid, Tile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessHashes:
    """What made a tile, as four hex strings; the tile is made anew when one of them changes."""

    function: str
    parameters: str
    inputs: str
    output: str


@dataclass(frozen=True, kw_only=True)
class Process:
    """What `open_process` makes of a process file; picklable and small, travels to the workers."""

    name: str
    config_path: Path | None
    """The process file; None when it was given as a dict."""
    function: FunctionRef
    inputs: InputTree
    parameters: ZoomValues
    writer: Writer
    pyramid: Pyramid
    """Of the tiles that are computed, with metatiling and pixel buffer of the process."""
    output_pyramid: Pyramid
    """Of the tiles that are written."""
    zooms: tuple[int, ...]
    """Zooms of this run, ascending."""
    baselevels: BaseLevels | None
    area: BaseGeometry
    """area and bounds of the file and of the run together, CRS of the pyramid."""
    styles: Styles = field(default_factory=dict)
    """How the output looks on a map."""
    folder: Path = Path()
    """Where relative paths among the parameters start."""
    files: tuple[Path, ...] = ()
    """Files that parameters name: their content is part of the process."""
    texts: tuple[str, ...] = ()
    """Parameters that the function gets as they are written, where YAML means something else."""
    step: str | None = None
    """Its name where it is one of several steps of a file."""
    file_inputs: InputTree | None = None
    """Inputs of a file of several steps by their names there; None: those of the process."""

    @property
    def inputs_of_file(self) -> InputTree:
        """Inputs as the file names them: of several steps those that any of them reads."""
        return self.file_inputs or self.inputs

    @property
    def base_zooms(self) -> tuple[int, ...]:
        """Zooms of this run on which the user's function is called, ascending."""
        if self.baselevels is None:
            return self.zooms
        return tuple(zoom for zoom in self.zooms if zoom in self.baselevels)

    def input_names(self, zoom: int) -> tuple[str, ...]:
        """Names of the inputs at a zoom; those of a group as `group/name`."""
        return tuple(name for name, _ in self.inputs.readers(zoom))

    def area_at(self, zoom: int) -> BaseGeometry:
        """The area that tiles of a zoom can have data in, CRS of the pyramid.

        It is the area of the process, where there are inputs only as far as these reach. An
        overview has the area of the base zoom it is made from.
        """
        base = zoom
        if self.baselevels is not None:
            base = min(max(zoom, self.baselevels.min), self.baselevels.max)
        if base not in self._areas:
            self._areas[base] = self._limit_to_inputs(base)
        return self._areas[base]

    def compute(self, tile: Tile) -> Tiled | None:
        """Run the user's function on one process tile of a base zoom.

        None when there is nothing to write. Whatever the function raises comes through, except
        `Empty`; `ProcessResultError` when its result cannot be stored.
        """
        if not self._sources:
            return self._computed(tile)
        with working() as results:
            try:
                return self._computed(tile)
            finally:
                results.used(self._sources, self.step or "")

    def _computed(self, tile: Tile) -> Tiled | None:
        call = self._calls.get(tile.zoom)
        if call is None:
            call = self._calls[tile.zoom] = bind(self, tile.zoom)
        try:
            result = call(tile)
        except empty_errors():
            return None
        if (isinstance(result, str) and result == "empty") or _is_masked_throughout(result):
            return None
        if not isinstance(result, Counted):
            return self.writer.convert(tile, result)
        data = self.writer.convert(tile, result.result)
        return None if data is None else replace(data, counts=result.counts)

    @property
    def sums_up(self) -> bool:
        """Whether the function counts something that is summed up over all tiles."""
        return self.function.load().sum_up is not None

    def summary(self, counts: Counts) -> Mapping[str, Any]:
        """What the process says of the whole output, given what was counted on its tiles."""
        zoom = max(self.base_zooms)
        return hooks.summary(
            self.function,
            counts,
            self.inputs.at_zoom(zoom),
            self.parameters.written_at(zoom),
            self.folder,
        )

    def hashes(self, inputs: Mapping[str, str] | None = None) -> ProcessHashes:
        """Hashes of all that decides on the pixels.

        `inputs` are their fingerprints where these have been read already.
        """
        stamps = self.inputs.fingerprints() if inputs is None else inputs
        levels = self.baselevels
        overviews = (
            None if levels is None else [levels.min, levels.max, levels.lower, levels.higher]
        )
        return ProcessHashes(
            function=self.function.digest,
            parameters=self._parameters_hash(),
            inputs=_digest_of(stamps),
            output=digest(
                self.writer.fingerprint(),
                canonical([self.pyramid.to_dict(), self.output_pyramid.to_dict(), overviews]),
            ),
        )

    def earlier_hashes(self) -> Mapping[str, frozenset[str]]:
        """By the name of a hash: what else stands for the same in records of earlier versions."""
        function = self.function
        of_function = frozenset({function.text}) if self._minds_type else function.earlier
        stamps = self.inputs.earlier_fingerprints()
        of_inputs = {} if stamps is None else {"inputs": frozenset({_digest_of(stamps)})}
        return {"function": of_function, **of_inputs}

    @property
    def _minds_type(self) -> bool:
        """Whether the function now makes other numbers for an output of floats than before."""
        asks = hooks.signature_of(self.function).names(Role.DTYPE)
        writer = self.writer
        return bool(asks) and isinstance(writer, PixelWriter) and writer.dtype.startswith("float")

    def _parameters_hash(self) -> str:
        """Of the parameters and of what stands in the files that they name."""
        more = (*self.texts, *(file_hash(file) for file in self.files))
        return digest(self.parameters.key, *more) if more else self.parameters.key

    def for_workers(self) -> Process:
        """The same process without its outline, which only planning needs and may be large."""
        return replace(with_envelopes(self), area=self.area.envelope, file_inputs=None)

    def _limit_to_inputs(self, zoom: int) -> BaseGeometry:
        readers: list[Reader] = [reader for _, reader in self.inputs.readers(zoom)]
        if not readers:
            return self.area
        from shapely import union_all

        from automap_tiles.grid.cover import clip_to_pyramid
        from automap_tiles.runtime.area import common

        reach = union_all([reader.footprint(self.pyramid.crs) for reader in readers])
        return common(self.area, clip_to_pyramid(self.pyramid, reach))

    @cached_property
    def _areas(self) -> dict[int, BaseGeometry]:
        return {}

    @cached_property
    def _calls(self) -> dict[int, Any]:
        return {}

    @cached_property
    def _sources(self) -> tuple[str, ...]:
        """Names of the steps that it reads."""
        return tuple(reader.name for reader in step_readers(self))

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _digest_of(stamps: Mapping[str, str]) -> str:
    """Of the fingerprints of inputs."""
    return digest(*(part for pair in stamps.items() for part in pair))


def _is_masked_throughout(result: object) -> bool:
    """Whether a result has pixels and no data, however many bands the output has."""
    import numpy as np  # here, where a function has run, it is loaded

    if not isinstance(result, np.ma.MaskedArray) or result.mask is np.ma.nomask:
        return False
    return bool(result.size) and bool(result.mask.all())
