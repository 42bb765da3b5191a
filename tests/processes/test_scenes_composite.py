"""The composite of a `scenes` input, against NumPy on the stack that the input gives."""

from __future__ import annotations

import json
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_processes.composite import execute
from automap_tiles import (
    ConfigError,
    Counted,
    Empty,
    Pyramid,
    Raster,
    Scenes,
    Stack,
    open_process,
)
from automap_tiles.engine.events import TileDone, TilesSkipped
from automap_tiles.formats import InputSpec
from automap_tiles.formats.context import OpenContext
from automap_tiles.formats.scenes import open_reader
from tests.scenes.samples import grid_at, make_scene
from tests.scenes.test_reading import tile_over

BANDS = ["blue", "green", "red", "nir"]
GRID = grid_at(size=64)


def stack_of(folder: Path, dates: int = 7, **options: Any) -> Scenes:
    """A described stack of made-up dates, seen from a tile."""
    for day in range(1, dates + 1):
        make_scene(folder, f"d{day:02}", day, GRID, day=day)
    text = {
        "sensor": "sentinel-2a",
        "level": "L2A",
        "time": "d%d",
        "path": "{time}/{band}.tif",
        "bands": BANDS,
        "mask": {"path": "{time}/scl.tif", "layer": "scl"},
        "scale": 0.0001,
        "offset": -0.1,
        "nodata": 0,
    }
    (folder / "scenes.yaml").write_text(json.dumps(text))
    spec = InputSpec(name="scenes", path=str(folder), options={"bands": BANDS, **options})
    reader = open_reader(spec, OpenContext(base=folder, pyramid=Pyramid.from_grid("mercator")))
    return reader.at(tile_over(GRID, 13))


def config_of(folder: Path, dates: int = 2, **parameters: Any) -> dict[str, Any]:
    """A process file over the same stack."""
    stack_of(folder / "stack", dates)
    return {
        "process": "composite",
        "input": {"scenes": {"format": "scenes", "path": str(folder / "stack"), "bands": BANDS}},
        "pyramid": {"grid": "mercator"},
        "zoom_levels": 13,
        "output": {
            "format": "GTiff",
            "path": str(folder / "out"),
            "bands": 4,
            "dtype": "int16",
            "nodata": -32768,
        },
        "process_parameters": parameters,
    }


def result(scenes: Scenes, **parameters: Any) -> tuple[Any, list[str]]:
    found = execute(scenes, **parameters)
    assert isinstance(found, Counted)
    picture, tags = found.result
    assert isinstance(picture, Raster)
    assert picture.grid == scenes.read().grid
    return picture.data, [tag["name"] for tag in tags.values()]


def with_nan(stack: Stack) -> Any:
    return np.where(stack.valid[:, None], stack.values.astype("f8"), np.nan)


