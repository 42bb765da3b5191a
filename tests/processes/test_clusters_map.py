"""Clusters that are fitted once: the same map for any metatile, whatever read the pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_processes import clusters
from automap_tiles import ConfigError, InputError, Pyramid, open_process
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.objects.cluster_file import ClusterFile
from automap_tiles.cli.main import main
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.notes import collecting

GRID = {"shape": [4, 4], "bounds": [0, 0, 1280, 1280], "srs": {"epsg": 32633}}
KINDS = np.array([[600, 400], [3000, 900], [1500, 3500]])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Fields of three kinds with noise, and a hole."""
    random = np.random.default_rng(0)
    fields = random.integers(0, 3, (8, 8)).repeat(16, axis=0).repeat(16, axis=1)
    pixels = np.moveaxis(KINDS[fields], 2, 0) + random.normal(0, 60, (2, 128, 128))
    pixels[:, 50:60, 15:30] = 0
    path = tmp_path / "picture.tif"
    with rasterio.open(path, "w", width=128, height=128, count=2, dtype="uint16", nodata=0,
                       crs="EPSG:32633", driver="GTiff",
                       transform=from_origin(0, 1280, 10, 10)) as file:  # fmt: skip
        file.write(pixels.astype("uint16"))
        file.descriptions, file.scales = ("red", "nir"), (1e-4, 1e-4)
    return path


def mapped(picture: Path, centres: Path, metatiling: int) -> Any:
    target = picture.with_name(f"map{metatiling}.tif")
    config = {
        "process": "clusters", "input": {"picture": str(picture)}, "zoom_levels": 0,
        "output": {"format": "GTiff", "path": str(target), "extent": "area", "bands": 1,
                   "dtype": "uint8", "nodata": 0},
        "pyramid": {"grid": GRID, "tile_size": 32, "metatiling": metatiling},
        "process_parameters": {"centres": str(centres)},
    }  # fmt: skip
    list(open_process(config).execute(concurrency="none"))
    with rasterio.open(target) as file:
        return file.read(1)


@pytest.mark.parametrize("way", ["k-means", "mini-batch", "ward"])
def test_kinds_are_found_and_mapped_without_seams(
    picture: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = picture.with_name("clusters.json")
    asked = ["clusters", str(picture), "--count", "3", "--way", way, "--out", str(out), "-w", "1"]
    assert main([*asked, "--pixels", "2000"]) == 0
    told = capsys.readouterr()
    assert "3 clusters of" in told.out
    assert "Lost" not in told.err  # pixels without data were nobody's samples
    first = out.read_bytes()
    found = ClusterFile.open(out)
    np.testing.assert_allclose(found.centres, KINDS / 1e4, atol=0.002)
    assert sum(found.shares) == pytest.approx(1)
    assert main([*asked, "--pixels", "2000"]) == 0
    assert out.read_bytes() == first
    maps = [mapped(picture, out, many) for many in (1, 2, 4)]
    with rasterio.open(picture) as file:
        pixels = file.read(masked=True)
    away = ((pixels.data[None] * np.float32(1e-4) - found.centres[:, :, None, None]) ** 2).sum(1)
    wanted = np.where(np.ma.getmaskarray(pixels).any(axis=0), 0, away.argmin(axis=0) + 1)
    for one in maps:
        np.testing.assert_array_equal(one, wanted)


def test_features_of_other_units(picture: Path) -> None:
    recipe = picture.with_name("recipe.yaml")
    recipe.write_text(
        "bands: [red]\nindices: [ndvi]\nneighbourhood:\n- {statistic: mean, of: nir, radius: 2}\n"
    )
    out = picture.with_name("clusters.json")
    asked = ["clusters", str(picture), "--count", "3", "--recipe", str(recipe), "--out", str(out)]
    assert main([*asked, "--standardise", "--pixels", "2000", "-w", "1"]) == 0
    found = ClusterFile.open(out)
    assert found.recipe.names == ("red", "ndvi", "nir_mean_r2")
    assert min(found.factors) > 1
    np.testing.assert_array_equal(mapped(picture, out, 1), mapped(picture, out, 4))


def test_what_goes_wrong(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = picture.with_name("clusters.json")
    assert main(["clusters", str(picture), "--bands", "blue", "--out", str(out)]) == 2
    assert "there is no 'blue'" in capsys.readouterr().err
    assert not out.exists()
    with pytest.raises(ConfigError, match="there are no such clusters"):
        mapped(picture, out, 1)
    out.write_text("{}")
    with pytest.raises(ConfigError, match="not a file of `automap clusters`"):
        mapped(picture, out, 1)
    assert (
        main(["clusters", str(picture), "--count", "2", "--pixels", "500", "--out", str(out)]) == 0
    )
    content = json.loads(out.read_text())
    for change, words in (
        ({"version": 9}, "version 9"),
        ({"factors": [1.0]}, "damaged"),
        ({"centres": []}, "damaged"),
    ):
        out.write_text(json.dumps({**content, **change}))
        with pytest.raises(InputError, match=words):
            ClusterFile.open(out)
    with rasterio.open(picture, "r+") as file:
        file.descriptions = ("red", "swir1")
    out.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="no band nir"):
        mapped(picture, out, 1)


def test_numbers_of_another_unit_are_told(picture: Path) -> None:
    """All of them would be nearest to the darkest cluster."""
    out = picture.with_name("clusters.json")
    rows = np.repeat(KINDS / 1e4, 20, axis=0).astype(np.float32)
    recipe = Recipe(bands=("red", "nir"))
    out.write_bytes(ClusterFile.fit(rows, recipe, count=3).to_bytes())
    for scale, told in ((1e-4, []), (1.0, [3])):
        with rasterio.open(picture, "r+") as file:
            file.scales = (scale, scale)
        spec = InputSpec.from_value("picture", str(picture))
        reader: Any = open_input(spec, Path("/"), Pyramid.from_grid(GRID, tile_size=32))
        with collecting() as notes:
            assert clusters.check_parameters(reader, out) == 1
        assert [note.count for note in notes if "times larger" in note.reason] == told
