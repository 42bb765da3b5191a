"""BRDF normalisation of scenes to nadir view, with the angles of each product.

The factor of each band (c-factor) is computed once per scene, at the nodes of the product's own
angle grid, and stored with the scene (`Scene.nadir`). It is interpolated bilinearly, with an error
below 1e-4, and a pixel gets the same value in any window.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform
from rasterio.windows import Window

from automap_tiles import raster
from automap_tiles.analysis.brdf.field import between, continued
from automap_tiles.analysis.brdf.nadir import COEFFICIENTS, nadir_factor
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Grid
from automap_tiles.missions import ANGLE_STEP, Angles, NadirFactor, Nodes, Scene, mission_of
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.raster.datasets import open_source, reading
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.containers import Archive
from automap_tiles.scenes.download import read_bytes
from automap_tiles.scenes.frames import Frame, FrameSource, NativeFrame
from automap_tiles.scenes.reflectance import band_grid
from automap_tiles.storage.zarr_array import plane_of

Array = np.ndarray[Any, Any]
Floats = np.ndarray[Any, np.dtype[np.float64]]

_IN_ARCHIVE = re.compile(r"/vsi(?:zip|tar)/\{(.+?)\}/(.+)")
_NO_ANGLES = "nothing tells from where they were seen"


def factors_of(scene: Scene, bands: Iterable[str]) -> Scene:
    """The scene with factors for those bands that have coefficients.

    Raises `ConfigError` for a scene that is already corrected, `InputError` with the reason if its
    angles are not available.
    """
    check(scene)
    names = {scene.instrument.band(name).name: name for name in bands}
    own = [name for name in names if scene.instrument.band(name).common in COEFFICIENTS]
    read = mission_of(scene.sensor).angles
    if read is None or (not own and names):
        raise InputError(_NO_ANGLES if read is None else "no band that has coefficients", scene.id)
    angles = read(scene, own, _Files(scene))
    return replace(scene, nadir={name: _factor(scene, name, angles[name]) for name in own})


def check(scene: Scene) -> None:
    """Raise `ConfigError` if reflectance is already at nadir view."""
    if scene.is_from_above is not None:
        raise ConfigError(
            f"scene {scene.id} is seen from straight above already: {scene.is_from_above}",
            key="brdf",
            found="true",
            remedy="leave brdf out for these scenes",
        )


def notes_of(scenes: Sequence[Scene], bands: Iterable[str]) -> Iterator[Note]:
    """Notes on estimated angles, and on bands that stay uncorrected."""
    guessed: dict[str, list[str]] = defaultdict(list)
    for scene in scenes:
        for reason in {factor.guessed for factor in (scene.nadir or {}).values()} - {""}:
            guessed[reason].append(scene.id)
    for reason, ids in guessed.items():
        yield Note.of(
            ids,
            fate=Fate.GUESSED,
            subject=Subject.SCENES,
            reason=f"brdf, {reason}",
        )
    plain = sorted({name for name in bands for scene in scenes if _is_plain(scene, name)})
    if plain:
        yield Note.of(
            plain,
            fate=Fate.IGNORED,
            subject=Subject.BANDS,
            reason="brdf has no coefficients for them: as they were seen",
        )


def factor_at(scene: Scene, band: str, frame: Frame) -> Floats | None:
    """Factor on reflectance for every pixel (y, x); None: no correction."""
    factor = None if scene.nadir is None else scene.nadir.get(scene.instrument.band(band).name)
    if factor is None:
        return None
    parts = _parts(scene, factor, frame)
    places = _Places.of(frame, factor.nodes)
    if parts is None:
        return places.between(factor.mean)
    # outside the strips of all parts there are no pixels; at their edges masks may be undecided
    found = places.between(factor.mean)
    for number, values in zip(factor.parts, factor.values, strict=True):
        where = parts == number
        if where.any():
            np.copyto(found, places.between(values), where=where)
    return found


def digest(scene: Scene) -> bytes:
    """Equal for equal factors."""
    found = hashlib.sha256()
    for name, factor in sorted((scene.nadir or {}).items()):
        found.update(f"{name} {factor.nodes} {factor.parts} {factor.places is None}".encode())
        found.update(factor.values.tobytes())
    return found.digest()


def _is_plain(scene: Scene, name: str) -> bool:
    return scene.nadir is not None and scene.instrument.band(name).name not in scene.nadir


def _factor(scene: Scene, name: str, angles: Angles) -> NadirFactor:
    common = scene.instrument.band(name).common or ""
    apart = angles.view_azimuth - angles.sun_azimuth
    found = nadir_factor(common, angles.sun_zenith, angles.view_zenith, apart)
    known = np.isfinite(found)
    if not known.any():
        raise InputError(f"no node of its grid of angles is known for {name}", scene.id)
    count = known.sum(axis=0)
    mean = np.where(count, np.where(known, found, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    return NadirFactor(
        nodes=angles.nodes,
        mean=continued(mean),
        values=np.stack([continued(each) for each in found]),
        parts=angles.parts,
        places=angles.places,
        guessed=angles.guessed,
    )


def _parts(scene: Scene, factor: NadirFactor, frame: Frame) -> Array | None:
    """Number of the instrument's part that saw each pixel; None if unknown."""
    if factor.places is None or len(factor.parts) == 1:
        return None
    href = resolve(factor.places, scene.access)
    grid = band_grid(scene, replace(next(iter(scene.bands.values())), href=href, grid=None))
    source = FrameSource(href=href, grid=grid, indexes=(1,), nodata=None)
    return np.asarray(np.ma.filled(frame.read(source, "nearest")[0], 0))