def check(found: Any, wanted: Any, off: float = 0.5001) -> None:
    mask = np.ma.getmaskarray(found)
    np.testing.assert_array_equal(mask, np.isnan(wanted))
    assert (~mask).any()
    np.testing.assert_allclose(found.data[~mask], wanted[~mask], atol=off, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
@pytest.mark.parametrize("mode", ["native", "tile"])
def test_statistics_of_bands_and_of_indices_per_date(tmp_path: Path, mode: str) -> None:
    scenes = stack_of(tmp_path, grid=mode)
    picture, names = result(
        scenes,
        statistics=["median", "std", "p25", "count"],
        indices=["ndvi"],
        provenance=["valid_count"],
    )
    values = with_nan(scenes.read())
    red, nir = values[:, 2], values[:, 3]
    index = ((nir - red) / (nir + red))[:, None]
    everything = np.concatenate([values, index], axis=1) * 10000
    check(picture[:5], np.nanmedian(everything, axis=0))
    check(picture[5:10], np.nanstd(everything, axis=0), 0.51)
    check(picture[10:15], np.nanpercentile(everything, 25, axis=0))
    count = (~np.isnan(values[:, :1])).sum(axis=0)
    for band in (*picture[15:20], picture[20]):
        np.testing.assert_array_equal(band.filled(0), count[0])
    assert names[:6] == [
        "median_blue",
        "median_green",
        "median_red",
        "median_nir",
        "median_ndvi",
        "std_blue",
    ]
    assert names[-1] == "valid_count"


@pytest.mark.parametrize("method", ["max_ndvi", "max_ndwi", "medoid", "medoid_approx"])
def test_chosen_dates_and_where_they_are_from(tmp_path: Path, method: str) -> None:
    scenes = stack_of(tmp_path)
    provenance: list[Any] = ["scene_index", "day_of_year", "score", "valid_count"]
    picture, names = result(
        scenes, statistics=[method], indices=["ndvi"], provenance=provenance, scale=10000
    )
    stack = scenes.read(whole=True)
    values = np.where(stack.valid[:, None], stack.values.astype("f8"), np.nan)
    ok = stack.valid.any(axis=0)
    _, green, red, nir = np.moveaxis(values, 1, 0)
    if method == "max_ndvi":
        score = (nir - red) / (nir + red)
    elif method == "max_ndwi":
        score = (green - nir) / (green + nir)
    elif method == "medoid":
        difference = values[:, None] - values[None]
        score = -np.nansum(np.sqrt((difference**2).sum(axis=2)), axis=1)
        score[~stack.valid] = np.nan
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            centre = np.nanmedian(values, axis=0)
        score = -np.sqrt(((values - centre) ** 2).sum(axis=1))
    chosen = np.where(np.isnan(score), -np.inf, score).argmax(axis=0)
    index = picture[5]
    np.testing.assert_array_equal(~np.ma.getmaskarray(index), ok)
    same = (index.data == np.array(stack.indexes)[chosen]) | ~ok
    assert same.mean() > 0.999  # float32 and float64 may differ where two are equally good
    rows, cols = np.nonzero(ok & same)
    np.testing.assert_array_equal(
        picture.data[:4, rows, cols], values[chosen[rows, cols], :, rows, cols].T
    )
    days = np.array([time.timetuple().tm_yday for time in stack.times])
    np.testing.assert_array_equal(picture.data[6, rows, cols], days[chosen[rows, cols]])
    assert names[-4:] == provenance
    factor = 10000 if method.startswith("max") else -1
    np.testing.assert_allclose(
        picture.data[7, rows, cols],
        np.max(np.where(np.isnan(score), -np.inf, score), axis=0)[rows, cols] * factor,
        rtol=1e-4,
        atol=1.01,
    )


def test_the_best_pixel_is_near_the_day_and_far_from_clouds(tmp_path: Path) -> None:
    scenes = stack_of(tmp_path)
    picture, _ = result(
        scenes,
        statistics=["best_pixel"],
        provenance=["day_of_year", "score"],
        target_day=date(1900, 1, 4),
        season=3,
    )
    counts = ~np.ma.getmaskarray(picture[0])
    np.testing.assert_array_equal(counts, scenes.read().valid.any(axis=0))
    shares = np.bincount(picture[4].compressed().astype(int), minlength=9) / counts.sum()
    assert shares.argmax() == 4
    assert 0 < picture[5].min() < picture[5].max() <= 10000


def test_geometric_median_and_its_deviations(tmp_path: Path) -> None:
    scenes = stack_of(tmp_path)
    picture, names = result(
        scenes, statistics=["geomedian", "emad", "smad", "bcmad"], scale=1.0, indices=["ndvi"]
    )
    assert names[4:] == ["geomedian_ndvi", "emad", "smad", "bcmad"]
    stack = scenes.read()
    rows, cols = np.nonzero(stack.valid.sum(axis=0) >= 4)
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(rows), 10):
        row, col = rows[place], cols[place]
        dates = stack.values[stack.valid[:, row, col], :, row, col].astype("f8")
        median = picture.data[:4, row, col]
        best = np.linalg.norm(dates - median, axis=1).sum()
        for _ in range(50):
            moved = median + rng.normal(0, 0.003, 4)
            assert np.linalg.norm(dates - moved, axis=1).sum() > best - 1e-4
        emad = np.median(np.linalg.norm(dates - median, axis=1))
        assert picture.data[5, row, col] == pytest.approx(emad, abs=1e-4)


def test_strips_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = stack_of(tmp_path)
    wish: dict[str, Any] = {"statistics": ["median", "max_ndvi"], "indices": ["ndwi"]}
    whole, _ = result(scenes, **wish)
    strips = Scenes.strips
    monkeypatch.setattr(
        Scenes, "strips", lambda self, **options: strips(self, **{**options, "limit": 100_000})
    )
    parts, _ = result(scenes, **wish)
    np.testing.assert_array_equal(whole.filled(-1), parts.filled(-1))


