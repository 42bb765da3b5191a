"""Harmonized Landsat and Sentinel-2 (HLS), version 2: L30 of Landsat 8 and 9, S30 of Sentinel-2.

Both are surface reflectance at 30 m on the tiles of Sentinel-2, seen from straight above (NBAR) and
with the bands of Sentinel-2 brought to those of Landsat 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions._common.mgrs import parse_mgrs
from automap_tiles.missions._common.mission import Collection, PlainMission, Satellite, TileNames
from automap_tiles.missions._common.scene import Scene
from automap_tiles.missions.hls import _names
from automap_tiles.missions.hls._bands import L30, S30, SENSORS
from automap_tiles.missions.hls._stac import HlsDialect

__all__ = ["MISSION"]


class _Products:
    metadata: tuple[str, ...] = ()

    def find(self, listed: Sequence[str]) -> Iterator[ProductLayout]:
        return _names.find(listed)

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        from automap_tiles.missions.hls._scenes import hls_scene

        return hls_scene(layout, files)


def _collection(catalogue: str, name: str, satellite: str) -> Collection:
    return Collection(
        catalogue=catalogue, name=name, satellites=(satellite,), level="surface", tile=None
    )


MISSION = PlainMission(
    group="hls",
    satellites=tuple(Satellite(name=each.satellite, sensors=(each,)) for each in SENSORS),
    products=_Products(),
    dialects=(HlsDialect(),),
    collections=(
        _collection("planetary-computer", "hls2-l30", L30.satellite),
        _collection("planetary-computer", "hls2-s30", S30.satellite),
    ),
    credit="HLS {years}, NASA; contains modified Landsat and Copernicus Sentinel data",
    tiles=TileNames(example="33TWL (HLS)", parse=parse_mgrs),
)
