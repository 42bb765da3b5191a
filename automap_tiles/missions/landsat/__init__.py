"""Landsat 4 to 9: the thematic mappers (TM, ETM+) and OLI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from automap_tiles.missions._common.angles import AngleFiles, Angles
from automap_tiles.missions._common.dea import ALL, ArdDialect
from automap_tiles.missions._common.files import ProductFiles
from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions._common.mission import Collection, PlainMission, Satellite, TileNames
from automap_tiles.missions._common.scene import Level, Scene
from automap_tiles.missions.landsat import _names
from automap_tiles.missions.landsat._bands import SENSORS
from automap_tiles.missions.landsat._deliveries import LandsatDeliveries
from automap_tiles.missions.landsat._quality import LAYERS
from automap_tiles.missions.landsat._stac import LandsatDialect

__all__ = ["MISSION"]

_IN_GROUPS = ("landsat-5", "landsat-7", "landsat-8")
"""The satellites of the AutoMap contract; Landsat 4 and 9 have to be named."""

_USUAL = LandsatDialect()


class _Products:
    metadata = ("_mtl.txt",)

    def find(self, listed: Sequence[str]) -> Iterator[ProductLayout]:
        return _names.find(listed)

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        from automap_tiles.missions.landsat._scenes import landsat_scene

        return landsat_scene(layout, files)


def _angles(scene: Scene, bands: Sequence[str], files: AngleFiles) -> Mapping[str, Angles]:
    from automap_tiles.missions.landsat._angles import landsat_angles

    return landsat_angles(scene, bands, files)


def _path_row(text: str) -> str | None:
    """`016037` of `16/37`, `16,37`."""
    found = re.fullmatch(r"(\d{1,3})[/, _-]+(\d{1,3})", text)
    found = found or re.fullmatch(r"(\d{3})(\d{3})", text)
    return f"{int(found[1]):03}{int(found[2]):03}" if found else None


def _collection(catalogue: str, name: str, level: Level) -> Collection:
    satellites = tuple(sensor.satellite for sensor in SENSORS)
    return Collection(catalogue=catalogue, name=name, satellites=satellites, level=level)


MISSION = PlainMission(
    group="landsat",
    satellites=tuple(
        Satellite(
            name=sensor.satellite,
            sensors=(sensor,),
            aliases=(sensor.key[-1],),
            in_groups=sensor.key in _IN_GROUPS,
        )
        for sensor in SENSORS
    ),
    quality=LAYERS,
    products=_Products(),
    dialects=(
        ArdDialect(
            usual=_USUAL,
            names={
                **ALL,
                "nir": "nir",
                "swir_1": "swir1",
                "swir_2": "swir2",
                "panchromatic": "pan",
            },
        ),
        _USUAL,
    ),
    collections=(
        _collection("earth-search", "landsat-c2-l2", "surface"),
        _collection("planetary-computer", "landsat-c2-l2", "surface"),
        _collection("usgs", "landsat-c2l1", "toa"),
        _collection("usgs", "landsat-c2l2-sr", "surface"),
    ),
    deliveries=LandsatDeliveries(),
    credit="Landsat {years}, courtesy of the U.S. Geological Survey",
    angles=_angles,
    tiles=TileNames(example="16/37 (Landsat)", parse=_path_row),
)
