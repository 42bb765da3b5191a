"""A catalogue of many items, searched: `python -m bench.scale.catalogue [items]`.

Items as Earth Search sends them of Sentinel-2 (17 assets, some 20 kB as text), made up one by one,
of which one in a thousand lies in the area that is asked for. Servers that choose by place send
less; a file or a server that does not sends all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import shapely

from automap_tiles.scenes.catalogue import _search, _static
from automap_tiles.scenes.select import Period, Selection
from bench.scale.measure import Watch, peak, resident

_BANDS = {
    "coastal": ("B01", 60), "blue": ("B02", 10), "green": ("B03", 10), "red": ("B04", 10),
    "rededge1": ("B05", 20), "rededge2": ("B06", 20), "rededge3": ("B07", 20),
    "nir": ("B08", 10), "nir08": ("B8A", 20), "nir09": ("B09", 60), "swir16": ("B11", 20),
    "swir22": ("B12", 20), "scl": ("SCL", 20), "aot": ("AOT", 10), "wvp": ("WVP", 10),
    "visual": ("TCI", 10), "thumbnail": ("preview", 320),
}  # fmt: skip
_WANTED = 1_000
_SHOWN = 4_000


def items(count: int) -> Iterator[_static.ReadItem]:
    """As a server sends them, page by page."""
    watch = Watch()
    for number in range(count):
        if number % _SHOWN == 0:
            print(f"{number:>9,} items: {resident():.0f} MB, {watch.seconds:.1f} s CPU", flush=True)
        yield _static.ReadItem(href=f"https://example.org/{number}.json", data=_item(number))


def _item(number: int) -> dict[str, Any]:
    east = 10.0 if number % _WANTED == 0 else -150.0 + (number * 0.37) % 150
    north = 50.0 if number % _WANTED == 0 else -60.0 + (number * 0.73) % 120
    moment = datetime(2020, 1, 1, 10, tzinfo=UTC) + timedelta(hours=number * 0.3)
    tile = f"{1 + number % 60:02}UQ{chr(65 + number % 8)}"
    name = f"S2A_{tile}_{moment:%Y%m%d}_{number}_L2A"
    box = shapely.box(east, north, east + 1.4, north + 1)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-l2a",
        "bbox": list(box.bounds),
        "geometry": shapely.geometry.mapping(box),
        "properties": {
            "datetime": moment.isoformat().replace("+00:00", "Z"),
            "platform": "sentinel-2a",
            "constellation": "sentinel-2",
            "eo:cloud_cover": number % 100,
            "grid:code": f"MGRS-{tile}",
            "proj:epsg": 32600 + 1 + number % 60,
            "s2:processing_baseline": "05.09",
            "s2:product_type": "S2MSI2A",
            "earthsearch:boa_offset_applied": True,
        },
        "assets": {key: _asset(number, key, *said) for key, said in _BANDS.items()},
        "links": [{"rel": "self", "href": f"https://example.org/{number}.json"}],
    }


def _asset(number: int, key: str, band: str, metres: int) -> dict[str, Any]:
    size = 109_800 // metres
    return {
        "href": f"https://example.org/{number}/{band}.tif",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data", "reflectance"],
        "eo:bands": [{"name": key, "common_name": key, "description": f"{key} of the scene"}],
        "proj:shape": [size, size],
        "proj:transform": [metres, 0, 300_000, 0, -metres, 5_000_000],
        "raster:bands": [
            {"nodata": 0, "data_type": "uint16", "spatial_resolution": metres, "scale": 0.0001}
        ],
    }


def main(count: int) -> None:
    watch = Watch()
    vars(_search).update(_items=lambda *_: items(count))
    selection = Selection(
        satellites=frozenset(("sentinel-2",)),
        area=shapely.box(10.2, 50.2, 11.0, 50.8),
        period=Period(first=date(2020, 1, 1)),
    )
    options = _search.SearchOptions(bands=("red", "nir"), verify="never")
    found = _search.search("https://example.org", selection, options)
    print(f"found {found.funnel}")
    print(f"{watch.seconds:.1f} s CPU, at most {peak():.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
