"""Scenes in folders, archives and object stores, recognised by file name.

A product that cannot be used is set aside with the reason; the others are still found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.missions import (
    BandFile,
    ProductLayout,
    QualityFile,
    Scene,
    find_products,
    grid_of,
    missions,
    outline,
    rivals,
    two_know,
)
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.scenes import _yaml_stack, prepared
from automap_tiles.scenes._choose import Candidates, Failure, choose
from automap_tiles.scenes._truncation import check_intact
from automap_tiles.scenes._unpacking import unpack
from automap_tiles.scenes.catalogue.verify import Verify, verified
from automap_tiles.scenes.containers import (
    Archive,
    FileTree,
    folder_of,
    is_archive,
    is_packed,
    list_place,
)
from automap_tiles.scenes.failures import check_own
from automap_tiles.scenes.lattice import check_upright
from automap_tiles.scenes.report import SearchReport, Wanted, wanted_of
from automap_tiles.scenes.select import Selection
from automap_tiles.storage import Address, is_remote

_File = TypeVar("_File", BandFile, QualityFile)


def products(
    path: str | Path,
    *,
    bands: Wanted | None = None,
    unpack_to: Path | None = None,
    verify: Verify = "doubtful",
    selection: Selection | None = None,
) -> SearchReport:
    """The selected scenes below a folder or address, in an archive, or in a described stack.

    `bands` are those that a scene must have; None: no requirement. The selection (None: all) is
    reduced to one delivery per acquisition (`scenes._acquisitions`), and each is checked: opened,
    and tested for truncation. Archives with sequential access (`.tar.gz`) are unpacked below
    `unpack_to`, or else read in place, which is slow. `verify` selects the scenes whose numbers are
    checked against the stated offset (Sentinel-2); the scene's metadata hold the result under
    `guard`. Raises `InputError` if the path itself cannot be read, `ResourceError` if too many
    files are open.
    """
    text = str(path)
    if text.lower().endswith((".yaml", ".yml")):
        candidates = _both(_yaml_stack.scenes(text))
    elif is_archive(text):
        candidates = _in_place(_archive(text, unpack_to))
    else:
        candidates = _below(text, unpack_to)
    found = choose(
        candidates,
        selection or Selection(),
        partial(looked_at, bands=bands),
        locate=partial(_located, bands=bands),
    )
    return replace(found, scenes=tuple(verified(found.scenes, verify)))


def _located(scene: Scene, bands: Wanted | None) -> Scene:
    """The scene with its footprint, from the first required band."""
    names = wanted_of(scene, bands)
    first = scene.band(names[0]) if names else next(iter(scene.bands.values()))
    return replace(scene, footprint=outline(first.grid or grid_of(first.href)))


def looked_at(scene: Scene, bands: Wanted | None = None) -> Scene:
    """The scene with its footprint and the grids of these bands and of its quality layers.

    Raises `InputError` for a band that is missing, cannot be opened or is truncated, and for one
    that is not north up.
    """
    wanted = wanted_of(scene, bands)
    names = list(scene.bands) if wanted is None else [_name(scene, band) for band in wanted]
    files = {name: _looked_at(scene.bands[name]) for name in names}
    quality = tuple(_looked_at(layer) for layer in scene.quality)
    finest = min(
        (file.grid for file in files.values() if file.grid is not None),
        key=lambda grid: grid.transform.a,
        default=None,
    )
    if finest is None:
        raise InputError("has no bands", scene.id)
    return replace(
        scene,
        bands={**scene.bands, **files},
        quality=quality,
        crs=finest.crs.to_string(),
        footprint=outline(finest),
    )


def _name(scene: Scene, band: str) -> str:
    """The scene's own name of a band."""
    scene.band(band)  # raises
    return band if band in scene.bands else scene.instrument.band(band).name


def _looked_at(file: _File) -> _File:
    grid = file.grid
    if grid is None:
        check_intact(file.href)
        grid = grid_of(file.href)
    check_upright(grid, file.href)
    return replace(file, grid=grid)