@dataclass(frozen=True)
class _Places:
    """Pixel positions in units of nodes, (rows, columns) of blocks, and the blocks' slices."""

    shape: tuple[int, int]
    blocks: tuple[tuple[tuple[slice, slice], Array, Array], ...]

    @classmethod
    def of(cls, frame: Frame, nodes: Nodes) -> _Places:
        """In fixed blocks, independent of the frame, if coordinates have to be transformed."""
        whole = slice(0, frame.shape[0]), slice(0, frame.shape[1])
        if isinstance(frame, NativeFrame) and frame.grid.crs == CRS.from_string(nodes.crs):
            corner, (rows, cols) = frame.lattice.transform, frame.window
            x = corner.c + (np.arange(cols.start, cols.stop) + 0.5) * corner.a
            y = corner.f + (np.arange(rows.start, rows.stop) + 0.5) * corner.e
            return cls(frame.shape, ((whole, *_counted(nodes, y[:, np.newaxis], x)),))
        blocks = []
        for grid, here, there in frame.parts():
            y, x = _turned(grid, nodes)
            blocks.append((here, y[there], x[there]))
        return cls(frame.shape, tuple(blocks))

    def between(self, values: Floats) -> Floats:
        out = np.empty(self.shape)
        for here, rows, cols in self.blocks:
            out[here] = between(values, rows, cols)
        return out


def _turned(grid: Grid, nodes: Nodes) -> tuple[Array, Array]:
    rows, cols = np.mgrid[: grid.height, : grid.width] + 0.5
    xs, ys = grid.transform @ (cols.ravel(), rows.ravel())
    found = transform(grid.crs, CRS.from_string(nodes.crs), xs.tolist(), ys.tolist())
    x, y = (np.array(each).reshape(grid.shape) for each in found)
    return _counted(nodes, y, x)


def _counted(nodes: Nodes, y: Array, x: Array) -> tuple[Array, Array]:
    return (nodes.top - y) / nodes.step[1], (x - nodes.left) / nodes.step[0]


@dataclass(frozen=True)
class _Files:
    """Files with a scene's angles, wherever they are."""

    scene: Scene

    def _href(self, name: str) -> str:
        return str(self.scene.metadata["angles"][name])

    def read(self, name: str) -> bytes:
        """Raises `InputError`."""
        href = self._href(name)
        found = _IN_ARCHIVE.fullmatch(href)
        if found:
            archive = Archive(found[1])
            return archive.read(f"{archive.names()[0].partition('/')[0]}/{found[2]}")
        if not Path(href).is_absolute():
            return read_bytes(href, self.scene.access)
        try:
            return Path(href).read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", href) from error

    def degrees(self, name: str, grid: Grid) -> Floats:
        """Raises `InputError`."""
        href = resolve(self._href(name), self.scene.access)
        pixels = raster.read(href, grid, indexes=(1,), resampling="nearest")[0]
        return np.ma.filled(pixels.astype(np.float64) * ANGLE_STEP, np.nan)

    def plane(self, name: str, array: str, indexes: Sequence[int] = ()) -> Floats:
        """Raises `InputError`."""
        source = open_source(plane_of(f"{self._href(name)}/{array}", indexes))
        height, width = source.info.shape
        with reading(source.info):
            found = source.read([1], Window(0, 0, width, height))[0]
        return np.asarray(found, dtype=np.float64)
