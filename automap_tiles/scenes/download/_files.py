"""The files of a scene, their local paths, and the scene after the download."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from automap_tiles.missions import BandFile, QualityFile, Scene
from automap_tiles.scenes.download.address import name_of, safe_name
from automap_tiles.scenes.report import SearchReport


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file to download."""

    href: str
    target: str
    """Path below the download folder, with `/`."""
    size: int | None = None
    """Bytes, if the catalogue states it."""
    checksum: str | None = None
    """Multihash in hexadecimal digits, if the catalogue states it."""
    access: str | None = None
    """As `Scene.access`."""
    scene: str | None = None
    """Scene id."""


def files_of(scene: Scene, bands: Iterable[str] | None = None) -> tuple[RemoteFile, ...]:
    """Files of some bands (by any name; default: all), the quality layers and the sun angles.

    Each file once, even if it holds several bands. Raises `ConfigError` and `InputError` for a band
    that the scene does not have.
    """
    parts: list[BandFile | QualityFile] = list(
        scene.bands.values() if bands is None else map(scene.band, bands)
    )
    parts.extend(scene.quality)
    parts.extend(BandFile(href=href) for href in _angles(scene).values())
    targets = _targets(scene)
    once: dict[str, RemoteFile] = {}
    for part in parts:
        once.setdefault(
            part.href,
            RemoteFile(
                href=part.href,
                target=targets[part.href],
                size=part.size,
                checksum=part.checksum,
                access=scene.access,
                scene=scene.id,
            ),
        )
    return tuple(once.values())


def files_of_all(found: SearchReport, bands: Sequence[str] | None = None) -> tuple[RemoteFile, ...]:
    """Files of every scene."""
    return tuple(file for scene in found.scenes for file in files_of(scene, bands))


def fetched(scene: Scene, folder: Path, bands: Iterable[str] | None = None) -> Scene:
    """The scene with its files below `folder`, with only those bands.

    Grids are dropped, since local files are opened for them: a catalogue is not always right about
    a file.
    """
    chosen = scene.bands
    if bands is not None:
        wanted = {scene.instrument.band(name).name for name in bands}
        chosen = {name: file for name, file in scene.bands.items() if name in wanted}
    targets = _targets(scene)

    def local(href: str) -> str:
        return str(folder / targets[href])

    bands_there = {
        name: replace(file, href=local(file.href), grid=None) for name, file in chosen.items()
    }
    quality = tuple(replace(file, href=local(file.href), grid=None) for file in scene.quality)
    metadata = dict(scene.metadata)
    if angles := _angles(scene):
        metadata["angles"] = {name: local(href) for name, href in angles.items()}
    return replace(scene, bands=bands_there, quality=quality, access=None, metadata=metadata)


def _angles(scene: Scene) -> dict[str, str]:
    """Address of the sun zenith band, the only angle that reflectance needs."""
    angles = scene.metadata.get("angles") or {}
    return {name: href for name, href in angles.items() if name == "sun_zenith"}


def _targets(scene: Scene) -> dict[str, str]:
    """Target path of every file: the scene's folder and its own name, made unique.

    Computed for all files of the scene, so that the name of a file does not depend on the request.
    """
    folder = safe_name(scene.id)
    every = [file.href for file in scene.bands.values()] + [file.href for file in scene.quality]
    targets: dict[str, str] = {}
    taken: dict[str, str] = {}
    for href in dict.fromkeys([*every, *_angles(scene).values()]):
        name, number = name_of(href), 1
        while taken.setdefault(name.lower(), href) != href:
            number += 1
            name = f"{number}_{name_of(href)}"
        targets[href] = f"{folder}/{name}"
    return targets
