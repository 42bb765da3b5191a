"""Satellite scenes as an input: many dates of the same area.

::

    input:
      scenes:
        format: scenes
        path: data/s2                        # folder, archive, description of a stack; or s3://…
        bands: [blue, green, red, nir]
        time: 2018-04-01/2018-09-30
        satellites: 2
        max_cloud_cover: 60
        mask: [cloud, shadow, cirrus]
        masker: s2cloudless                  # optional: in place of the scenes' own layers
        project_shadow: true                 # optional: for masks without shadows
        only: [LC08_L1TP_…, LC08_L1TP_…]     # optional: ids; other scenes there do not count
        require_mask: true                   # optional: refuse scenes that have no such mask
        brdf: true                           # optional: reflectance as seen from straight above
        bandpass: oli                        # optional: bands brought to those of Landsat 8, and
                                             # scenes of several satellites read together
        seamless: true                       # optional: scenes made equally bright
        coregister: true                     # optional: dates brought onto each other; or a raster
                                             # that they shall lie on, or a table of shifts (.json)

The scenes are looked for once, by the parent; what it found travels to the workers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import InputSpec
from automap_tiles.formats.context import OpenContext
from automap_tiles.formats.scenes_reader import ScenesReader
from automap_tiles.missions import COMMON, LON_LAT, parse_satellites
from automap_tiles.scenes.coregistration import Alignment
from automap_tiles.scenes.maskers import Masking
from automap_tiles.scenes.masks import FlagSource, MaskRule, parse_flags
from automap_tiles.scenes.reading import Reading
from automap_tiles.scenes.select import Selection, parse_period
from automap_tiles.storage import is_remote
from automap_tiles.vector import reproject_geometry

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


FORMAT = FormatInfo(
    name="scenes",
    summary="dates of a satellite, from products in folders, archives or a STAC catalogue",
    kind=OutputKind.RASTER,
    reader=f"{__name__}:open_reader",
)


def open_reader(spec: InputSpec, context: OpenContext) -> ScenesReader:
    """Reader of scenes; raises `ConfigError` for a wrong option, `InputError` without the path."""
    options = Options(spec)
    try:
        selection = _selection(options)
        said = options.take("coregister", False)
        reading = _reading(options, moves=said is not False)
        coregister = _coregister(said, reading, context.base)
    except ConfigError as error:
        if (error.key or "").startswith("input."):  # of `Options`
            raise
        raise spec.error(
            error.message, key=error.key, found=error.found, remedy=error.remedy
        ) from error
    unpack_to = options.text("unpack_to", None)
    catalogue = options.text("stac", None)
    collections, tiles = (_names(spec, options, key) for key in ("collections", "tiles"))
    only = _names(spec, options, "only")
    verify: Any = options.text("verify", "doubtful", ("never", "doubtful", "always"))
    level: Any = options.text("level", None, ("surface", "toa"))
    require_mask = options.truth("require_mask", False)
    brdf = options.truth("brdf", False)
    seamless = options.truth("seamless", False)
    to_oli = options.text("bandpass", None, ("oli",)) is not None
    options.finish()
    place = _place(spec, context.base) if catalogue is None else _source(catalogue, context.base)
    return ScenesReader(
        path=spec.path,
        place=place,
        is_catalogue=catalogue is not None,
        collections=collections,
        tiles=tiles or (),
        level=level,
        verify=verify,
        selection=replace(selection, area=_lonlat(context)),
        reading=reading,
        only=None if only is None else frozenset(only),
        unpack_to=None if unpack_to is None else Path(context.base, unpack_to).absolute(),
        require_mask=require_mask,
        coregister=coregister,
        brdf=brdf,
        to_oli=to_oli,
        seamless=seamless,
    )


def _names(spec: InputSpec, options: Options, key: str) -> tuple[str, ...] | None:
    value = options.take(key)
    if value is None:
        return None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise spec.error("must be a list of names", key=key, found=value)
    return tuple(names)


def _source(catalogue: str, base: Path) -> str:
    """Address, name of a catalogue or path of a STAC file."""
    path = Path(base, catalogue).absolute()
    return str(path) if "://" not in catalogue and path.exists() else catalogue


def _lonlat(context: OpenContext) -> BaseGeometry | None:
    """The area of the process in longitude and latitude."""
    if context.area is None:
        return None
    from automap_tiles.scenes.catalogue import normalised

    return normalised(reproject_geometry(context.area, context.pyramid.crs, LON_LAT))


def _place(spec: InputSpec, base: Path) -> str:
    if is_remote(spec.path):
        return spec.path
    path = Path(base, spec.path).absolute()
    if not path.exists():
        raise InputError(f"input {spec.name}: no such file or folder", path)
    return str(path)


def _selection(options: Options) -> Selection:
    time = options.take("time")
    satellites = options.take("satellites")
    return Selection(
        period=Selection().period if time is None else parse_period(time),
        satellites=None if satellites is None else parse_satellites(satellites),
        max_cloud_cover=options.number("max_cloud_cover", None),
    )


def _reading(options: Options, *, moves: bool) -> Reading:
    bands = options.take("bands", list(COMMON))
    if not isinstance(bands, list | tuple) or not bands:
        raise ConfigError("must be a list of names", key="bands", found=bands)
    names = options.take("mask")
    if names is not None and not isinstance(names, list | tuple):
        raise ConfigError("must be a list of flags", key="mask", found=names)
    rule = MaskRule(
        flags=parse_flags(names),
        confidence=options.text("confidence", "medium", ("low", "medium", "high")),  # type: ignore[arg-type]
        opening=options.number("opening", 0.0) or 0.0,
        dilation=options.number("dilation", 0.0) or 0.0,
        making=_making(options),
    )
    grid = options.text("grid", "native", ("native", "tile"))
    return Reading(
        bands=tuple(str(band) for band in bands),
        mask=rule,
        resampling=options.text("resampling", None) or ("cubic" if moves else "nearest"),
        grid="tile" if grid == "tile" else "native",
        resolution=options.number("resolution", None),
    )


def _coregister(said: Any, reading: Reading, base: Path) -> Alignment | str | None:
    """How dates are brought onto each other; the path of a table of shifts as it is."""
    if said is False:
        return None
    if reading.resampling == "nearest":
        raise ConfigError(
            "the nearest pixel cannot be moved by parts of a pixel",
            key="resampling",
            found="nearest",
            remedy="cubic, or nothing, beside coregister",
        )
    band = "nir" if "nir" in reading.bands else reading.bands[0]
    alignment = Alignment(band=band, making=reading.making)
    if said is True:
        return alignment
    if not isinstance(said, str):
        raise ConfigError("must be true, false or a file", key="coregister", found=said)
    path = said if is_remote(said) else str(Path(base, said).absolute())
    if not is_remote(said) and not Path(path).exists():
        raise InputError("coregister: no such file", path)
    return path if path.endswith(".json") else replace(alignment, reference=path)


def _making(options: Options) -> FlagSource:
    """Raises `MissingExtra` as well, for a masker that is not installed."""
    name = options.text("masker", None)
    resolution = options.number("masker_resolution", None)
    if name is None and resolution is not None:
        raise ConfigError("goes with a masker", key="masker_resolution", found=resolution)
    masking = None if name is None else Masking(name=name, resolution=resolution)
    if masking is not None:
        masking.check([])  # that it is installed
    return FlagSource(masking=masking, project_shadow=options.truth("project_shadow", False))
