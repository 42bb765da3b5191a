"""The reader of a scenes input: search, selection and reading options."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import shapely

from automap_tiles.errors import InputError
from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._scenes_found import found_by
from automap_tiles.formats._scenes_parts import manifest_of, reaches
from automap_tiles.formats.parts import Manifest
from automap_tiles.formats.raster_file import size_in
from automap_tiles.formats.scenes_tile import Scenes
from automap_tiles.grid import Grid, Tile
from automap_tiles.missions import LON_LAT, BandFile, Level, QualityFile, Scene, outline
from automap_tiles.scenes import nadir
from automap_tiles.scenes.catalogue.verify import Verify
from automap_tiles.scenes.coregistration import Alignment
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.reading import Reading, shared_lattice
from automap_tiles.scenes.report import SearchReport
from automap_tiles.scenes.select import Overpass, Selection, overpasses
from automap_tiles.scenes.stamps import FarStamps, far_stamps, stamp
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from rasterio.crs import CRS
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, kw_only=True)
class ScenesReader:
    """The reader of a scenes input: search, selection and reading options."""

    path: str
    """As the user wrote it."""
    place: str
    """Absolute path, or an address."""
    is_catalogue: bool = False
    """Whether the place is a STAC file or API."""
    collections: tuple[str, ...] | None = None
    """Of a catalogue; None: all that it has for the satellites."""
    tiles: tuple[str, ...] = ()
    """`33TWL`, `016037`; none: all."""
    level: Level | None = None
    """`surface` or `toa` (top of the atmosphere); None: any."""
    verify: Verify = "doubtful"
    """Whose scaling is compared with its metadata before the first tile."""
    selection: Selection
    reading: Reading
    only: frozenset[str] | None = None
    """Ids of the scenes to use; None: all that are selected."""
    unpack_to: Path | None = None
    require_mask: bool = False
    """Whether scenes without the layers of a requested mask are rejected."""
    coregister: Alignment | str | None = None
    """How the scenes are coregistered, or the table of their shifts; None: not at all."""
    brdf: bool = False
    """Whether reflectance is corrected to nadir view."""
    to_oli: bool = False
    """Whether bands are adjusted to those of Landsat 8; required to read scenes of several
    satellites together."""
    seamless: bool = False
    """Whether scenes are radiometrically harmonised, using their overlaps."""

    kind = OutputKind.RASTER

    @cached_property
    def found(self) -> SearchReport:
        """Scenes to use, and those set aside; searched once.

        Raises `InputError` if nothing is left, `ConfigError` for scenes of several satellites or of
        surface and top-of-atmosphere reflectance together.
        """
        return found_by(self)

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands to read, as in the file."""
        return self.reading.bands

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """All scenes to use, by time; searched once."""
        return self.found.scenes

    @cached_property
    def dates(self) -> tuple[Overpass, ...]:
        """Overpasses by time."""
        return overpasses(self.found.scenes)

    @cached_property
    def lattice(self) -> Lattice | None:
        """The sensor's own grid; None if every date is warped onto the tile."""
        return shared_lattice(self.found.scenes, self.reading)

    @cached_property
    def outlines(self) -> tuple[BaseGeometry, ...]:
        """Outline of each distinct grid of the scenes, longitude and latitude."""
        grids: dict[Grid, None] = {}
        others: list[BaseGeometry] = []
        for scene in self.found.scenes:
            grid = scene.band(self.reading.bands[0]).grid
            if grid is not None:
                grids[grid] = None
            elif scene.footprint is not None:
                others.append(scene.footprint)
        return (*(outline(grid) for grid in grids), *others)

    def footprint(self, crs: CRS) -> BaseGeometry:
        key = crs.to_wkt()
        if key not in self._footprints:
            self._footprints[key] = self._footprint(crs)
        return self._footprints[key]

    def _footprint(self, crs: CRS) -> BaseGeometry:
        reach = reproject_geometry(shapely.union_all(self.outlines), LON_LAT, crs)
        shapely.prepare(reach)
        return reach

    @cached_property
    def _footprints(self) -> dict[str, BaseGeometry]:
        return {}

    def pixel_size(self, crs: CRS) -> float:
        """Size of the finest pixels to read, if the scenes declare their grids."""
        grids = {
            grid
            for scene in self.scenes
            for band in self.reading.bands
            if (grid := scene.band(band).grid) is not None and grid.crs is not None
        }
        if not grids:
            raise InputError("does not say how large its pixels are", self.place)
        return min(size_in(crs, grid.crs, grid.bounds, grid.shape) for grid in grids)

    def by_date(self) -> ScenesReader:
        return self

    def contents(self) -> str:
        return f"{len(self.scenes)} scenes on {len(self.dates)} dates"

    def fingerprint(self) -> str:
        """Of the scenes, the current state of their files, and all options."""
        far = None if self.is_catalogue else far_stamps(self.place)
        digest = hashlib.sha256(repr((self.path, self.reading)).encode())
        for scene in self.found.scenes:
            digest.update(scene.id.encode())
            if scene.shift != (0.0, 0.0):
                digest.update(repr(scene.shift).encode())
            if scene.nadir is not None:
                digest.update(nadir.digest(scene))
            if scene.tones:
                digest.update(_tones(scene).encode())
            for file in self.files_of(scene):
                said = f"{file.href} {file.checksum} {stamp(file.href, far)}"
                digest.update(said.encode())
        return digest.hexdigest()

    def files_of(self, scene: Scene) -> list[BandFile | QualityFile]:
        """All files of a scene that are opened."""
        return [*(scene.band(band) for band in self.reading.files), *scene.quality]

    def manifest(self) -> Manifest:
        """The scenes as parts; raises `InputError` for one that cannot be opened."""
        far = None if self.is_catalogue else far_stamps(self.place)
        stamps = {
            scene.id: f"{_stamps(self.files_of(scene), far)} {scene.shift}{_changes(scene)}"
            for scene in self.scenes
        }
        return manifest_of(self.dates, self.reading, self.lattice, stamps)

    def reaches(self, grid: Grid, tile: Tile) -> bool:
        """Whether a scene on a grid can affect pixels of a tile."""
        return reaches(self.lattice, grid, tile)

    def at(self, tile: Tile) -> Scenes:
        return Scenes(self, tile)

    def __getstate__(self) -> dict[str, Any]:
        """Includes the search result, so that workers do not search again with another result."""
        if "found" in self.__dict__:
            _ = self.lattice  # notes about it are issued once, here
        state = dict(self.__dict__)
        state.pop("_footprints", None)
        return state


def _stamps(files: Sequence[BandFile | QualityFile], far: FarStamps | None) -> str:
    """Stamps of files, wherever their folder is."""
    named = ((PurePosixPath(file.href.partition("?")[0]).name, file) for file in files)
    return repr([(name, file.checksum, stamp(file.href, far)) for name, file in named])


def _changes(scene: Scene) -> str:
    """What is another one when reflectance is changed otherwise; nothing where it is not."""
    view = "" if scene.nadir is None else f" {nadir.digest(scene).hex()}"
    return view + _tones(scene)


def _tones(scene: Scene) -> str:
    """What changes when its gains and offsets do; as it ever was without any."""
    return f" {sorted(scene.tones.items())}" if scene.tones else ""
