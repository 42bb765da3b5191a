"""The jobs: what is run by both engines, and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.engines import Run
from bench.scenes import long_series

PROCESSES = Path(__file__).parent / "processes"

# A tile of the geodetic grid has 180 / 2**zoom degrees.
_DEGREES = 180.0

SAME_OPTIONS = {
    "driver": "GTiff",
    "tiled": True,
    "blockxsize": 256,
    "blockysize": 256,
    "interleave": "band",
    "compress": "deflate",
    "zlevel": 6,
    "predictor": 2,
}
"""GeoTIFF creation options that both engines take."""

Config = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What is to be reached, from the medians of a job."""

    quantity: str
    """cpu, wall or memory."""
    ratio: float | None = None
    """At least this many times less than mapchete."""
    most: float | None = None
    """At most this (seconds, or MB)."""

    def __str__(self) -> str:
        unit = "MB" if self.quantity == "memory" else "s"
        if self.ratio is not None:
            return f"{self.quantity} ≥ {self.ratio:g} ×"
        return f"{self.quantity} ≤ {self.most:g} {unit}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One line of the table."""

    name: str
    title: str
    config: Callable[[Mapping[str, Path]], Config]
    """From the scenes to a process file; the output path is put in by the runner."""
    run: Run = field(default_factory=Run)
    goals: tuple[Goal, ...] = ()
    needs_scenes: bool = False
    until_first_tile: bool = False
    rerun: bool = False
    """The output is there before the clock starts."""
    limit: float = 900.0
    """Seconds after which a run is ended and counted as longer than that."""
    configs: Mapping[str, Callable[[Mapping[str, Path]], Config]] = field(default_factory=dict)
    """Another process file for an engine."""
    engines: tuple[str, ...] = ("mapchete", "automap")


def _bounds(zoom: int, rows: int, cols: int) -> list[float]:
    """A box of exactly rows x cols tiles, away from the poles."""
    size = _DEGREES / 2**zoom
    left, top = -180 + size, 90 - size
    return [left, top - rows * size, left + cols * size, top]


def _plain(process: str, zoom: int, rows: int, cols: int, **output: object) -> Config:
    return {
        "process": str(PROCESSES / f"{process}.py"),
        "pyramid": {"grid": "geodetic"},
        "zoom_levels": zoom,
        "bounds": _bounds(zoom, rows, cols),
        "input": {},
        "output": {"format": "GTiff", "bands": 1, "dtype": "uint8", **output},
    }


def _plain_job(process: str, zoom: int, rows: int, cols: int) -> Callable[..., Config]:
    return lambda _: _plain(process, zoom, rows, cols)


def _median(process: str, metatiling: int, overviews: bool) -> Callable[..., Config]:
    def config(scenes: Mapping[str, Path]) -> Config:
        built: Config = {
            "process": str(PROCESSES / f"{process}.py"),
            "pyramid": {"grid": "geodetic", "metatiling": metatiling},
            "zoom_levels": {"min": 8, "max": 13} if overviews else 13,
            "input": {"scenes": {name: str(path) for name, path in scenes.items()}},
            "output": {"format": "GTiff", "bands": 6, "dtype": "uint16", "nodata": 0},
        }
        if overviews:
            built["baselevels"] = {"min": 13, "max": 13, "lower": "average"}
        return built

    return config


def _composite(metatiling: int) -> Callable[..., Config]:
    """Our built-in process on the same scenes, with the same pixels as a result."""

    def config(scenes: Mapping[str, Path]) -> Config:
        built = _median("median_numpy", metatiling, overviews=False)(scenes)
        built["process"] = "composite"
        built["process_parameters"] = {
            "method": "median",
            "mask_band": 7,
            "masked_values": [0, 1, 2, 3, 8, 9, 10, 11],
            "resampling": "nearest",
        }
        return built

    return config


def _by_date(process: str, metatiling: int) -> Callable[..., Config]:
    """Every date warped onto the tile by the engine, as mapchete does; tiles of 256 px come out."""

    def config(scenes: Mapping[str, Path]) -> Config:
        built = _median(process, metatiling, overviews=True)(scenes)
        return {**built, "output": {**built["output"], "metatiling": 1}}

    return config


def _native(scenes: Mapping[str, Path]) -> Config:
    """The same work as our `scenes` input does it: statistics first, then one warp."""
    built = _by_date("median_numpy", 4)(scenes)
    return {
        **built,
        "process": "composite",
        "input": {"scenes": _stack(next(iter(scenes.values())).parent)},
        "process_parameters": {"statistics": ["median"]},
    }


def _stack(folder: Path) -> Config:
    return {
        "format": "scenes",
        "path": str(folder),
        "bands": ["blue", "green", "red", "nir", "swir1", "swir2"],
        "mask": ["cloud", "shadow", "cirrus", "snow"],
        "grid": "native",
    }


def _long_series(scenes: Mapping[str, Path]) -> Config:
    """Several statistics of 60 dates on tiles of 1024 px."""
    built = _native(scenes)
    del built["baselevels"]
    return {
        **built,
        "zoom_levels": 13,
        "input": {"scenes": _stack(long_series(next(iter(scenes.values())).parent))},
        "process_parameters": {"statistics": ["median", "std", "geomedian", "max_ndvi"]},
        "output": {**built["output"], "bands": 24},
    }


