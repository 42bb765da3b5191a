"""Metadata of Sentinel-2 products in EOPF format as tests read them: a tree of groups and arrays.

The layout is that of ESA's mappings S02MSIL1C and S02MSIL2A (EOPF, CPM): names of arrays, types,
chunks, attributes written twice (`_eopf_attrs`), scale 0.0001 with offset -0.1 since baseline
04.00, nodata 0, nodes of angles every 5 km. What no reader looks at is left out: meteorology,
quicklooks, spectral responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rasterio.crs import CRS
from rasterio.warp import transform_bounds
from shapely.geometry import box, mapping

Tree = dict[str, Any]

_BANDS = (
    "b01", "b02", "b03", "b04", "b05", "b06", "b07", "b08", "b8a", "b09", "b10", "b11", "b12"
)  # fmt: skip
_OWN = {
    10: ("b02", "b03", "b04", "b08"),
    20: ("b05", "b06", "b07", "b8a", "b11", "b12"),
    60: ("b01", "b09", "b10"),
}
"""Bands by the size of their own pixels, metres."""
_COARSER = {20: ("b01", "b02", "b03", "b04"), 60: tuple(set(_BANDS) - {"b08", "b10"})}
"""Those that level 2A has in these pixels besides."""
_TILE = 109_800
"""Metres along an edge."""
_NODES = 23
_CODEC = {"blocksize": 0, "clevel": 3, "cname": "zstd", "id": "blosc", "shuffle": 2}


@dataclass(frozen=True, kw_only=True)
class EopfProduct:
    """A product of which the metadata are written."""

    name: str
    """`S2A_MSIL2A_20251008T100041_N0511_R122_T32TQM_20251008T122613`."""
    epsg: int
    left: int
    top: int
    """Corner of the tile."""
    minutes: str
    """Of its mean sensing time: `10:09:27.346626`."""
    orbit: int
    """Absolute number."""
    sun_zenith: float
    sun_azimuth: float
    detectors: int
    """How many saw the tile."""

    @property
    def is_surface(self) -> bool:
        """Level 2A."""
        return self.level == "L2A"

    @property
    def level(self) -> str:
        return self.name[7:10]

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        return self.left, self.top - _TILE, self.left + _TILE, self.top


def tree(product: EopfProduct) -> Tree:
    """The root group with all that is in it."""
    return _group(
        {
            "conditions": _group({"geometry": _geometry(product), "mask": _masks(product)}),
            "measurements": _group({"reflectance": _reflectance(product)}),
            "quality": _group({"mask": _by_size(product, _OWN, _quality)}),
        },
        {"other_metadata": _other(product), "stac_discovery": _item(product)},
    )


def _group(members: Tree, attributes: Mapping[str, Any] | None = None) -> Tree:
    return {"attributes": dict(attributes or {}), "members": members, "zarr_format": 2}


def _array(
    shape: Sequence[int],
    dtype: str,
    attributes: Mapping[str, Any],
    *,
    chunks: Sequence[int] | None = None,
    fill: Any = None,
) -> Tree:
    return {
        "attributes": dict(attributes),
        "chunks": list(chunks or shape),
        "compressor": _CODEC,
        "dimension_separator": ".",
        "dtype": dtype,
        "fill_value": fill,
        "filters": None,
        "order": "C",
        "shape": list(shape),
        "zarr_format": 2,
    }


def _axis(name: str, size: int, dtype: str = "<i8") -> Tree:
    return _array([size], dtype, {"_ARRAY_DIMENSIONS": [name]})


def _by_size(product: EopfProduct, bands: Mapping[int, Iterable[str]], make: Any) -> Tree:
    """A group for each size of pixels, with an array for each band and the axes."""
    return _group(
        {
            f"r{size}m": _placed(size, {name: make(product, size, name) for name in sorted(names)})
            for size, names in bands.items()
        }
    )


def _placed(size: int, arrays: Tree) -> Tree:
    return _group({**arrays, "x": _axis("x", _TILE // size), "y": _axis("y", _TILE // size)})


def _plane(
    product: EopfProduct, size: int, dtype: str, said: Mapping[str, Any], *, of_tile: int, fill: Any
) -> Tree:
    """An array of pixels; `of_tile` chunks make an edge of it."""
    many = _TILE // size
    left, bottom, right, top = map(float, product.bounds)
    attributes = {
        "_ARRAY_DIMENSIONS": ["y", "x"],
        "_eopf_attrs": {"coordinates": ["x", "y"], "dimensions": ["y", "x"], **said},
        **said,
        "proj:bbox": [left, bottom, right, top],
        "proj:epsg": product.epsg,
        "proj:shape": [many, many],
        "proj:transform": [float(size), 0.0, left, 0.0, -float(size), top, 0.0, 0.0, 1.0],
        "proj:wkt2": CRS.from_epsg(product.epsg).to_wkt(),
    }
    return _array([many, many], dtype, attributes, chunks=[many // of_tile] * 2, fill=fill)


def _reflectance(product: EopfProduct) -> Tree:
    if not product.is_surface:
        return _by_size(product, _OWN, _numbers)
    coarser = {size: {*_OWN[size], *_COARSER.get(size, ())} - {"b10"} for size in _OWN}
    return _by_size(product, coarser, _numbers)


def _numbers(product: EopfProduct, size: int, name: str) -> Tree:
    kind = "BOA" if product.is_surface else "TOA"
    said = {
        "add_offset": -0.1,
        "dtype": "<u2",
        "fill_value": 0,
        "long_name": f"{kind} reflectance from MSI acquisition at spectral band {name}",
        "scale_factor": 0.0001,
        "units": "digital_counts",
    }
    of_tile = 6 if not product.is_surface else 2 if size == 10 else 1
    found = _plane(product, size, "<u2", said, of_tile=of_tile, fill=0)
    found["attributes"] |= {"valid_min": 1, "valid_max": 65_535}
    return found


def _masks(product: EopfProduct) -> Tree:
    classes = {
        "dtype": "<u1",
        "flag_masks": [1, 2, 4],
        "flag_meanings": ["OPAQUE", "CIRRUS", "SNOW_ICE"],
        "long_name": "cloud classification mask provided in the final reference frame",
    }
    found = {
        "detector_footprint": _by_size(product, _OWN, _detectors),
        "l1c_classification": _group(
            {"r60m": _placed(60, {"b00": _mask(product, 60, classes)})},
        ),
    }
    if product.is_surface:
        scl = {f"r{size}m": _placed(size, {"scl": _mask(product, size, {})}) for size in (20, 60)}
        found["l2a_classification"] = _group(scl)
    return _group(found)


def _mask(product: EopfProduct, size: int, said: Mapping[str, Any]) -> Tree:
    return _plane(product, size, "|u1", said, of_tile=1 if product.is_surface else 6, fill=None)


def _detectors(product: EopfProduct, size: int, _: str) -> Tree:
    name = "detector footprint mask. 0 = no detector, 1-12 = detector 1-12"
    return _mask(product, size, {"dtype": "<u1", "long_name": name})


def _quality(product: EopfProduct, size: int, _: str) -> Tree:
    said = {
        "dtype": "<u1",
        "flag_masks": [1, 2, 4, 8],
        "flag_meanings": ["ANC_LOST", "ANC_DEG", "MSI_LOST", "MSI_DEG"],
        "long_name": "quality mask provided in the final reference frame",
    }
    return _mask(product, size, said)


def _geometry(product: EopfProduct) -> Tree:
    def nodes(names: Sequence[str], shape: Sequence[int], chunks: Sequence[int]) -> Tree:
        said = {"dimensions": list(names), "eopf_is_masked": True, "fill_value": "NaN"}
        attributes = {"_ARRAY_DIMENSIONS": list(names), "_eopf_attrs": said}
        return _array(shape, "<f8", attributes, chunks=chunks, fill="NaN")

    grid, many = [2, _NODES, _NODES], product.detectors
    return _group(
        {
            "angle": _axis("angle", 2, "<U7"),
            "band": _axis("band", len(_BANDS), "<U3"),
            "detector": _axis("detector", many),
            "mean_sun_angles": nodes(["angle"], [2], [2]),
            "sun_angles": nodes(["angle", "y", "x"], grid, grid),
            "viewing_incidence_angles": nodes(
                ["band", "detector", "angle", "y", "x"],
                [len(_BANDS), many, *grid],
                [7, (many + 1) // 2, *grid],
            ),
            "x": _axis("x", _NODES),
            "y": _axis("y", _NODES),
        }
    )


def _other(product: EopfProduct) -> dict[str, Any]:
    letter, day, tile = product.name[2], product.name[11:19], product.name[38:44]
    made = product.name[-15:]
    return {
        "UTM_zone_identification": f"S2{letter}_OPER_MSI_{product.level}_TL_2{letter}PS_{made}_"
        f"A{product.orbit:06}_{tile}_N05.11",
        "eopf_category": "eoproduct",
        "horizontal_CRS_code": f"EPSG:{product.epsg}",
        "horizontal_CRS_name": f"WGS84 / UTM zone {product.epsg % 100}N",
        "mean_sensing_time": f"{day[:4]}-{day[4:6]}-{day[6:]}T{product.minutes}Z",
        "mean_sun_azimuth_angle_in_deg_for_all_bands_all_detectors": product.sun_azimuth,
        "mean_sun_zenith_angle_in_deg_for_all_bands_all_detectors": product.sun_zenith,
        "product_quality_status": "PASSED",
        "spectral_band_of_reference": "null",
    }


def _item(product: EopfProduct) -> dict[str, Any]:
    seen, made = product.name[11:26], product.name[-15:]
    bounds = transform_bounds(f"EPSG:{product.epsg}", "EPSG:4326", *product.bounds)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"{product.name}.SAFE",
        "bbox": list(bounds),
        "geometry": mapping(box(*bounds)),
        "assets": {},
        "links": [{"href": "./.zattrs.json", "rel": "self", "type": "application/json"}],
        "properties": {
            "bands": [{"name": name} for name in _BANDS],
            "constellation": "sentinel-2",
            "created": f"{_clock(made)}+00:00",
            "datetime": None,
            "start_datetime": f"{_clock(seen)}.024000+00:00",
            "end_datetime": f"{_clock(seen)}.024000+00:00",
            "eo:cloud_cover": 12.5,
            "eopf:baseline": "05.11",
            "eopf:instrument_mode": "INS-NOBS",
            "instrument": "msi",
            "platform": f"sentinel-2{product.name[2].lower()}",
            "processing:level": product.level,
            "product:type": f"S02MSI{product.level}",
            "proj:bbox": list(map(float, product.bounds)),
            "proj:epsg": product.epsg,
            "sat:absolute_orbit": product.orbit,
            "sat:orbit_state": "descending",
            "sat:relative_orbit": int(product.name[34:37]),
        },
    }


def _clock(text: str) -> str:
    """`2025-10-08T10:00:41` of `20251008T100041`."""
    date, time = text.split("T")
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}"
