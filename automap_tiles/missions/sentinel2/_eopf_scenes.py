"""Scenes from EOPF stores of Sentinel-2, levels 1C and 2A.

Follows the layout of ESA's EOPF product format (mappings S02MSIL1C and S02MSIL2A of its processing
software, CPM): array paths, `stac_discovery`, `other_metadata`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.scene import BandFile, QualityFile, Scene
from automap_tiles.missions._common.stac import number
from automap_tiles.missions.sentinel2._bands import BAND_NAMES, BY_KEY
from automap_tiles.missions.sentinel2._baseline import has_offset, is_official, parse_baseline
from automap_tiles.missions.sentinel2._eopf_names import MARK, STORE, VERSION_3, own_band
from automap_tiles.missions.sentinel2._eopf_store import Array, Store, read_store
from automap_tiles.missions.sentinel2._offset import Offset
from automap_tiles.missions.sentinel2._quality import EOPF_CLASSI
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage.zarr_array import placed_array

if TYPE_CHECKING:
    from automap_tiles.missions._common.layout import ProductLayout

_LEVELS = {"S02MSIL1C": "L1C", "S02MSIL2A": "L2A"}
_REFLECTANCE = re.compile(r"measurements/reflectance/r(?P<size>[126]0)m/(?P<name>\w+)")
_TILE = re.compile(r"_T(?P<tile>\d\d[A-Z]{3})(?:_|\b)")
_GEOMETRY = "conditions/geometry"
_VIEW = f"{_GEOMETRY}/viewing_incidence_angles"
_SATURATED = 65535
_CLASSES = {1: "opaque", 2: "cirrus", 4: "snow_ice", 128: "novalue"}
"""Bits of `l1c_classification` by the names in its attributes, case-insensitive."""


def eopf_scene(layout: ProductLayout, place: ProductFiles) -> Scene:
    """The scene of one store; raises `InputError` with the reason if it cannot be used."""
    store = _read(layout, place)
    said = store.properties
    _tell_unknown(store, layout.id)
    sensor = BY_KEY.get(str(said.get("platform")).lower())
    if sensor is None:
        raise InputError(f"a store of no known satellite (platform: {said.get('platform')!r})")
    level = _LEVELS.get(str(said.get("product:type")))
    if level is None:
        raise InputError(f"a store of another product (product:type: {said.get('product:type')!r})")
    seen, estimated = _time(store)
    baseline = _baseline(store, layout)
    _check_finest(store, layout)
    bands, offset = _bands(layout, place, store, baseline)
    zenith = number(store.other.get("mean_sun_zenith_angle_in_deg_for_all_bands_all_detectors"))
    orbit = number(said.get("sat:relative_orbit"))
    return Scene(
        id=layout.id,
        sensor=sensor.key,
        time=seen,
        level=level,
        tile=layout.tile or _tile(store),
        orbit=None if orbit is None else int(orbit),
        bands=bands,
        quality=_quality(layout, place, store),
        cloud_cover=number(said.get("eo:cloud_cover")),
        sun_elevation=None if zenith is None else 90 - zenith,
        sun_azimuth=number(
            store.other.get("mean_sun_azimuth_angle_in_deg_for_all_bands_all_detectors")
        ),
        metadata={
            "product": str(store.item.get("id") or layout.id).removesuffix(".SAFE"),
            **({"baseline": baseline} if baseline else {}),
            **({"created": str(said["created"])} if said.get("created") else {}),
            **({"estimated": ["time"]} if estimated else {}),
            **({"offset": offset} if offset else {}),
            "angles": _angles(layout, place, store),
        },
    )


def _read(layout: ProductLayout, place: ProductFiles) -> Store:
    if STORE in layout.metadata:
        return read_store(place.read(layout.metadata[STORE]))
    if VERSION_3 in layout.metadata:
        raise InputError("a store of Zarr, version 3: those of version 2 are read")
    raise InputError("no .zmetadata: what its arrays are is not known")


def _tell_unknown(store: Store, name: str) -> None:
    """Note reflectance arrays that are not bands of the instrument."""
    arrays = [found for path in store.arrays if (found := _REFLECTANCE.fullmatch(path))]
    others = {each["name"] for each in arrays if own_band(each["name"]) is None} - {"x", "y"}
    if others:
        tell(
            Note(
                fate=Fate.IGNORED,
                subject=Subject.BANDS,
                reason="Sentinel-2 has no bands of these names",
                count=len(others),
                examples=tuple(f"{each} of {name}" for each in sorted(others)[:3]),
            )
        )


def _check_finest(store: Store, layout: ProductLayout) -> None:
    """Raise `InputError` if a finer array of a band is listed but its files are missing."""
    there = {_array(store, layout, file).path for file in layout.bands.values()}
    finest: dict[str, str] = {}
    for path in sorted(store.arrays):  # r10m before r20m
        found = _REFLECTANCE.fullmatch(path)
        if found is not None and own_band(found["name"]) is not None:
            finest.setdefault(found["name"], path)
    lost = sorted(set(finest.values()) - there)
    if lost:
        raise InputError(f"{', '.join(lost[:3])} is not there, and .zmetadata has it")


def _time(store: Store) -> tuple[datetime, bool]:
    """Acquisition time, and whether it is only the start of the datatake."""
    said = store.properties
    exact = store.other.get("mean_sensing_time")
    text = exact or said.get("datetime") or said.get("start_datetime")
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InputError(f"a store that says no time: {text!r}") from error
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC), not exact


def _baseline(store: Store, layout: ProductLayout) -> str | None:
    for text in (store.properties.get("eopf:baseline"), layout.version):
        parsed = parse_baseline(str(text or ""))
        if parsed is not None:
            return f"{parsed[0]:02}.{parsed[1]:02}"
    return None


def _tile(store: Store) -> str | None:
    for text in (store.item.get("id"), store.other.get("UTM_zone_identification")):
        if found := _TILE.search(str(text or "")):
            return found["tile"]
    return None


def _bands(
    layout: ProductLayout, place: ProductFiles, store: Store, baseline: str | None
) -> tuple[dict[str, BandFile], dict[str, Any]]:
    """Files by band name, and notes on the offset of their numbers."""
    found: dict[str, BandFile] = {}
    doubt: dict[str, Any] = {}
    for name, file in layout.bands.items():
        array = _array(store, layout, file)
        match = _REFLECTANCE.fullmatch(array.path)
        assert match is not None  # `find` accepts only these as bands
        _check_chunks(layout, file, array, spare=True)
        scale, nodata = array.number("scale_factor"), array.nodata()
        if scale <= 0:
            raise InputError(f"{array.path}: scale_factor {scale:g}")
        offset = _offset(baseline, array.number("add_offset") / scale)
        if offset.doubtful:
            doubt = offset.as_metadata()
        found[name] = BandFile(
            href=_href(place, file, array, size=float(match["size"]), nodata=nodata),
            scaling=Scaling(
                multiply=scale, add=offset.value * scale, nodata=nodata, saturated=_SATURATED
            ),
        )
    return found, doubt


def _offset(baseline: str | None, stated: float) -> Offset:
    """Offset implied by the baseline; the stated -0.1 is a constant of the format's mapping.

    EOPF stores of older processing versions state it as well, although their numbers contain no
    offset.
    """
    told = None if baseline is None else has_offset(baseline)
    of_baseline = None if told is None else (-1000.0 if told else 0.0)
    value = float(round(stated, 6)) if of_baseline is None else of_baseline
    return Offset(
        value=value,
        applied=None,
        baseline=of_baseline,
        stated=float(round(stated, 6)),
        at_home=baseline is not None and not is_official(baseline),
    )


def _quality(layout: ProductLayout, place: ProductFiles, store: Store) -> tuple[QualityFile, ...]:
    """Quality layers, best first."""
    found: list[QualityFile] = []
    for layer in ("scl", EOPF_CLASSI.name):
        if layer not in layout.quality:
            continue
        array = _array(store, layout, layout.quality[layer])
        _check_chunks(layout, layout.quality[layer], array, spare=False)
        if layer == EOPF_CLASSI.name:
            _check_classes(array)
        found.append(QualityFile(layer=layer, href=_href(place, layout.quality[layer], array)))
    return tuple(found)


def _check_classes(array: Array) -> None:
    """Raise `InputError` if bits have an unexpected meaning."""
    bits, words = array.attributes.get("flag_masks"), array.attributes.get("flag_meanings")
    if bits is None and words is None:
        return
    listed = words.split() if isinstance(words, str) else words
    if not isinstance(bits, list) or not isinstance(listed, list) or len(bits) != len(listed):
        raise InputError(f"{array.path}: flag_masks and flag_meanings are not equally many")
    for bit, word in zip(bits, listed, strict=True):
        if _CLASSES.get(bit) != str(word).lower():
            raise InputError(f"{array.path}: bit {bit} means {word}, not {_CLASSES.get(bit)}")


def _array(store: Store, layout: ProductLayout, file: str) -> Array:
    """The array behind its marker file; raises `InputError` if it cannot be read."""
    root = layout.metadata[STORE].rpartition("/")[0]
    path = file.removeprefix(f"{root}/").removesuffix(f"/{MARK}")
    array = store.arrays.get(path)
    if array is None:
        raise InputError(f"{path} is there, and .zmetadata does not know it")
    array.check_size()
    return array


def _check_chunks(layout: ProductLayout, file: str, array: Array, *, spare: bool) -> None:
    """Note missing chunks, which mean no data; raise `InputError` for other problems.

    In a mask (not `spare`) missing chunks would wrongly read as clear.
    """
    there = layout.parts[file]
    names = list(array.chunk_names())
    lost = [name for name in names if name not in there]
    if lost and (not spare or len(lost) == len(names)):
        raise InputError(
            f"{array.path} lacks {len(lost)} of {len(names)} chunks, such as {lost[0]}"
        )
    if lost:
        tell(
            Note.of(
                [f"{layout.id}: {array.path} {name}" for name in lost],
                fate=Fate.GUESSED,
                subject=Subject.PIXELS,
                reason="chunks of a Zarr store are not there: taken for parts without data",
                remedy="fetch the product again if it has data there",
            )
        )


def _href(
    place: ProductFiles,
    file: str,
    array: Array,
    *,
    size: float | None = None,
    nodata: int | None = None,
) -> str:
    return placed_array(
        place.href(file).removesuffix(f"/{MARK}"),
        epsg=array.epsg(),
        transform=array.transform(size),
        nodata=nodata,
    )


def _angles(layout: ProductLayout, place: ProductFiles, store: Store) -> dict[str, Any]:
    """Angles read by `_eopf_angles`, or the reason why they are unavailable."""
    reason = next(_against_angles(store), None)
    if reason is not None:
        return {"reason": reason}
    root = layout.metadata[STORE].rpartition("/")[0]
    found = {"geometry": place.href(f"{root}/{_GEOMETRY}")}
    for word, file in layout.angles.items():
        array = _array(store, layout, file)
        _check_chunks(layout, file, array, spare=False)
        found[word] = _href(place, file, array)
    return found


def _against_angles(store: Store) -> Iterator[str]:
    view = store.arrays.get(_VIEW)
    listed = store.properties.get("bands")
    names = [
        str(each.get("name")).upper()
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, Mapping)
    ]
    for name in ("sun_angles", "detector", "x", "y"):
        if f"{_GEOMETRY}/{name}" not in store.arrays:
            yield f"no {_GEOMETRY}/{name}"
    if view is None or len(view.shape) != 5:
        yield f"no {_VIEW}"
    elif tuple(names) != BAND_NAMES or view.shape[0] != len(names):
        yield f"nothing says of which band each part of {_VIEW} is"
