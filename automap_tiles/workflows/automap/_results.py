"""A composite's STAC item: its sources and processing, and the contribution of each scene."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from automap_tiles import raster
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import outline
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.parsing import parse_json
from automap_tiles.raster import RasterInfo
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.scenes.masks import CONFIDENCE
from automap_tiles.scenes.prepared import read_item
from automap_tiles.storage import Address
from automap_tiles.version import VERSION
from automap_tiles.workflows.automap import _stac
from automap_tiles.workflows.automap._composite import band_unit, composite_bands
from automap_tiles.workflows.automap._download import area_hash
from automap_tiles.workflows.automap.folders import composite_path, scenes_folder
from automap_tiles.workflows.automap.parameters import RunParameters

_WORDS = {
    "automap:area": "for another area",
    "automap:brdf": "from scenes seen otherwise (brdf)",
    "automap:coregister": "from scenes that lie otherwise beside each other (coregister)",
    "automap:grid": "on another grid (crs, resolution)",
    "automap:mask": "with another mask",
    "automap:masker": "from scenes whose masks were made in another way",
    "automap:max_cloud_cover": "with another limit of cloud cover",
    "automap:provenance": "with other provenance bands",
    "automap:seamless": "from scenes of another brightness (seamless)",
}
"""Properties that affect a composite and are not in its name."""
_UNSURE = ("cloud", "cirrus", "shadow", "snow")
"""Flags for which quality layers state a confidence."""


def write_item(run: RunParameters, satellite: str) -> None:
    """Write the STAC item of a satellite's composite; raises `InputError`, `OutputError`."""
    path = composite_path(run, satellite)
    _stac.put(path.ending_in(".json"), _item(run, satellite, path))


def check_not_empty(run: RunParameters, satellite: str, scenes: Collection[str]) -> None:
    """Raise `InputError` if nothing is left of these scenes, so that there is no composite."""
    path = composite_path(run, satellite)
    if path.exists() and any(one["samples"] for one in shares(path)):
        return
    for left in (path, path.ending_in(".json")):
        left.delete()  # from an earlier run, and now empty
    folder = scenes_folder(run.output, satellite)
    said = [
        item["properties"]
        for name in scenes
        if (item := read_item(folder / f"{safe_name(name)}.json")) is not None
    ]
    pixels, cloudy = (
        sum(int(each.get(key, 0)) for each in said) for key in ("automap:pixels", "automap:cloudy")
    )
    raise InputError(
        f"no pixel is left: the mask ({', '.join(run.mask)}) rules out all that {len(said)} "
        f"scene{'s show' if len(said) != 1 else ' shows'} of the area; {cloudy:,} of {pixels:,} "
        "pixels are under clouds, cirrus or shadows. A longer time, or fewer flags under --mask, "
        "may leave some"
    )


def unused_scenes(run: RunParameters, satellite: str) -> list[str]:
    """Ids of scenes without a single pixel in the composite."""
    found = shares(composite_path(run, satellite))
    return [str(one["id"]) for one in found if not one["samples"]]


def shares(composite: Address) -> list[dict[str, Any]]:
    """The contribution of each scene to a composite, as stored by `scenes.contributions`.

    Raises `InputError` where that is damaged.
    """
    place = composite.ending_in(".scenes.json")
    content = place.read()
    try:
        found: Any = [] if content is None else parse_json(content)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(map(_is_share, found)):
        raise InputError(
            "is damaged: it does not tell what each scene gave to the composite; --overwrite "
            "makes the composite anew",
            place.text,
        )
    return found


def _is_share(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and isinstance(said.get("id"), str)
        and isinstance(said.get("samples"), int)
    )


def no_composite(satellite: str, why: str) -> Note:
    """A note that a satellite has no composite."""
    return Note(
        fate=Fate.LOST,
        subject=Subject.SATELLITES,
        reason=f"no composite: {why}",
        examples=(satellite,),
    )


def report_cloud_confidence(run: RunParameters) -> None:
    """Report the assumed threshold: from which confidence on a pixel counts as cloudy."""
    unsure = [name for name in run.mask if name in _UNSURE]
    if unsure and run.making.masking is None:
        tell(
            Note.of(
                unsure,
                fate=Fate.GUESSED,
                subject=Subject.MASKS,
                reason=f"what the scenes' own layers tell with {CONFIDENCE} or high confidence is "
                "masked; low confidence counts as clear",
            )
        )


def check_composites(run: RunParameters) -> None:
    """Raise `ConfigError` if a composite of the same name was made in another way."""
    for satellite in sorted(run.satellites):
        path = composite_path(run, satellite)
        found = read_item(path.ending_in(".json"))
        if found is None or not path.exists():
            continue
        wanted = _how(run)
        changed = [
            words
            for key, words in _WORDS.items()
            if found["properties"].get(key) != wanted.get(key)
        ]
        if changed:
            raise ConfigError(
                f"the composite that is there was made {' and '.join(changed)}",
                file=path.text,
                remedy="--overwrite makes it anew; another --output keeps both",
            )


def _how(run: RunParameters) -> dict[str, Any]:
    return {
        "automap:statistics": list(run.statistics),
        "automap:provenance": list(run.provenance),
        "automap:mask": sorted(run.mask),
        "automap:masker": run.making.label or None,
        "automap:max_cloud_cover": run.max_cloud_cover,
        "automap:area": area_hash(run.area),
        **({"automap:brdf": True} if run.brdf else {}),
        **({"automap:coregister": True} if run.coregister else {}),
        **({"automap:seamless": True} if run.seamless else {}),
        **({"automap:grid": run.target.to_json()} if run.target else {}),
    }


def _item(run: RunParameters, satellite: str, path: Address) -> dict[str, Any]:
    info = raster.inspect_anew(path.url)
    sidecar = path.ending_in(".scenes.json")
    return {
        "type": "Feature",
        "stac_version": _stac.VERSION,
        "stac_extensions": _stac.EXTENSIONS,
        "id": f"{satellite}_{path.stem}",
        **_stac.place(outline(info.grid)),
        "properties": {
            "datetime": None,
            "start_datetime": f"{run.period.first}T00:00:00Z",
            "end_datetime": f"{run.period.last}T23:59:59Z",
            "platform": satellite,
            # core 1.1 does not allow an empty one
            **({"description": run.description} if run.description else {}),
            "proj:epsg": info.grid.crs.to_epsg(),
            "proj:shape": list(info.grid.shape),
            "proj:transform": list(info.grid.transform)[:6],
            "automap:version": VERSION,
            **_how(run),
            "automap:scenes": shares(path),
        },
        "links": [],
        "assets": {
            "image": _asset(run, satellite, path, info),
            "scenes": {
                "href": f"./{sidecar.name}",
                "type": "application/json",
                "title": "What each scene gave",
                "roles": ["metadata"],
            },
        },
    }


def _asset(run: RunParameters, satellite: str, path: Address, info: RasterInfo) -> dict[str, Any]:
    bands = composite_bands(run, satellite)
    return {
        "href": f"./{path.name}",
        "type": _stac.COG,
        "title": "Composite",
        "roles": ["data"],
        "eo:bands": [{"name": band.name} for band in bands],
        "raster:bands": [
            {"data_type": dtype, "nodata": nodata, "scale": band_unit(band.unit), "offset": 0.0}
            for band, dtype, nodata in zip(bands, info.dtypes, info.nodatavals, strict=True)
        ],
    }