def _same_options(job: Job) -> Job:
    """The same job, both engines writing GeoTIFF with the same creation options."""

    def with_options(config: Callable[..., Config]) -> Callable[..., Config]:
        def built(scenes: Mapping[str, Path]) -> Config:
            plain = config(scenes)
            return {**plain, "output": {**plain["output"], **SAME_OPTIONS}}

        return built

    return replace(
        job,
        name=f"{job.name}_same",
        title=f"{job.title}; same GeoTIFF options",
        config=with_options(job.config),
        configs={name: with_options(config) for name, config in job.configs.items()},
    )


def _median_jobs() -> list[Job]:
    jobs = []
    for metatiling, ratio in ((1, 3.0), (4, 2.0)):
        for overviews in (False, True):
            job = Job(
                name=f"median_m{metatiling}" + ("_overviews" if overviews else ""),
                title="masked median, bottleneck, 8 dates × 6 bands, 4 000² px, "
                f"metatiling {metatiling}" + (", overviews" if overviews else ""),
                config=_median("median_bottleneck", metatiling, overviews),
                goals=(Goal(quantity="cpu", ratio=ratio),),
                needs_scenes=True,
            )
            jobs += [job, _same_options(job)]
    return jobs


def _composite_jobs() -> list[Job]:
    jobs = []
    for metatiling in (1, 4):
        job = Job(
            name=f"composite_m{metatiling}",
            title=f"built-in composite against np.nanmedian, metatiling {metatiling}",
            config=_median("median_numpy", metatiling, overviews=False),
            configs={"automap": _composite(metatiling)},
            goals=(Goal(quantity="cpu", ratio=4.0),),
            needs_scenes=True,
        )
        jobs += [job, _same_options(job)]
    return jobs


def _native_jobs() -> list[Job]:
    """Against what mapchete's users write; it is quickest with numba at metatiling 4."""
    jobs = [
        Job(
            name=f"native_{process}_m{metatiling}",
            title="built-in composite of a scenes input (metatiling 4), overviews, against "
            f"{'np.nanmedian' if process == 'numpy' else 'numba'}, metatiling {metatiling}",
            config=_by_date(f"median_{process}", metatiling),
            configs={"automap": _native},
            goals=(Goal(quantity="cpu", ratio=ratio),) if ratio else (),
            needs_scenes=True,
        )
        for process, metatiling, ratio in (
            ("numpy", 1, 12.0),
            ("numba", 1, 8.0),
            ("numpy", 4, 12.0),
            ("numba", 4, None),
        )
    ]
    memory = Job(
        name="memory_60_dates",
        title="one tile of 1024², 60 dates × 6 bands: median, std, geometric median, max-NDVI",
        config=_long_series,
        run=Run(concurrency="none", workers=1, tile=(13, 471, 2227)),
        goals=(Goal(quantity="memory", most=1500.0),),
        needs_scenes=True,
        engines=("automap",),
    )
    return [*jobs, memory]


def _engine_jobs() -> list[Job]:
    trivial = Job(
        name="trivial",
        title="trivial process, 2 000 tiles of 256² written, 2 processes",
        config=_plain_job("trivial", 6, 40, 50),
        # 1.5 ms a tile
        goals=(Goal(quantity="cpu", most=3.0), Goal(quantity="wall", ratio=8.0)),
    )
    one = Job(
        name="one_tile",
        title="one trivial tile, start to end, concurrency none",
        config=_plain_job("trivial", 6, 40, 50),
        run=Run(concurrency="none", workers=1, tile=(6, 10, 10)),
        goals=(Goal(quantity="wall", most=0.7),),
    )
    return [
        trivial,
        _same_options(trivial),
        Job(
            name="empty",
            title="trivial process, 2 000 tiles, all empty, 2 processes",
            config=_plain_job("empty", 6, 40, 50),
            goals=(Goal(quantity="wall", ratio=10.0), Goal(quantity="cpu", ratio=10.0)),
        ),
        Job(
            name="first_tile",
            title="first tile starts, 1 000 000 tiles planned",
            config=_plain_job("first", 10, 1000, 1000),
            goals=(Goal(quantity="wall", most=1.0), Goal(quantity="memory", most=200.0)),
            until_first_tile=True,
            limit=120,
        ),
        one,
        _same_options(one),
        Job(
            name="nothing_to_do",
            title="second run of 10 000 tiles: nothing to compute",
            config=_plain_job("trivial", 8, 100, 100),
            goals=(Goal(quantity="wall", most=1.0),),
            rerun=True,
        ),
        Job(
            name="memory_1000",
            title="memory: 1 000 empty tiles",
            config=_plain_job("empty", 6, 25, 40),
        ),
        Job(
            name="memory_100000",
            title="memory: 100 000 empty tiles",
            config=_plain_job("empty", 10, 250, 400),
            limit=180,
        ),
    ]


JOBS = {
    job.name: job for job in [*_engine_jobs(), *_median_jobs(), *_composite_jobs(), *_native_jobs()]
}

ROWS = (
    "trivial",
    "empty",
    "first_tile",
    "one_tile",
    "nothing_to_do",
    "median_m1",
    "median_m4",
    "native_numpy_m1",
    "native_numba_m1",
    "native_numba_m4",
    "memory_60_dates",
)
"""What `python -m bench` measures when nobody says what: the rows that something is to be reached
of, each once; the others are the same with other options."""
