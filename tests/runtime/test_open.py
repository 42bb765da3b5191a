"""From a file to a checked process; every error says where and what would be right."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from shapely import box

from automap_tiles.errors import ConfigError, ProcessError
from automap_tiles.notes import collecting
from automap_tiles.runtime import Process, open_process
from automap_tiles.runtime.function import FunctionKind
from automap_tiles.runtime.open import UnusedInputWarning

yaml: Any = pytest.importorskip("yaml")

CODE = """\
def execute(dem=None, factor: float = 1.0, mode="a", names=()):
    return dem.read() * factor
"""

BASE: dict[str, Any] = {
    "process": "./mine.py",
    "pyramid": {"grid": "geodetic", "metatiling": 2},
    "zoom_levels": {"min": 4, "max": 6},
    "input": {"dem": "dem.tif"},
    "process_parameters": {"factor": 2},
    "output": {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(CODE)
    write_raster(tmp_path / "dem.tif", (10, 45), "EPSG:4326", 0.01)
    return tmp_path


def write_raster(path: Path, left_bottom: tuple[float, float], crs: str, size: float) -> None:
    left, bottom = left_bottom
    transform = Affine(size, 0, left, 0, -size, bottom + 100 * size)
    with rasterio.open(
        path, "w", driver="GTiff", width=200, height=100, count=1, dtype="uint8", crs=crs,
        transform=transform, nodata=0,
    ) as target:  # fmt: skip
        target.write(np.full((1, 100, 200), 7, "uint8"))


def config(folder: Path, **changes: Any) -> Path:
    values = {**BASE, **changes}
    text = "".join(
        yaml.safe_dump({key: value}, sort_keys=False)
        for key, value in values.items()
        if value is not ...
    )
    path = folder / "test.mapchete"
    path.write_text(text)
    return path


def test_what_it_is_made_of(folder: Path) -> None:
    process = open_process(config(folder))
    assert process.name == "test"
    assert process.config_path == folder / "test.mapchete"
    assert process.function.path == folder / "mine.py"
    assert process.zooms == process.base_zooms == (4, 5, 6)
    assert process.baselevels is None
    assert (process.pyramid.metatiling, process.output_pyramid.metatiling) == (2, 2)
    assert process.writer.path == str(folder / "out")
    assert process.input_names(5) == ("dem",)
    assert process.area.equals(box(-180, -90, 180, 90))
    assert process.area_at(5).equals(box(10, 45, 12, 46))
    assert not (folder / "out").exists()
    assert process.parameters.at(5) == {"factor": 2}


def test_it_travels(folder: Path) -> None:
    process = open_process(config(folder))
    packed = pickle.dumps(process)
    assert len(packed) < 20_000
    tile = process.pyramid.tile(6, 7, 33)
    expected = process.compute(tile)
    got = pickle.loads(packed).compute(tile)
    assert expected is not None
    assert got is not None
    assert (got.data.filled() == expected.data.filled()).all()
    assert set(np.unique(expected.data.compressed())) == {14}
    assert len(pickle.dumps(process.for_workers())) < 20_000


def test_a_dict_is_as_good(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from_file = open_process(config(folder))
    from_dict = open_process({**BASE, "config_dir": str(folder)})
    assert from_dict.hashes() == from_file.hashes()
    assert from_dict.config_path is None
    assert from_dict.name == "mine"
    monkeypatch.chdir(folder)
    assert open_process(BASE).writer.path == str(folder / "out")


Change = dict[str, Any]


@pytest.mark.parametrize(
    ("changes", "key", "words", "remedy"),
    [
        ({"process": ...}, "process", "names what to run", "a built-in process"),
        ({"process": 5}, "process", "names what to run", None),
        ({"process": "./mien.py"}, "process", "no such file", r"./mine.py?"),
        ({"process": "convrt"}, "process", "no such process", "convert?"),
        ({"process": "no.such.module"}, "process", "no such process", None),
        ({"pyramid": ...}, "pyramid", "is missing", None),
        ({"pyramid": "geodetic"}, "pyramid", "keys and values", None),
        ({"pyramid": {"metatiling": 2}}, "pyramid.grid", "is missing", "geodetic"),
        ({"pyramid": {"grid": "mercartor"}}, "pyramid.grid", "unknown grid", "mercator?"),
        (
            {"pyramid": {"grid": {"shape": [1, 1]}}},
            "pyramid.grid",
            "not a grid definition",
            "bounds",
        ),
        (
            {"pyramid": {"grid": "geodetic", "metatilling": 2}},
            "pyramid.metatilling",
            "not known",
            "metatiling?",
        ),
        ({"pyramid": {"grid": "geodetic", "metatiling": 3}}, "pyramid.metatiling", "power", None),
        (
            {"pyramid": {"grid": "geodetic", "pixelbuffer": -1}},
            "pyramid.pixelbuffer",
            "whole number",
            None,
        ),
        ({"zoom_levels": ...}, "zoom_levels", "is missing", "min"),
        ({"zoom_levels": {"min": 5}}, "zoom_levels", "max is missing", None),
        ({"zoom_levels": {"min": 5, "max": 3}}, "zoom_levels", "larger", None),
        ({"zoom_levels": {"min": 5, "maxx": 7}}, "zoom_levels.maxx", "not known", "max?"),
        ({"zoom_levels": [3, 5, 6]}, "zoom_levels", "have gaps", None),
        ({"zoom_levels": []}, "zoom_levels", "names no zoom", None),
        ({"zoom_levels": "a"}, "zoom_levels", "whole number from 0 to 30", None),
        ({"zoom_levels": 31}, "zoom_levels", "whole number from 0 to 30", None),
        ({"zoom_levels": True}, "zoom_levels", "whole number", None),
        ({"baselevels": {"lower": "average"}}, "baselevels", "needs min or max", None),
        (
            {"baselevels": {"min": 6, "lower": "avrage"}},
            "baselevels.lower",
            "not a resampling method",
            "average?",
        ),
        (
            {"baselevels": {"min": 5, "max": 5, "lower": "average", "higher": "gauss"}},
            "baselevels.higher",
            "not a resampling method of GDAL for tiles",
            "average, mode, max",
        ),
        ({"baselevels": {"min": 6, "mx": 7}}, "baselevels.mx", "not known", "max?"),
        ({"baselevels": {"min": 8, "max": 9}}, "baselevels", "among the zoom_levels", "4 and 6"),
        ({"pyramid": {"grid": ["geodetic"]}}, "pyramid.grid", "name or a definition", "shape"),
        (
            {"pyramid": {"grid": {"shape": [0, 2], "bounds": [0, 0, 1, 1], "srs": {"epsg": 3857}}}},
            "pyramid.grid",
            "whole numbers of at least 1",
            None,
        ),
        (
            {"pyramid": {"grid": "geodetic", "tile_size": 10**8}},
            "pyramid.tile_size",
            "from 1 to 65536",
            None,
        ),
        ({"config_dir": 5}, "config_dir", "no such folder", None),
        ({"config_dir": "none"}, "config_dir", "no such folder", None),
        ({"output": {**BASE["output"], "path": "dem.tif/x"}}, "output.path", "is a file", "folder"),
        ({"output": {**BASE["output"], "path": "http://x/y"}}, "output.path", "address", "s3://"),
        ({"output": {**BASE["output"], "metatiling": 3}}, "output.metatiling", "one of", None),
        (
            {"output": {**BASE["output"], "tile_path_schema": "{zoom}{row}{col}"}},
            "output.tile_path_schema",
            "more than digits",
            "{zoom}/{row}",
        ),
        ({"output": {**BASE["output"], "compress": "zzz"}}, "output", "zzz", "creation options"),
        ({"output": {**BASE["output"], "predictor": 3}}, "output", "PREDICTOR=3", "predictor"),
        ({"output": {**BASE["output"], "blockxsize": 17}}, "output", "multiples of 16", None),
        ({"process_parameters": {5: 3}}, "process_parameters.5", "no such parameter", None),
        ({"output": ...}, "output", "is missing", None),
        ({"output": {"path": "x"}}, "output.format", "is missing", None),
        ({"output": {"format": "GTiff"}}, "output.path", "is missing", None),
        (
            {"output": {**BASE["output"], "format": "GTif"}},
            "output.format",
            "unknown output format",
            "GTiff?",
        ),
        ({"output": {**BASE["output"], "metatiling": "x"}}, "output.metatiling", "whole", None),
        ({"input": {"dem": "none.tif"}}, "input.dem", "", None),
        (
            {"input": {"dem": {"format": "rster", "path": "dem.tif"}}},
            "input.dem.format",
            "format",
            "raster",
        ),
        ({"input": {"dem": {"format": "raster_file"}}}, "input.dem", "path", None),
        ({"input": {"dem": 5}}, "input.dem", "path", None),
        ({"input": ["dem.tif"]}, "input", "keys and values", None),
        (
            {"input": {"dem": {"zoom<5": "dem.tif", "zoom<6": "dem.tif"}}},
            "input.dem.zoom<6",
            "overlaps",
            None,
        ),
        (
            {"process_parameters": {"factor": {"zoom<5": 1, "zoom=4": 2}}},
            "process_parameters.factor.zoom=4",
            "overlaps",
            None,
        ),
        ({"process_parameters": {"factor": "x"}}, "process_parameters.factor", "number", "float"),
        ({"process_parameters": {"factr": 1}}, "process_parameters.factr", "no such", "factor?"),
        ({"process_parameters": {"dem": 1}}, "process_parameters.dem", "at once", None),
        ({"factr": 1, "process_parameters": ...}, "factr", "no such parameter", "factor?"),
        ({"baselevel": {"min": 6}}, "baselevel", "no such parameter", "baselevels?"),
        ({"factor": 3}, "factor", "at the top and in process_parameters", "remove"),
        ({"bounds": [1, 2, 3]}, "bounds", "four numbers", "left"),
        ({"bounds": [1, 2, 3, 4], "bounds_crs": "EPSG:0"}, "bounds_crs", "not a valid CRS", None),
        ({"bounds": [500, 2, 600, 4], "pyramid": {"grid": "mercator"}}, "input", "no input", None),
        ({"bounds": [20, 20, 21, 21]}, "input", "no input has data", "extent"),
        (
            {"bounds": [1, 2, 3, 4], "area": "POLYGON ((10 45, 14 45, 12 48, 10 45))"},
            "area",
            "nothing in common",
            "order",
        ),
        ({"area": "aoi.geojson"}, "area", "aoi.geojson", "vector file"),
        ({"area": "POLYGON ((1 2"}, "area", "not a geometry", None),
    ],
)
def test_errors(folder: Path, changes: Change, key: str, words: str, remedy: str | None) -> None:
    path = config(folder, **changes)
    with pytest.raises(ConfigError) as caught:
        open_process(path)
    error = caught.value
    assert words in error.message
    assert error.key == key
    assert error.file == path
    if remedy is not None:
        assert remedy in (error.remedy or "")
    # the line is that of the key, or of the next one above that is there
    lines = path.read_text().splitlines()
    present = [part for part in key.split(".") if any(f"{part}:" in line for line in lines)]
    if present:
        assert error.line is not None
        assert f"{present[-1]}:" in lines[error.line - 1], (key, error.line)
    assert pickle.loads(pickle.dumps(ConfigError(*error.args))).line == error.line
    assert f"{path}:{error.line}" in str(error) or error.line is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("zoom_level", "zoom_levels"),
        ("zoomlevels", "zoom_levels"),
        ("pyramids", "pyramid"),
        ("outputs", "output"),
        ("output.formats", "output.format"),
        ("output.paht", "output.path"),
    ],
)
def test_a_needed_key_that_is_misspelt(folder: Path, wrong: str, right: str) -> None:
    """It is named where it stands, not only missed."""
    path = config(folder)
    values = yaml.safe_load(path.read_text())
    *above, last = wrong.split(".")
    wanted = right.rpartition(".")[2]
    place = values[above[0]] if above else values
    place[last] = place.pop(wanted)
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    with pytest.raises(ConfigError) as caught:
        open_process(path)
    error = caught.value
    assert error.key == wrong
    assert error.message == f"{wanted} is missing"
    assert error.remedy == f"{wanted} in place of {last}"
    assert f"{last}:" in path.read_text().splitlines()[(error.line or 0) - 1]


def test_the_users_module_is_loaded_before_anything_runs(folder: Path) -> None:
    (folder / "mine.py").write_text("import nothing_there\n")
    with pytest.raises(ProcessError, match=r"mine\.py:1: ModuleNotFoundError"):
        open_process(config(folder))


def test_a_missing_argument_is_found_at_its_zoom(folder: Path) -> None:
    (folder / "mine.py").write_text("def execute(dem, extra): ...\n")
    path = config(folder, process_parameters={"extra": {"zoom>4": 1}})
    with pytest.raises(ConfigError, match=r"needs 'extra'.* at zoom 4") as caught:
        open_process(path)
    assert (caught.value.key, caught.value.line) == ("process", 1)
    assert open_process(path, zooms=[5, 6]).zooms == (5, 6)


@pytest.mark.parametrize(
    ("value", "zooms"),
    [
        (5, (5,)),
        ([5], (5,)),
        ([4, 6], (4, 5, 6)),
        ([6, 4], (4, 5, 6)),
        ([4, 5, 6, 7], (4, 5, 6, 7)),
        ({"min": 0, "max": 2}, (0, 1, 2)),
        ("5", (5,)),
    ],
)
def test_zoom_levels(folder: Path, value: Any, zooms: tuple[int, ...]) -> None:
    assert open_process(config(folder, zoom_levels=value)).zooms == zooms
    if value != "5":
        levels = pytest.importorskip("mapchete.zoom_levels")
        assert tuple(levels.ZoomLevels.from_inp(value)) == zooms


@pytest.mark.parametrize(
    ("levels", "base"),
    [
        ({"min": 6, "max": 6}, (6,)),
        ({"min": 5}, (5, 6)),
        ({"max": 4}, (4,)),
        ({"min": 5, "max": 5, "lower": "mode", "higher": "cubic"}, (5,)),
    ],
)
def test_base_levels(folder: Path, levels: dict[str, Any], base: tuple[int, ...]) -> None:
    process = open_process(config(folder, baselevels=levels))
    assert process.base_zooms == base
    assert process.baselevels is not None
    assert process.baselevels.lower == levels.get("lower", "nearest")
    assert process.baselevels.higher == levels.get("higher", "nearest")


def test_an_overview_has_the_area_of_its_base(folder: Path) -> None:
    """Also where inputs are named for the base zooms only."""
    process = open_process(
        config(
            folder,
            baselevels={"min": 5, "max": 5},
            input={"dem": {"zoom=5": "dem.tif"}},
        )
    )
    for zoom in (4, 5, 6):
        assert process.area_at(zoom).equals(box(10, 45, 12, 46))


def test_a_run_of_overviews_alone_needs_no_function(folder: Path) -> None:
    path = config(folder, baselevels={"min": 6, "max": 6})
    (folder / "mine.py").write_text("raise RuntimeError\n")
    process = open_process(path, zooms=4)
    assert process.base_zooms == ()
    assert process.area_at(4).equals(box(10, 45, 12, 46))


def test_area_is_area_and_bounds_and_inputs(folder: Path) -> None:
    write_raster(folder / "other.tif", (11, 45.5), "EPSG:4326", 0.01)
    process = open_process(
        config(
            folder,
            input={"dem": "dem.tif", "names": {"zoom>=5": {"a": "other.tif"}}},
            bounds=[10.5, 40, 20, 50],
            area=box(0, 45.2, 12.5, 60).wkt,
        )
    )
    limits = box(10.5, 45.2, 12.5, 50)
    assert process.area.equals(limits)
    assert process.area_at(4).equals(box(10, 45, 12, 46) & limits)
    union = box(10, 45, 12, 46) | box(11, 45.5, 13, 46.5)
    assert process.area_at(5).equals(union & limits)


def test_bounds_crs_is_honoured(folder: Path) -> None:
    path = config(
        folder,
        pyramid={"grid": "mercator"},
        bounds=[10, 45, 11, 46],
        bounds_crs={"epsg": 4326},
        input=None,
    )
    assert open_process(path).area.bounds == pytest.approx(
        (1113194.9, 5621521.5, 1224514.4, 5780349.2), abs=1
    )


def test_the_crs_of_no_bounds_is_told(folder: Path) -> None:
    for more, told in (({}, ["bounds_crs"]), ({"bounds": [10, 45, 11, 46]}, [])):
        path = config(folder, bounds_crs="EPSG:4326", input=None, **{"bounds": None, **more})
        with collecting() as notes:
            open_process(path)
        assert [name for note in notes for name in note.examples] == told


def test_inputs_are_optional(folder: Path) -> None:
    empty: tuple[Any, ...] = (..., None, {})
    for value in empty:
        process = open_process(config(folder, input=value))
        assert process.input_names(5) == ()
        assert process.area_at(5).equals(process.area)


def test_an_input_that_nobody_takes_is_told(folder: Path) -> None:
    path = config(folder, input={"dem": "dem.tif", "outline": "dem.tif"})
    with pytest.warns(UnusedInputWarning, match=rf"{path}:10: .*'outline'") as caught:
        open_process(path)
    assert len(caught) == 1


def test_entries_and_groups_side_by_side(folder: Path) -> None:
    entry = {"format": "raster_file", "path": "dem.tif"}
    process = open_process(
        config(
            folder,
            input={
                "dem": {"zoom<=5": entry, "zoom>5": {"path": "dem.tif"}},
                "names": {"a": entry, "b": {"c": entry}, "d": {"zoom=4": "dem.tif"}},
            },
        )
    )
    assert process.input_names(4) == ("dem", "names/a", "names/b/c", "names/d")
    assert process.input_names(6) == ("dem", "names/a", "names/b/c")


def test_groups_and_years_as_names(folder: Path) -> None:
    (folder / "mine.py").write_text("def execute(names): return [name for name, _ in names]\n")
    process = open_process(
        config(folder, input={"names": {2018: "dem.tif", 2017: "dem.tif"}}, process_parameters={})
    )
    assert process.input_names(5) == ("names/2018", "names/2017")


class TestOverrides:
    """What the command line says."""

    def test_zooms(self, folder: Path) -> None:
        path = config(folder)
        assert open_process(path, zooms=5).zooms == (5,)
        assert open_process(path, zooms=(4, 5)).zooms == (4, 5)
        with pytest.raises(ConfigError, match="does not have") as caught:
            open_process(path, zooms=(4, 7))
        assert caught.value.key == "zoom"

    def test_bounds_and_area(self, folder: Path) -> None:
        path = config(folder, bounds=[0, 0, 11, 90])
        assert open_process(path, bounds=[10.5, 45.5, 30, 50]).area.equals(box(10.5, 45.5, 11, 50))
        assert open_process(
            path, bounds=(1113194.9, 5621521.5, 1224514.4, 5780349.2), bounds_crs=3857
        ).area.bounds == pytest.approx((10, 45, 11, 46))
        assert open_process(path, area=box(10, 45, 10.5, 46).wkt).area.equals(box(10, 45, 10.5, 46))
        with pytest.raises(ConfigError, match="outside of the area of the process"):
            open_process(path, bounds=[20, 0, 21, 1])
        with pytest.raises(ConfigError, match="no input has data"):
            open_process(path, bounds=[0, 46, 11, 50])  # touches the upper edge of the input
        with pytest.raises(ConfigError, match="four numbers") as caught:
            open_process(path, bounds=[1, 2])
        assert caught.value.key == "--bounds"

    def test_tile(self, folder: Path) -> None:
        process = open_process(config(folder), tile=(5, 3, 16))
        assert process.zooms == (5,)
        assert process.area.equals(process.pyramid.tile(5, 3, 16).bbox)

    def test_point(self, folder: Path) -> None:
        from automap_tiles.grid import cover

        path = config(folder)
        process = open_process(path, point=(10.5, 45.5))
        for zoom in process.zooms:
            (index,) = cover.tiles(process.pyramid, process.area_at(zoom), zoom)
            assert process.pyramid.tile(*index).bbox.contains(box(10.5, 45.5, 10.5, 45.5).centroid)
        metres = open_process(path, point=(1168855, 5700582), point_crs=3857)
        assert metres.area.equals(process.area)
        with pytest.raises(ConfigError, match="outside"):
            open_process(path, point=(200, 0))

    def test_output(self, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        assert open_process(config(folder), output="here").writer.path == str(elsewhere / "here")
        process = open_process(config(folder), output={"path": "here", "dtype": "int16"})
        assert process.writer.path == str(elsewhere / "here")

    def test_inputs(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_raster(folder / "other.tif", (11, 45.5), "EPSG:4326", 0.01)
        path = config(folder)
        monkeypatch.chdir(folder)
        for value in ("other.tif", folder / "other.tif", {"dem": "other.tif"}):
            process = open_process(path, inputs=value)
            assert process.area_at(5).equals(box(11, 45.5, 13, 46.5))
        with pytest.raises(ConfigError, match="no such input"):
            open_process(path, inputs={"dm": "other.tif"})
        two = config(folder, input={"dem": "dem.tif", "names": "dem.tif"})
        with pytest.raises(ConfigError, match="2 inputs"):
            open_process(two, inputs="other.tif")


class TestFunctions:
    """What `process` may be."""

    def test_built_in_and_mapchetes_names(self, folder: Path) -> None:
        digests = set()
        for name in ("hillshade", "mapchete.processes.hillshade"):
            process = open_process(config(folder, process=name, process_parameters={}))
            assert process.function.kind is FunctionKind.BUILTIN
            assert process.function.name == "automap_processes.hillshade"
            digests.add(process.hashes().function)
        assert len(digests) == 1

    def test_inline(self, folder: Path) -> None:
        process = open_process(
            config(folder, process=["def execute(dem, factor):", "    return 'empty'"])
        )
        assert process.compute(process.pyramid.tile(6, 7, 33)) is None
        assert process.function.kind is FunctionKind.INLINE

    def test_module(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(folder))
        (folder / "a_users_module.py").write_text(CODE)
        process = open_process(config(folder, process="a_users_module"))
        assert process.function.kind is FunctionKind.MODULE
        assert process.compute(process.pyramid.tile(6, 7, 33)) is not None


class TestHashes:
    """They change with what they stand for and with nothing else."""

    @pytest.mark.parametrize(
        ("part", "change"),
        [
            ("function", lambda folder: (folder / "mine.py").write_text(CODE + "a = 1\n")),
            ("inputs", lambda folder: write_raster(folder / "dem.tif", (10, 45), "EPSG:3857", 1)),
            ("parameters", {"process_parameters": {"factor": 3}}),
            ("output", {"output": {**BASE["output"], "dtype": "int16"}}),
            ("output", {"pyramid": {"grid": "geodetic", "metatiling": 2, "pixelbuffer": 4}}),
            ("output", {"baselevels": {"min": 6, "max": 6, "lower": "average"}}),
        ],
    )
    def test_one_changes(
        self, folder: Path, part: str, change: Callable[[Path], object] | Change
    ) -> None:
        before = open_process(config(folder)).hashes()
        if callable(change):
            change(folder)
            after = open_process(config(folder), bounds=None).hashes()
        else:
            after = open_process(config(folder, **change)).hashes()
        for name in ("function", "parameters", "inputs", "output"):
            assert (getattr(before, name) == getattr(after, name)) == (name != part), name

    def test_the_selection_changes_none(self, folder: Path) -> None:
        path = config(folder)
        whole = open_process(path).hashes()
        assert open_process(path, zooms=5).hashes() == whole
        assert open_process(path, bounds=[10, 45, 11, 46]).hashes() == whole
        assert open_process(path, tile=(5, 3, 16)).hashes() == whole

    def test_the_place_of_the_file_changes_none_but_the_function_stays(self, folder: Path) -> None:
        before = open_process(config(folder)).hashes()
        (folder / "mine.py").rename(folder / "renamed.py")
        after = open_process(config(folder, process="renamed.py")).hashes()
        assert after.function == before.function

    def test_the_same_in_another_interpreter(self, folder: Path) -> None:
        path = config(folder)
        script = "import sys; from automap_tiles.runtime import open_process as o; "
        script += "h = o(sys.argv[1]).hashes(); "
        script += "print(h.function, h.parameters, h.inputs, h.output)"
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)],
            check=True, capture_output=True, text=True, cwd="/",
            env={"PYTHONHASHSEED": "7", "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        )  # fmt: skip
        hashes = open_process(path).hashes()
        assert done.stdout.split() == [
            hashes.function, hashes.parameters, hashes.inputs, hashes.output,
        ]  # fmt: skip


def test_what_setup_needs_is_there_before_anything_runs(folder: Path) -> None:
    (folder / "mine.py").write_text(
        "def setup(model: str): ...\ndef execute(dem, context, factor=1): ...\n"
    )
    with pytest.raises(ConfigError, match=r"setup\(\) needs the parameter 'model'"):
        open_process(config(folder))
    parameters = {"factor": 2, "model": "a"}
    (folder / "mine.py").write_text(
        "def setup(model: str): ...\ndef execute(dem, context, factor=1, model=''): ...\n"
    )
    assert open_process(config(folder, process_parameters=parameters)).base_zooms


@pytest.mark.parametrize("head", ["async def execute(dem): ", "def execute(dem): yield "])
def test_a_function_has_to_return(folder: Path, head: str) -> None:
    (folder / "mine.py").write_text(f"{head}1\n")
    with pytest.raises(ProcessError, match=r"mine\.py: .*plain function"):
        open_process(config(folder))


def test_arguments_by_position_name_the_file(folder: Path) -> None:
    (folder / "mine.py").write_text("def execute(dem, /): return dem.read()\n")
    with pytest.raises(ProcessError, match=r"mine\.py: .*by position"):
        open_process(config(folder))


def test_options_are_named_as_at_the_command_line(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_process(config(folder), bounds=(10, 45, 11, 46), bounds_crs="none")
    assert caught.value.key == "--bounds-crs"


def test_an_area_that_crosses_itself_has_an_extent(folder: Path) -> None:
    bow_tie = "POLYGON ((10 45, 11 46, 11 45, 10 46, 10 45))"
    assert open_process(config(folder, area=bow_tie)).area.area == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("source", "target"),
    [("dem.tif", "dem.tif"), ("dem.tif", "../{folder}/dem.tif"), ("test.mapchete", "out")],
    ids=["the same path", "the same file", "the process itself"],
)
def test_no_output_over_an_input(folder: Path, source: str, target: str) -> None:
    path = target.format(folder=folder.name)
    output = {**BASE["output"], "path": path}
    own = config(folder, input={"dem": source}, output=output, zoom_levels=6)
    with pytest.raises(ConfigError, match="also read as the input dem") as caught:
        open_process(own)
    assert caught.value.key == "output.path"
    assert caught.value.line is not None


def test_the_output_of_another_process_as_input(folder: Path) -> None:
    first = open_process(config(folder))
    tile = first.pyramid.tile(6, 7, 33)
    first.writer.prepare()
    data = first.compute(tile)
    assert data is not None
    first.writer.write(tile, data)
    (folder / "first.mapchete").write_bytes((folder / "test.mapchete").read_bytes())
    second = open_process(
        config(
            folder,
            input={"dem": "first.mapchete"},
            output={**BASE["output"], "path": "second"},
        )
    )
    got = second.compute(tile)
    assert got is not None
    assert set(np.unique(got.data.compressed())) == {28}


def check_type(process: Process) -> Process:
    """Only so that a change of the name shows in type checks."""
    return process


@pytest.mark.parametrize(
    ("wrong", "right"), [("inputs", "input"), ("base_levels", "baselevels"), ("outputt", "output")]
)
def test_a_slip_in_the_name_of_a_section_is_named(folder: Path, wrong: str, right: str) -> None:
    """It would be taken for a parameter, and the error be about what is missing for want of it."""
    path = config(folder)
    values = yaml.safe_load(path.read_text())
    values[wrong] = values.pop(right, {"min": 5, "max": 5})
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError) as caught:
        open_process(path)
    assert right in (caught.value.remedy or "")
    assert wrong in str(caught.value)
