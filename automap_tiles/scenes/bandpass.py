"""Bandpass adjustment to Landsat 8 OLI: one linear function per band.

The sensor definition has the coefficients (`Sensor.to_oli`), which apply to surface reflectance at
nadir view. They are stored with the scene (`Scene.tones`) and applied after the view correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from automap_tiles.errors import ConfigError
from automap_tiles.missions import Scene
from automap_tiles.notes import Fate, Note, Subject

_KEY = "bandpass"


def as_oli(scene: Scene, bands: Iterable[str]) -> Scene:
    """The scene adjusted to OLI bands; raises `ConfigError` if none of its bands can be."""
    known = scene.instrument.to_oli
    if known is None or scene.kind != "surface":
        what = "no coefficients" if known is None else "coefficients for surface reflectance only"
        raise ConfigError(
            f"there are {what} (scene {scene.id} of {scene.instrument.title})",
            key=_KEY,
            found="oli",
            remedy="leave bandpass out, or choose scenes of other satellites or level",
        )
    own = {scene.instrument.band(name).name for name in bands}
    return replace(
        scene, tones={name: tone for name, tone in known.items() if name in own and tone != (1, 0)}
    )


def notes_of(scenes: Sequence[Scene], bands: Iterable[str]) -> Iterator[Note]:
    """Bands without an OLI equivalent, and scenes whose view was not corrected before."""
    plain = sorted(
        {
            f"{name} of {scene.instrument.key}"
            for name in bands
            for scene in scenes
            if scene.instrument.band(name).name not in (scene.instrument.to_oli or {})
        }
    )
    if plain:
        yield Note.of(
            plain,
            fate=Fate.IGNORED,
            subject=Subject.BANDS,
            reason="bandpass has no coefficients for them: as their own sensor saw them",
            remedy="nir08 of Sentinel-2 is the like of Landsat's near infrared, nir is not",
        )
    seen = [each.id for each in scenes if each.nadir is None and each.is_from_above is None]
    if seen:
        yield Note.of(
            seen,
            fate=Fate.GUESSED,
            subject=Subject.SCENES,
            reason="bandpass takes them as seen from straight above, where nothing brought them",
            remedy="brdf: true",
        )
