"""Checks the numbers of scenes against the offset stated by their catalogue."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.missions import BandFile, Scene, guard, quality_layer
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.download.address import scrubbed
from automap_tiles.scenes.failures import check_own

if TYPE_CHECKING:
    from automap_tiles.grid import Grid
    from automap_tiles.missions import Flags, Numbers

Verify = Literal["never", "doubtful", "always"]
"""Which scenes to check: those with contradictory offsets, or all."""

PIXELS = 512
"""Pixels along the longer side of the overview; from some kilobytes if the file has overviews."""

_BANDS = ("blue", "red", "nir", "swir1")
_WORKERS = 8
_MOST_KEPT = 4096

_reports: dict[Hashable, guard.Report] = {}
"""Results for local files in this process, by their stamps."""


def verified(scenes: Iterable[Scene], which: Verify = "doubtful") -> list[Scene]:
    """The scenes, with the offset corrected where their numbers contradict it.

    The result is in `metadata["guard"]`. A scene that cannot be read at the moment stays unchanged,
    with a note there.
    """
    wanted = list(scenes)
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="verify") as pool:
        return list(pool.map(lambda scene: _verified(scene, which), wanted))


def _verified(scene: Scene, which: Verify) -> Scene:
    is_doubtful = bool(scene.metadata.get("offset", {}).get("doubtful"))
    if which == "never" or (which == "doubtful" and not is_doubtful):
        return scene
    try:
        report = _checked(scene)
    except AutomapError as error:
        check_own(error)
        # Links may be signed, and error messages contain them in full.
        return _noted(scene, {"verdict": "unread", "findings": [scrubbed(str(error))]})
    noted = _noted(scene, {"verdict": str(report.verdict), "findings": list(report.findings)})
    if report.verdict is not guard.Verdict.MISMATCH or report.fits is None:
        return noted
    return _with_offset(noted, report.fits)


def _checked(scene: Scene) -> guard.Report:
    """Like `check`, cached for local files that have not changed."""
    key = _identity(scene)
    if key is None:
        return check(scene)
    report = _reports.get(key)
    if report is None:
        report = check(scene)
        if len(_reports) >= _MOST_KEPT:
            _reports.clear()
        _reports[key] = report
    return report


def _identity(scene: Scene) -> Hashable | None:
    """Everything that `check` depends on; None if a file is not local."""
    from automap_tiles import raster

    files = [file for name in _BANDS if (file := scene.find(name)) and file.scaling]
    bands = tuple((file.href, file.index, raster.file_stamp(file.href)) for file in files)
    layers = tuple(
        (layer.layer, layer.href, layer.indexes, raster.file_stamp(layer.href))
        for layer in scene.quality
    )
    if any(stamp is None for *_, stamp in (*bands, *layers)):
        return None
    claims = tuple((name, file.scaling) for name, file in scene.bands.items())
    return scene.sensor, bands, layers, claims


def check(scene: Scene) -> guard.Report:
    """Result of the guard for an overview of the scene.

    Raises `InputError` if none of its bands can be read.
    """
    grid: Grid | None = None
    bands: dict[str, Numbers] = {}
    failure: InputError | None = None
    for name in _BANDS:
        file = scene.find(name)
        if file is None or file.scaling is None:
            continue
        try:
            grid = grid or _coarse(resolve(file.href, scene.access))
            bands[scene.instrument.band(name).name] = _pixels(scene, file, grid)
        except InputError as error:
            failure = error
    if failure is not None and not bands:
        raise failure
    scaling = {name: file.scaling for name, file in scene.bands.items() if file.scaling}
    flags = None if grid is None else _flags(scene, grid)
    return guard.check(bands, scaling, flags, may_have_offset=scene.instrument.may_have_offset)


def _coarse(href: str) -> Grid:
    from automap_tiles import raster
    from automap_tiles.grid import Grid

    own = raster.inspect(href).grid
    step = max(1, -(-max(own.shape) // PIXELS))
    height, width = (max(1, size // step) for size in own.shape)
    return Grid.from_bounds(own.bounds, (height, width), own.crs)


def _pixels(scene: Scene, file: BandFile, grid: Grid) -> Numbers:
    from automap_tiles import raster

    href = resolve(file.href, scene.access)
    pixels: Numbers = raster.read(href, grid, indexes=[file.index])[0]
    return pixels


def _flags(scene: Scene, grid: Grid) -> Flags | None:
    from automap_tiles import raster

    for layer in scene.quality:
        try:
            codes = raster.read(
                resolve(layer.href, scene.access), grid, indexes=list(layer.indexes)
            )
            table = quality_layer(layer.layer)
        except AutomapError:
            continue  # improves the result, but is not required
        flags: Flags = table.to_flags(codes if table.kind == "bands" else codes[0])
        return flags
    return None


def _with_offset(scene: Scene, offset: float) -> Scene:
    def corrected(file: BandFile) -> BandFile:
        if file.scaling is None:
            return file
        scaling = replace(file.scaling, add=offset * file.scaling.multiply)
        return replace(file, scaling=scaling)

    said = {**scene.metadata.get("offset", {}), "used": offset}
    return replace(
        scene,
        bands={name: corrected(file) for name, file in scene.bands.items()},
        metadata={**scene.metadata, "offset": said},
    )


def _noted(scene: Scene, found: dict[str, Any]) -> Scene:
    return replace(scene, metadata={**scene.metadata, "guard": found})
