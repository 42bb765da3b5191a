"""What a run was made of, as `run_….json` in its output folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automap_tiles import raster
from automap_tiles.errors import ConfigError, without_signatures
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.parsing import parse_json
from automap_tiles.scenes.funnel import Funnel
from automap_tiles.scenes.masks import CONFIDENCE
from automap_tiles.storage import Address
from automap_tiles.version import VERSION
from automap_tiles.workflows.automap import _stac, reproducibility
from automap_tiles.workflows.automap.discover import Discovered
from automap_tiles.workflows.automap.folders import result_name
from automap_tiles.workflows.automap.order import DownloadOrder
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.automap.preparing import SceneDone


@dataclass(frozen=True, kw_only=True)
class Made:
    """Results of a run."""

    order: DownloadOrder
    scenes: Sequence[SceneDone]
    composites: Mapping[str, str]
    """Satellite → file."""
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Satellite → files of its classification by kind."""
    funnel: Funnel = field(default_factory=Funnel)
    """From found to used."""
    notes: tuple[Note, ...] = ()
    """Everything that was lost, replaced, ignored or guessed."""
    left: frozenset[str] = frozenset()
    """Satellites whose results are from an earlier run with other scenes."""


def write_record(run: RunParameters, found: Discovered, made: Made) -> str:
    """Write the record and return its name; raises `OutputError`."""
    path = record_path(run)
    said = record(run, found, made)
    before = _before(path) if made.left else None
    for satellite in made.left:
        kept = None if before is None else before["results"].get(satellite)
        if kept is not None:
            said["results"][satellite] = kept
    _stac.put(path, said)
    return path.name


def _before(path: Address) -> dict[str, Any] | None:
    """The record that is replaced; None where there is none, or a damaged one, which is told."""
    try:
        return read_record(path)
    except ConfigError as error:
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.FILES,
                reason="the record that was there could not be read; the new one does not tell the "
                "scenes of results that were left as they are",
                examples=(str(error.file),),
            )
        )
        return None


def record_path(run: RunParameters) -> Address:
    """Path of a run's record; the report page is beside it."""
    return run.output / f"run_{run.mode}_{result_name(run)}.json"


def read_record(address: Address) -> dict[str, Any] | None:
    """A record; None if it does not exist. Raises `ConfigError` if it is invalid."""
    content = address.read()
    if content is None:
        return None
    try:
        found = parse_json(content.decode())
    except ValueError as error:
        raise ConfigError("is not the record of a run", file=address.text) from error
    if not isinstance(found, dict) or not isinstance(found.get("results"), dict):
        raise ConfigError(
            "is not the record of a run",
            file=address.text,
            remedy="run_….json in the output of automap run",
        )
    return found


def record(run: RunParameters, found: Discovered, made: Made) -> dict[str, Any]:
    """Parameters, all considered scenes with their outcome, and the results.

    Paths are relative to the record, so that the folder can be moved and does not reveal the
    machine it was made on.
    """
    return {
        "version": VERSION,
        "order": _order(run, made.order),
        "made_by": reproducibility.made_by(),
        **_stored_files(run, made),
        **_parameters(run),
        "results": {
            satellite: _of_satellite(run, made, satellite) for satellite in sorted(run.satellites)
        },
        "funnel": made.funnel.to_json(),
        "notes": [note.to_json() for note in made.notes],
        "set_aside": [
            {"scene": name, "reason": without_signatures(reason)} for name, reason in found.rejected
        ],
    }


def _stored_files(run: RunParameters, made: Made) -> dict[str, Any]:
    """Size and checksum of the input files of the order and of the results, where available."""
    return {
        "given": {
            word: {"name": Path(path).name, **there}
            for word, path in reproducibility.given_files(made.order).items()
            if (there := reproducibility.stored(Address.of(path))) is not None
        },
        "checks": {
            _from(run.output, path.text): there
            for path in _results(made)
            if (there := reproducibility.stored(path)) is not None
        },
    }


def _parameters(run: RunParameters) -> dict[str, Any]:
    """The validated parameters; optional ones only if they are set, as in earlier versions."""
    from shapely.geometry import mapping

    return {
        "mode": str(run.mode),
        "description": run.description,
        "satellites": sorted(run.satellites),
        "start": str(run.period.first),
        "end": str(run.period.last),
        "source": _from(run.output, run.source),
        "statistics": list(run.statistics),
        "provenance": list(run.provenance),
        "mask": list(run.mask),
        "mask_of": run.making.label or "the scenes' own layers",
        "mask_confidence": CONFIDENCE,
        **({"brdf": True} if run.brdf else {}),
        **({"coregister": True} if run.coregister else {}),
        **({"seamless": True} if run.seamless else {}),
        **({"grid": run.target.to_json()} if run.target else {}),
        "max_cloud_cover": run.max_cloud_cover,
        "area": mapping(run.area),
    }


def _of_satellite(run: RunParameters, made: Made, satellite: str) -> dict[str, Any]:
    """Scenes of a satellite with their outcome, and its composite and maps with their grid."""
    own = [scene for scene in made.scenes if scene.satellite == satellite]
    traced = reproducibility.scenes_made_of(run.output, satellite, [scene.scene for scene in own])
    composite = made.composites.get(satellite)
    return {
        "scenes": [_scene(scene, traced.get(scene.scene, {})) for scene in own],
        "composite": None if composite is None else _from(run.output, composite),
        **{what: _from(run.output, path) for what, path in made.maps.get(satellite, {}).items()},
        **_grid(composite),
    }


def _from(folder: Address, place: str) -> str:
    """A path relative to a folder if both are of one kind, without anything secret."""
    if place.startswith(f"{folder}/"):
        return place.removeprefix(f"{folder}/")
    if "://" in place or folder.is_remote or not Path(place).exists():
        return without_signatures(place)
    return Path(os.path.relpath(Path(place).absolute(), folder.text)).as_posix()


def _results(made: Made) -> list[Address]:
    """Result files that are identical when they are made again."""
    found: list[Address] = []
    for path in map(Address.of, made.composites.values()):
        found += [path, path.ending_in(".scenes.json")]
    for files in made.maps.values():
        found += [Address.of(files[what]) for what in ("model", "classes") if what in files]
    return found


def _grid(composite: str | None) -> dict[str, Any]:
    if composite is None:
        return {}
    grid = raster.inspect_anew(Address.of(composite).url).grid
    epsg = grid.crs.to_epsg()
    return {
        "grid": {
            "crs": grid.crs.to_wkt() if epsg is None else f"EPSG:{epsg}",
            "shape": list(grid.shape),
            "transform": list(grid.transform)[:6],
        }
    }


def _order(run: RunParameters, order: DownloadOrder) -> dict[str, Any]:
    """The order's values, with paths relative to the record; the area is part of the record."""
    said = order.to_json()
    said["input"] = _from(run.output, order.input)
    for word, path in reproducibility.given_files(order).items():
        place = said if word == "samples" else said["learn"]
        place[word] = _from(run.output, path)
    left_out = ("output", "boundary", "overwrite", "update", "dask_scheduler")
    return {word: value for word, value in said.items() if word not in left_out}


def _scene(scene: SceneDone, traced: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"id": scene.scene, "status": str(scene.status), **traced}
    return said if scene.error is None else {**said, "error": without_signatures(scene.error)}
