"""Our own missions, and one of another package, hold to the contract."""

from __future__ import annotations

import copy
from typing import Any

from automap_tiles.missions import register, unregister
from automap_tiles.missions.hls import MISSION as HLS
from automap_tiles.missions.landsat import MISSION as LANDSAT
from automap_tiles.missions.sentinel2 import MISSION as SENTINEL_2
from automap_tiles.testing import MissionContract
from tests.missions.dove import dove_mission

FAR = "https://example.org"


def item(name: str, properties: dict[str, Any], assets: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": name,
        "geometry": None,
        "properties": {"datetime": "2020-10-31T10:00:00Z", **properties},
        "assets": {
            key: {"href": f"{FAR}/{name}/{file}", "roles": ["data"]} for key, file in assets.items()
        },
    }


LC08 = "LC08_L2SP_001062_20201031_20201106_02_T2"
LT04 = "LT04_L1TP_016037_19900805_20200915_02_T1"
SIX = (2, 3, 4, 5, 6, 7)
ARD = {f"nbart_{name}": f"{name}.tif" for name in ("blue", "green", "red", "nir", "swir_1")}


class TestLandsat(MissionContract):
    mission = LANDSAT
    products = (
        [*(f"{LC08}/{LC08}_SR_B{n}.TIF" for n in SIX),
         f"{LC08}/{LC08}_QA_PIXEL.TIF", f"{LC08}/{LC08}_MTL.txt"],
        [*(f"{LT04}_B{n}.TIF" for n in (1, 2, 3, 4, 5, 7)), f"{LT04}_MTL.txt"],
        [*(f"LC80900842013284LGN00_B{n}.TIF" for n in SIX), "LC80900842013284LGN00_MTL.txt"],
    )  # fmt: skip
    items = (
        item(
            f"{LC08}_SR",
            {"platform": "landsat-8"},
            {f"SR_B{n}": f"{LC08}_SR_B{n}.TIF" for n in SIX} | {"QA_PIXEL": f"{LC08}_QA_PIXEL.TIF"},
        ),
        item("ga-1", {"platform": "landsat-5", "odc:product": "ga_ls5t_ard_3"}, ARD),
    )


class TestSentinel2(MissionContract):
    mission = SENTINEL_2
    products = (
        [
            *(f"S2A_33TWL_20230815_0_L2A/B{n}.tif" for n in ("02", "03", "04", "08", "11", "12")),
            "S2A_33TWL_20230815_0_L2A/SCL.tif",
        ],
    )
    items = (
        item(
            "S2A_33TWL_20230815_0_L2A",
            {
                "platform": "sentinel-2a",
                "s2:processing_baseline": "05.09",
                "datetime": "2023-08-15T10:00:31Z",
            },
            {"blue": "B02.tif", "nir": "B08.tif", "swir16": "B11.tif", "scl": "SCL.tif"},
        ),
        item(
            "ga-2",
            {"platform": "sentinel-2b", "odc:product": "ga_s2bm_ard_3"},
            {"nbart_nir_1": "nir.tif", "nbart_swir_2": "swir2.tif", "oa_fmask": "fmask.tif"},
        ),
    )


S30 = "HLS.S30.T33TWL.2023227T100031.v2.0"
L30 = "HLS.L30.T33TWL.2023229T100512.v2.0"
OF_S30 = ("B02", "B03", "B04", "B8A", "B11", "B12", "Fmask")
OF_L30 = ("B02", "B03", "B04", "B05", "B06", "B07", "Fmask")


class TestHls(MissionContract):
    mission = HLS
    products = (
        [f"{S30}/{S30}.{part}.tif" for part in OF_S30],
        [f"tile/{L30}.{part}.tif" for part in OF_L30],
    )
    items = (
        item(
            S30,
            {"datetime": "2023-08-15T10:00:31Z"},
            {part: f"{S30}.{part}.tif" for part in OF_S30},
        ),
        item(
            L30,
            {"platform": "landsat-9", "datetime": "2023-08-17T10:05:12Z"},
            {part: f"{L30}.{part}.tif" for part in OF_L30},
        ),
    )


def _five_bands() -> dict[str, Any]:
    own = item(
        "flock3_20201005T101500",
        {"platform": "flock-3", "flock:coefficient": 1e-4},
        {"analytic": "a.tif", "udm": "flock3_20201005T101500_3B_udm.tif"},
    )
    own["assets"]["analytic"]["eo:bands"] = [{"common_name": name} for name in dove_mission.SPANS]
    return copy.deepcopy(own)


class TestDove(MissionContract):
    """The package is not installed here, so it is made known for the time of the tests."""

    mission = dove_mission.MISSION
    products = (
        [f"flock3_20201005T101500_3B_{part}" for part in ("analytic.tif", "udm.tif", "facts.json")],
    )
    items = (_five_bands(),)

    def setup_method(self) -> None:
        register(self.mission)

    def teardown_method(self) -> None:
        unregister(self.mission)
