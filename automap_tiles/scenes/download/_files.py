"""Which files a scene consists of, where they go, and the scene once they are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from automap_tiles.missions import BandFile, QualityFile, Scene
from automap_tiles.scenes.download.address import name_of, safe_name
from automap_tiles.scenes.report import SearchReport


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file to be fetched."""

    href: str
    target: str
    """Path below the folder of the download, with `/`."""
    size: int | None = None
    """Bytes, where the catalogue tells."""
    checksum: str | None = None
    """Multihash in hexadecimal digits, where the catalogue tells."""
    access: str | None = None
    """As `Scene.access`."""
    scene: str | None = None
    """Id."""


def files_of(scene: Scene, bands: Iterable[str] | None = None) -> tuple[RemoteFile, ...]:
    """Files of some bands (any name of theirs; default: all), the quality layers, the sun's angles.

    Each file once, though it may hold several bands. Raises `ConfigError` and `InputError` for a
    band that the scene does not have.
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
    """Of every scene."""
    return tuple(file for scene in found.scenes for file in files_of(scene, bands))


def fetched(scene: Scene, folder: Path, bands: Iterable[str] | None = None) -> Scene:
    """The scene as it is when its files lie below `folder`, with only those bands.

    A local file is opened when its grid is asked for, so none is kept: what a catalogue says of a
    file is not always so.
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
    """Address of the sun's zenith angle for every pixel, the only angles that reflectance needs."""
    angles = scene.metadata.get("angles") or {}
    return {name: href for name, href in angles.items() if name == "sun_zenith"}


def _targets(scene: Scene) -> dict[str, str]:
    """Path of every file: the scene's folder and its own name, which is made unique.

    Of all files of the scene, so that a file has one name whatever was asked for.
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
