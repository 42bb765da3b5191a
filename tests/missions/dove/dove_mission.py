"""A made-up satellite with five bands and no short-wave infrared, as another package brings it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from automap_tiles.errors import InputError
from automap_tiles.missions import (
    Band,
    BandAsset,
    BandFile,
    CommonName,
    Flag,
    Identity,
    Item,
    PlainMission,
    PlatformDialect,
    ProductFiles,
    ProductLayout,
    QualityFile,
    ReadFile,
    Satellite,
    Scaling,
    Scalings,
    Scene,
    Sensor,
    classes,
)

SPANS: dict[CommonName, tuple[float, float]] = {
    "coastal": (0.431, 0.452),
    "blue": (0.465, 0.515),
    "green": (0.547, 0.583),
    "red": (0.650, 0.680),
    "nir": (0.845, 0.885),
}
UDM = classes(
    "dove_udm",
    {
        0: (Flag.FILL, "high"),
        1: (Flag(0), "high"),
        2: (Flag.CLOUD, "high"),
        3: (Flag.SHADOW, "high"),
        4: (Flag.SNOW, "high"),
    },
    "made up",
)
DOVE = Sensor(
    key="dove-1",
    satellite="dove",
    title="Dove 1",
    resolution=30,
    bands=tuple(
        Band(
            name=f"P{number}",
            number=str(number),
            common=common,
            resolution=30,
            wavelength=sum(span) / 2,
            span=span,
        )
        for number, (common, span) in enumerate(SPANS.items(), start=1)
    ),
    quality=(UDM.name,),
    source="made up",
)

# flock3_20201005T101500_3B_analytic.tif
_NAME = re.compile(
    r"(?:.*/)?(?P<id>flock\d+_(?P<day>\d{8})T\d{6})_3B_(?P<part>analytic\.tif|udm\.tif|facts\.json)"
)


class Products:
    """A file of five bands, a mask and some facts beside it."""

    metadata = ("_3b_facts.json",)

    def find(self, names: Sequence[str]) -> Iterator[ProductLayout]:
        groups: dict[str, dict[str, str]] = defaultdict(dict)
        for name in names:
            if found := _NAME.fullmatch(name):
                groups[found["id"]][found["part"].partition(".")[0]] = name
        for own, files in groups.items():
            if "analytic" in files:
                yield ProductLayout(
                    family="flock",
                    id=own,
                    sensor=DOVE.key,
                    level="L1B",
                    date=date.fromisoformat(own.partition("_")[2][:8]),
                    bands={band.name: files["analytic"] for band in DOVE.bands},
                    quality={UDM.name: files["udm"]} if "udm" in files else {},
                    angles={},
                    metadata={"facts": files["facts"]} if "facts" in files else {},
                    like=DOVE,
                    needs=("facts",),
                )

    def scene(self, layout: ProductLayout, files: ProductFiles) -> Scene:
        if "facts" not in layout.metadata:
            raise InputError("no facts, without which its numbers cannot become reflectance")
        facts = json.loads(files.read(layout.metadata["facts"]))
        scaling = Scaling(multiply=facts["coefficient"], nodata=0)
        return Scene(
            id=layout.id,
            sensor=DOVE.key,
            time=datetime.fromisoformat(facts["acquired"]),
            level=layout.level,
            bands={
                band.name: BandFile(
                    href=files.href(layout.bands[band.name]), index=number, scaling=scaling
                )
                for number, band in enumerate(DOVE.bands, start=1)
            },
            quality=tuple(
                QualityFile(layer=name, href=files.href(file))
                for name, file in layout.quality.items()
            ),
            cloud_cover=facts.get("cloud_cover"),
        )


class Dialect(PlatformDialect):
    """Its items say the coefficient once, for all bands."""

    def scalings(
        self,
        item: Item,
        identity: Identity,
        bands: Mapping[str, BandAsset],
        read: ReadFile,
    ) -> Scalings:
        coefficient = item.number("flock:coefficient")
        if coefficient is None:
            raise InputError("does not say flock:coefficient")
        return Scalings(by_band=dict.fromkeys(bands, Scaling(multiply=coefficient, nodata=0)))


MISSION = PlainMission(
    group="flock",
    satellites=(Satellite(name="dove", sensors=(DOVE,), aliases=("flock3",)),),
    quality=(UDM,),
    products=Products(),
    dialects=(Dialect(platforms={"flock-3": DOVE}, level="L1B", layers={"UDM": UDM.name}),),
)
