"""Without the packages of an extra: what is missing, and how to install it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_tiles.errors import EXTRAS, missing_extra
from tests import starts
from tests.statements import statements

ROOT = Path(__file__).parents[2]
# What every installation has (`dependencies` of pyproject.toml), and our own packages.
ALWAYS = {
    "affine", "annotated_types", "click", "contourpy", "deflate", "fiona", "numpy", "pydantic",
    "rasterio", "rich", "ruamel", "shapely", "tilematrix", "zstandard", "automap_tiles",
    "automap_processes", "automap_devserver", "automap_service",
}  # fmt: skip
# What runs `automap_tiles.testing`, and brings itself along.
RUNNER = {"pytest"}
# Where they are missing something else does the same, more slowly.
REPLACEABLE = {"isal"}

PROCESS = """
process: ./process.py
pyramid: {grid: mercator}
zoom_levels: 5
output: {format: GTiff, path: out, bands: 1, dtype: uint8}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    profile = {"driver": "GTiff", "count": 1, "height": 64, "width": 64, "dtype": "uint8"}
    place = {"crs": "EPSG:3857", "transform": from_origin(1_500_000, 6_200_000, 100, 100)}
    with rasterio.open(tmp_path / "a.tif", "w", **profile, **place) as target:
        target.write(np.arange(4096, dtype="uint16").astype("uint8").reshape(1, 64, 64))
    ring = "[[[10,47],[10.1,47],[10.1,47.1],[10,47.1],[10,47]]]"
    (tmp_path / "area.geojson").write_text(f'{{"type": "Polygon", "coordinates": {ring}}}')
    (tmp_path / "process.py").write_text("from mapchete import Empty\ndef execute(): raise Empty\n")
    (tmp_path / "p.mapchete").write_text(PROCESS)
    return tmp_path


RUN = (
    "run --mode download --satellites 2 --start 2020-07-01 --end 2020-07-05 "
    "--boundary area.geojson -o results"
)
CONVERT = "convert a.tif out --output-pyramid mercator -z 8 --no-progress"


@pytest.mark.parametrize(
    ("gone", "command", "extra"),
    [
        ("requests,pystac,pystac_client", f"{RUN} -i earth-search", "stac"),
        ("obstore", f"{RUN} -i s3://somewhere/scenes", "s3"),
        ("onnxruntime", f"{RUN} -i . --masker csmask", "csmask"),
        ("s2cloudless", f"{RUN} -i . --masker s2cloudless", "s2cloudless"),
        ("obstore", CONVERT.replace("out", "s3://somewhere/out", 1), "s3"),
        ("distributed", f"{CONVERT} --concurrency dask", "dask"),
        ("pmtiles", "export a.tif -o a.pmtiles --no-progress", "export"),
        ("PIL", "export a.tif -o a --image jpg --no-progress -w 1", "serve"),
        ("flask", "serve a.tif", "serve"),
        ("waitress", "serve a.tif", "serve"),
        ("mapchete", "execute p.mapchete --no-progress", "mapchete"),
        ("numcodecs", f"{CONVERT} --output-format Zarr", "zarr"),
    ],
)
def test_the_remedy_is_said(folder: Path, gone: str, command: str, extra: str) -> None:
    words = [gone, *command.split()]
    done = starts.run(words, starts.EXECUTE, entry="tests.cli.without:main", cwd=folder)
    assert done.returncode == 2, done.stderr
    assert f"pip install 'automap-tiles[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_import_of_the_code_is_known() -> None:
    """A package is always there, or belongs to an extra that a message can name."""
    known = {*sys.stdlib_module_names, *ALWAYS, *REPLACEABLE, *RUNNER, *EXTRAS}
    unknown = {
        f"{path}: {name}"
        for package in (
            "automap_tiles",
            "processes",
            "devserver/automap_devserver",
            "devserver/automap_service",
        )
        for path in (ROOT / package).rglob("*.py")
        for name in imported(path)
        if name not in known and not name.startswith("_")  # such as _typeshed
    }
    assert not unknown


def imported(path: Path) -> set[str]:
    """Names of the packages that a file imports, anywhere in it."""
    names = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module))
        elif isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
    return {name.partition(".")[0] for name in names}


def test_only_of_packages_that_are_missing() -> None:
    missing = missing_extra(ModuleNotFoundError("no", name="xgboost.core"))
    assert missing is not None
    assert missing.extra == "classify"
    assert missing_extra(ModuleNotFoundError("no", name="users_own")) is None
    assert missing_extra(ModuleNotFoundError("no")) is None
    # it is there, and broken: to install it anew may not help
    assert missing_extra(ImportError("cannot import name 'x'", name="xgboost")) is None
