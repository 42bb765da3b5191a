"""Runs a job with the engines in turn, each time with a fresh output folder."""

from __future__ import annotations

import compileall
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import measure
from bench.engines import AUTOMAP, Engine, Run
from bench.jobs import Job
from bench.measure import Usage


def compile_modules(checkout: Path) -> None:
    """Compile our modules, as an installation does."""
    for package in (checkout / "automap_tiles", checkout / "processes"):
        compileall.compile_dir(package, quiet=2)


def warm_up() -> None:
    """Compile what is compiled once for each machine: our modules, and the numba process."""
    root = Path(__file__).parent
    compile_modules(root.parent)
    script = "import median_numba; median_numba.warm_up()"
    subprocess.run([sys.executable, "-c", script], cwd=root / "processes", check=True)


class BenchFailed(Exception):
    """A command ended with an error: its numbers would mean nothing."""


def run_job(
    job: Job,
    engines: Sequence[Engine],
    *,
    scenes: Mapping[str, Path],
    work: Path,
    repetitions: int,
    say: Callable[[str], None],
) -> dict[str, list[Usage]]:
    """A B A B …; an engine whose run had to be ended is not run again."""
    runs: dict[str, list[Usage]] = {engine.name: [] for engine in engines}
    for number in range(repetitions):
        for engine in engines:
            if engine.name not in job.engines:
                continue
            done = runs[engine.name]
            if done and not done[-1].ended:
                continue
            usage = _run_once(job, engine, scenes, work / job.name / engine.name)
            done.append(usage)
            say(
                f"{job.name} {engine.name} {number + 1}/{repetitions}: "
                f"{usage.cpu:.2f} s CPU, {usage.wall:.2f} s, {usage.memory:.0f} MB"
                + ("" if usage.ended else " (ended: time is up)")
            )
    return runs


def _run_once(job: Job, engine: Engine, scenes: Mapping[str, Path], folder: Path) -> Usage:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = job.configs.get(engine.name, job.config)(scenes)
    config["output"]["path"] = str(folder / "tiles")
    file = folder / "job.mapchete"
    file.write_text(json.dumps(config))  # JSON is YAML
    mark = folder / "mark" if job.until_first_tile else None
    if job.rerun:
        _prepare(engine if engine.prepares else AUTOMAP, file, folder)
    usage = measure.run(
        engine.command(file, job.run),
        folder=folder,
        # empty: modules are compiled once and kept, as where a package is installed
        env={
            "BENCH_MARK": str(folder / "mark"),
            "PYTHONDONTWRITEBYTECODE": "",
            **engine.environment,
        },
        limit=job.limit,
        mark=mark,
    )
    failed = usage.ended and mark is None and usage.code != 0
    if failed or (mark is not None and usage.ended and not mark.exists()):
        raise BenchFailed(f"{job.name}: {engine.name} exited with {usage.code}\n{usage.output}")
    shutil.rmtree(folder / "tiles", ignore_errors=True)
    return usage


def _prepare(engine: Engine, file: Path, folder: Path) -> None:
    """The first run."""
    usage = measure.run(
        engine.command(file, Run()), folder=folder, env=engine.environment, limit=3600
    )
    if usage.code != 0:
        raise BenchFailed(f"preparing: {engine.name} exited with {usage.code}\n{usage.output}")