def _both(found: tuple[list[Scene], list[tuple[str, str]]]) -> Candidates:
    failures = tuple((name, InputError(reason)) for name, reason in found[1])
    return Candidates(scenes=tuple(found[0]), rejected=failures)


def _below(path: str, unpack_to: Path | None) -> Candidates:
    files, archives = list_place(path)
    if prepared.is_folder(Address.of(path), files):
        return _both(prepared.scenes(Address.of(path)))
    found, files = _yaml_stacks(path, files)
    place = folder_of(path, files)
    found += _in_place(place)
    for name in archives:
        try:
            found += _in_place(_archive(f"{place.path}/{name}", unpack_to))
        except AutomapError as error:
            check_own(error)
            found += Candidates(rejected=((f"{path}/{name}", error),))
    return found


def _yaml_stacks(path: str, files: list[str]) -> tuple[Candidates, list[str]]:
    """Scenes of the described stacks below a folder, and the files that belong to none."""
    found = Candidates()
    for name in [name for name in files if PurePosixPath(name).name in _yaml_stack.NAMES]:
        found += _both(_yaml_stack.scenes(f"{path.rstrip('/')}/{name}"))
        inside = f"{PurePosixPath(name).parent}/".removeprefix("./")
        files = [file for file in files if not file.startswith(inside)]
    return found, files


def _archive(path: str, unpack_to: Path | None) -> FileTree:
    if is_remote(path):
        if unpack_to is None and is_packed(path):
            raise InputError("is packed and far away: it must be unpacked (unpack_to)", path)
    else:
        path = str(Path(path).absolute())
    if unpack_to is None or not is_packed(path):
        return Archive(path)
    folder = unpack(path, unpack_to)
    return folder_of(str(folder), list_place(str(folder))[0])


def _in_place(place: FileTree) -> Candidates:
    scenes: list[Scene] = []
    rejected: list[Failure] = []
    names = place.names()
    products = find_products(names)
    contested = rivals(products)
    rejected += [(name, InputError(two_know(groups))) for name, groups in contested.items()]
    for mission, layout in products:
        if layout.id in contested:
            continue
        try:
            scenes.append(_agreeing(mission.products.scene(layout, place), layout))
        except AutomapError as error:
            check_own(error)
            rejected.append((layout.id, error))
    _tell_spare([layout for _, layout in products])
    rejected += _without_bands(names, [layout for _, layout in products])
    return Candidates(scenes=tuple(scenes), rejected=tuple(rejected))


def _agreeing(scene: Scene, layout: ProductLayout) -> Scene:
    """The scene; raises `InputError` if its metadata contradict its name.

    Otherwise it would be converted with another scene's sun position, or its bands be confused.
    """
    said = {
        "satellite": (scene.sensor, layout.sensor),
        "tile": (scene.tile, layout.tile),
        "day": (str(scene.time.date()), None if layout.date is None else str(layout.date)),
    }
    if layout.date is not None and abs(scene.time.date() - layout.date) <= timedelta(days=1):
        del said["day"]
    for word, (own, named) in said.items():
        if own is not None and named is not None and own != named:
            raise InputError(
                f"its metadata are of another scene than its name: {word} {own}, and {named} in "
                "the name"
            )
    return scene


def _tell_spare(layouts: Sequence[ProductLayout]) -> None:
    """Note files that were passed over for another one of the same band."""
    spare = [file for layout in layouts for file in layout.spare]
    if spare:
        tell(
            Note.of(
                spare,
                fate=Fate.IGNORED,
                subject=Subject.FILES,
                reason="another file of the same product has the same band, mask or angle",
                remedy="keep the one that is meant in the folder of the product",
            )
        )


def _without_bands(names: Sequence[str], layouts: Sequence[ProductLayout]) -> Iterator[Failure]:
    """Products with metadata but no bands."""
    used = {file for layout in layouts for file in layout.metadata.values()}
    known = {str(PurePosixPath(file).parent) for file in used}
    endings = tuple(ending for mission in missions() for ending in mission.products.metadata)
    for name in names:
        is_metadata = name.lower().endswith(endings)
        if is_metadata and name not in used and str(PurePosixPath(name).parent) not in known:
            yield name, InputError("metadata without bands")