def test_nothing_to_see(tmp_path: Path) -> None:
    scenes = stack_of(tmp_path, time="1900")
    scenes = scenes._reader.at(tile_over(grid_at(left=800000), 13))
    with pytest.raises(Empty):
        execute(scenes)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"statistics": ["mode"]}, "unknown statistic 'mode'"),
        ({"bands": [1, 2]}, "bands: is for a group"),
        ({"mask_band": 1}, "mask_band: is for a group"),
        ({"red": 1}, "red: is for a group"),
        ({"statistics": ["best_pixel"]}, "target_day: best_pixel needs"),
        ({"statistics": ["median"], "provenance": ["day_of_year"]}, "that take a pixel from one"),
        (
            {"statistics": ["medoid", "max_ndvi"], "provenance": ["valid_count", "score"]},
            "provenance: score is that of one method, not of medoid and max_ndvi",
        ),
        ({"indices": ["nbr"]}, "indices: nbr needs nir, swir2, and the input reads blue"),
        ({"indices": ["nope"]}, "indices"),
        ({"scale": 0}, "scale: must be more than 0"),
        ({"statistics": ["medoid"], "season": 0}, "season: must be 1 to 182"),
    ],
)
def test_what_cannot_work_is_said_before_the_first_tile(
    tmp_path: Path, parameters: dict[str, Any], message: str
) -> None:
    config = config_of(tmp_path, **parameters)
    (tmp_path / "wrong.mapchete").write_text(json.dumps(config, indent=1))
    with pytest.raises(ConfigError, match=message) as caught:
        open_process(tmp_path / "wrong.mapchete")
    assert caught.value.file == tmp_path / "wrong.mapchete"
    (key,) = [key for key in parameters if f"{key}" in (caught.value.key or "")] or ["target_day"]
    lines = (tmp_path / "wrong.mapchete").read_text().splitlines()
    assert caught.value.line is not None
    line = lines[caught.value.line - 1]
    assert key in line or "process_parameters" in line
    assert not (tmp_path / "out").exists()


def test_a_band_that_is_not_read(tmp_path: Path) -> None:
    config = config_of(tmp_path, statistics=["max_ndvi"])
    config["input"]["scenes"]["bands"] = ["blue", "green", "red"]
    with pytest.raises(ConfigError, match="max_ndvi needs nir, red, and the input reads blue"):
        open_process(config)


def written(folder: Path, **output: Any) -> dict[str, Any]:
    """A composite with its provenance, and all pixels of it by band name."""
    config = config_of(
        folder, 5, statistics=["max_ndvi"], provenance=["valid_count", "scene_index"]
    )
    names = [*(f"max_ndvi_{band}" for band in BANDS), "valid_count", "scene_index"]
    config["output"] |= {"bands": len(names), **output}
    return config


def read_all(paths: list[Path]) -> tuple[int, dict[str, int]]:
    """Sum of valid_count, and how often each date was taken."""
    total = 0
    taken: dict[str, int] = {}
    for path in paths:
        with rasterio.open(path) as file:
            count, index = file.read([5, 6], masked=True)
        total += int(count.sum())
        for place, number in zip(*np.unique(index.compressed(), return_counts=True), strict=True):
            taken[str(place)] = taken.get(str(place), 0) + int(number)
    return total, taken


def check_shares(shares: list[dict[str, Any]], paths: list[Path]) -> None:
    total, taken = read_all(paths)
    assert [each["id"] for each in shares] == [f"stack_d{day:02}" for day in range(1, 6)]
    assert sum(each["samples"] for each in shares) == total > 5000
    for each in shares:
        chosen = each["chosen"]["max_ndvi"]
        assert chosen["pixels"] == taken[str(each["date"])]
        assert chosen["share"] == pytest.approx(chosen["pixels"] / sum(taken.values()), abs=1e-6)
        assert each["share"] == pytest.approx(each["samples"] / total, abs=1e-6)


def test_what_each_scene_gave_to_a_directory(tmp_path: Path) -> None:
    list(open_process(written(tmp_path)).execute(concurrency="none"))
    shares = json.loads((tmp_path / "out/scenes.json").read_text())
    check_shares(shares, sorted((tmp_path / "out/13").rglob("*.tif")))


def test_what_each_scene_gave_to_a_file(tmp_path: Path) -> None:
    config = written(tmp_path, path=str(tmp_path / "all.tif"), cog=True)
    list(open_process(config).execute(concurrency="processes", workers=2))
    shares = json.loads((tmp_path / "all.scenes.json").read_text())
    check_shares(shares, [tmp_path / "all.tif"])
    with rasterio.open(tmp_path / "all.tif") as file:
        assert json.loads(file.tags()["SCENES"]) == shares


