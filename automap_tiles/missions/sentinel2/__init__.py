"""Sentinel-2A, B and C: levels 1C and 2A."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from automap_tiles.missions._common.angles import AngleFiles, Angles
from automap_tiles.missions._common.dea import ALL, ArdDialect
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions._common.mgrs import parse_mgrs
from automap_tiles.missions._common.mission import Collection, PlainMission, Satellite, TileNames
from automap_tiles.missions._common.scene import Level, Scene
from automap_tiles.missions.sentinel2 import _eopf_names, _names
from automap_tiles.missions.sentinel2._bands import SENSORS
from automap_tiles.missions.sentinel2._deliveries import Sentinel2Deliveries
from automap_tiles.missions.sentinel2._quality import LAYERS
from automap_tiles.missions.sentinel2._stac import Sentinel2Dialect

__all__ = ["MISSION"]

_NAME = "sentinel-2"
_USUAL = Sentinel2Dialect()


class _Products:
    metadata = ("mtd_msil1c.xml", "mtd_msil2a.xml")

    def find(self, listed: Sequence[str]) -> Iterator[ProductLayout]:
        yield from _names.find(listed)
        yield from _eopf_names.find(listed)

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        if layout.family == _eopf_names.FAMILY:
            from automap_tiles.missions.sentinel2._eopf_scenes import eopf_scene

            return eopf_scene(layout, files)
        from automap_tiles.missions.sentinel2._scenes import sentinel2_scene

        return sentinel2_scene(layout, files)


def _angles(scene: Scene, bands: Sequence[str], files: AngleFiles) -> Mapping[str, Angles]:
    from automap_tiles.missions.sentinel2._angles import sentinel2_angles

    return sentinel2_angles(scene, bands, files)


def _collection(
    catalogue: str, name: str, level: Level, tile: tuple[str, str] | None = None
) -> Collection:
    return Collection(catalogue=catalogue, name=name, satellites=(_NAME,), level=level, tile=tile)


MISSION = PlainMission(
    group="sentinel",
    satellites=(Satellite(name=_NAME, sensors=SENSORS, aliases=("2",), in_groups=True),),
    quality=LAYERS,
    products=_Products(),
    dialects=(
        ArdDialect(
            usual=_USUAL,
            names={
                **ALL,
                "red_edge_1": "rededge1",
                "red_edge_2": "rededge2",
                "red_edge_3": "rededge3",
                "nir_1": "nir",
                "nir_2": "nir08",
                # DEA counts cirrus as the first SWIR band: bands 11 and 12 are "swir 2" and "swir
                # 3" there.
                "swir_2": "swir1",
                "swir_3": "swir2",
            },
        ),
        _USUAL,
    ),
    collections=(
        _collection("earth-search", "sentinel-2-l1c", "toa", ("grid:code", "MGRS-{}")),
        _collection("earth-search", "sentinel-2-l2a", "surface", ("grid:code", "MGRS-{}")),
        _collection("planetary-computer", "sentinel-2-l2a", "surface", ("s2:mgrs_tile", "{}")),
    ),
    deliveries=Sentinel2Deliveries(),
    credit="Contains modified Copernicus Sentinel data {years}",
    angles=_angles,
    tiles=TileNames(example="33TWL (Sentinel-2)", parse=parse_mgrs),
)
