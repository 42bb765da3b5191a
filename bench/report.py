"""Medians, ratios and the table."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import psutil

from bench.jobs import Goal, Job
from bench.measure import Usage

Runs = Mapping[str, Sequence[Usage]]
QUANTITIES = ("cpu", "wall", "memory")
_QUIET = 1.25
"""Load for each core: more than one is something else."""


def medians(runs: Sequence[Usage]) -> dict[str, float]:
    return {quantity: median(getattr(run, quantity) for run in runs) for quantity in QUANTITIES}


def reached(goal: Goal, runs: Runs) -> bool | None:
    """Whether the goal is reached; None when an engine is missing or did not finish."""
    if not runs.get("automap") or not all(run.ended for run in runs["automap"]):
        return None
    ours = medians(runs["automap"])[goal.quantity]
    if goal.most is not None:
        return ours <= goal.most
    if not runs.get("mapchete") or goal.ratio is None:
        return None
    return medians(runs["mapchete"])[goal.quantity] / ours >= goal.ratio


def table(results: Mapping[str, Runs], jobs: Mapping[str, Job]) -> str:
    """A Markdown table: seconds of CPU, of wall time and MB of each engine, ratios, goals."""
    lines = [
        "| work | mapchete CPU s · wall s · MB | automap CPU s · wall s · MB "
        "| CPU ratio | wall ratio | to reach |",
        "|---|---|---|---|---|---|",
    ]
    for name, job in jobs.items():
        runs = results.get(name)
        if runs is None:
            continue
        goals = [f"{goal} {_sign(reached(goal, runs))}" for goal in job.goals]
        cells = [
            job.title,
            cell(runs.get("mapchete", ())),
            cell(runs.get("automap", ())),
            _ratio(runs, "cpu"),
            _ratio(runs, "wall"),
            ", ".join(goals),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    busy = [
        name for name, runs in results.items()
        if name in jobs and not was_quiet(run for several in runs.values() for run in several)
    ]  # fmt: skip
    if busy:
        lines += ["", f"The machine was not quiet during {', '.join(busy)}: times are too long."]
    return "\n".join(lines)


def _sign(value: bool | None) -> str:
    return {True: "✓", False: "✗", None: ""}[value]


def cell(runs: Sequence[Usage]) -> str:
    if not runs:
        return "–"
    values = medians(runs)
    bound = "" if all(run.ended for run in runs) else "> "
    return (
        f"{bound}{values['cpu']:.2f} · {bound}{values['wall']:.2f} · {bound}{values['memory']:.0f}"
    )


def _ratio(runs: Runs, quantity: str) -> str:
    theirs, ours = runs.get("mapchete"), runs.get("automap")
    if not theirs or not ours or not all(run.ended for run in ours):
        return "–"
    bound = "" if all(run.ended for run in theirs) else "> "
    return f"{bound}{medians(theirs)[quantity] / medians(ours)[quantity]:.1f} ×"


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    info = {
        "commit": commit(),
        "processor": _processor(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    for package in ("mapchete", "automap-tiles", "rasterio", "numpy", "bottleneck"):
        try:
            info[package] = version(package)
        except PackageNotFoundError:
            info[package] = "not installed"
    return info


def commit() -> str:
    """The state of the code, with `+` where files are changed besides; empty outside of a clone."""
    root = Path(__file__).parent.parent
    done = subprocess.run(
        ["git", "-C", str(root), "describe", "--always", "--dirty=+", "--exclude=*"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip()


def was_quiet(runs: Iterable[Usage]) -> bool:
    """Whether the machine did nothing else, as far as its load tells.

    The load of the last minute holds what the run before has left of itself.
    """
    return all(run.load <= (psutil.cpu_count() or 1) * _QUIET for run in runs)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def save(path: Path, results: Mapping[str, Runs]) -> None:
    """Every single run as JSON, without its printed output."""
    content = {
        "machine": machine(),
        "jobs": {
            name: {
                engine: [
                    {key: value for key, value in asdict(run).items() if key != "output"}
                    for run in engine_runs
                ]
                for engine, engine_runs in runs.items()
            }
            for name, runs in results.items()
        },
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def load(path: Path) -> dict[str, Runs]:
    """What was saved before; nothing when there is no such file."""
    if not path.is_file():
        return {}
    jobs = json.loads(path.read_text())["jobs"]
    return {
        name: {
            engine: [Usage(**run) for run in engine_runs] for engine, engine_runs in runs.items()
        }
        for name, runs in jobs.items()
    }