def test_shares_of_a_run_that_ended_early(tmp_path: Path) -> None:
    config = written(tmp_path)
    list(open_process(config).execute(concurrency="none"))
    whole = (tmp_path / "out/scenes.json").read_bytes()
    config["output"]["path"] = str(tmp_path / "parts")
    stream = open_process(config).execute(concurrency="none")
    done = 0
    for event in stream:
        done += isinstance(event, TileDone)
        if done == 1:
            break
    stream.close()  # type: ignore[attr-defined]
    assert not (tmp_path / "parts/scenes.json").exists()
    events = list(open_process(config).execute(concurrency="none"))
    assert [event.count for event in events if isinstance(event, TilesSkipped)] == [1]
    assert (tmp_path / "parts/scenes.json").read_bytes() == whole
    stamp = (tmp_path / "parts/scenes.json").stat().st_mtime_ns
    list(open_process(config).execute(concurrency="none"))
    assert (tmp_path / "parts/scenes.json").stat().st_mtime_ns == stamp


def composite_of(folder: Path, dtype: str, single: bool, **parameters: Any) -> tuple[Any, ...]:
    """(names, scales, pixels with nodata as NaN) of what a process file gives."""
    wanted = {"statistics": ["median", "count"], "indices": ["ndvi"], **parameters}
    config = config_of(folder, dates=3, provenance=["valid_count"], **wanted)
    path = folder / ("out.tif" if single else "out")
    floats = dtype.startswith("float")
    config["output"] |= {"path": str(path), "bands": 11, "dtype": dtype}
    config["output"]["nodata"] = -9999 if floats else -32768
    list(open_process(config).execute(concurrency="none"))
    first = path if single else next(path.rglob("*.tif"))
    with rasterio.open(first) as file:
        assert file.dtypes[0] == dtype
        return file.descriptions, file.scales, file.read(masked=True).astype("f8").filled(np.nan)


@pytest.mark.parametrize("single", [True, False])
def test_names_units_and_reflectance(tmp_path: Path, single: bool) -> None:
    """Floats hold reflectance, integers x 10000 and say so; both mean the same."""
    names, scales, whole = composite_of(tmp_path / "i", "int16", single)
    planes = [*BANDS, "ndvi"]
    expected = (
        *(f"median_{name}" for name in planes), *(f"count_{name}" for name in planes), "valid_count"
    )  # fmt: skip
    assert names == expected
    assert scales == (1e-4,) * 5 + (1.0,) * 6
    float_names, float_scales, floats = composite_of(tmp_path / "f", "float32", single)
    assert float_names == expected
    assert float_scales == (1.0,) * 11
    np.testing.assert_array_equal(np.isnan(floats), np.isnan(whole))
    # an integer is at most half a step away, and float32 of values up to 2 is 1.2e-7 off;
    # counts are the same
    meant = whole * np.array(scales)[:, None, None]
    assert np.nanmax(np.abs(floats - meant)[:5]) <= 0.5e-4 + 3e-7
    np.testing.assert_array_equal(floats[5:], whole[5:])
    assert 0 < np.nanmax(floats[0]) < 2
    fractions = floats[:4][np.isfinite(floats[:4])] * 1e4 % 1
    assert (np.abs(fractions - 0.5) < 0.45).any()  # not rounded


def test_a_scale_that_is_said_counts(tmp_path: Path) -> None:
    _, plain, floats = composite_of(tmp_path / "a", "float32", True)
    _, scales, larger = composite_of(tmp_path / "b", "float32", True, scale=1000.0, rounded=False)
    assert scales == (1e-3,) * 5 + (1.0,) * 6
    assert plain == (1.0,) * 11
    np.testing.assert_allclose(larger[:5], floats[:5] * 1000, rtol=1e-5)


@pytest.mark.parametrize(("dtype", "goes_on"), [("int16", True), ("float32", False)])
def test_outputs_of_earlier_versions(tmp_path: Path, dtype: str, goes_on: bool) -> None:
    """Those of integers are what they were; one of floats held reflectance x 10000 then."""
    config = config_of(tmp_path)
    config["output"] |= {"dtype": dtype}
    earlier = open_process(config).process.earlier_hashes()["function"]
    assert (len(earlier) > 1) is goes_on
