"""Two states of the code against each other: `python -m bench.compare A B [JOB …]`.

Both are checked out into a folder of their own and run in turn, A B B A A B …, so that what the
machine does besides meets both. Exit code 1 where B is slower than A, in the median of the pairs by
more than `--tolerance` and in nearly all of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from subprocess import run

from bench import measure, runner
from bench.engines import AUTOMAP, Engine
from bench.jobs import JOBS, Job
from bench.measure import Usage
from bench.report import cell, was_quiet
from bench.scenes import scenes

ROOT = Path(__file__).parent.parent
DEFAULT = ("trivial", "one_tile", "nothing_to_do", "native_numba_m4")
_NEARLY_ALL = 0.8
"""Of the pairs: by chance alone 5 of 5 are one in 32, 4 of 5 one in 6."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The runs of a job; one of each belong together."""

    job: str
    before: tuple[Usage, ...]
    after: tuple[Usage, ...]

    def ratios(self, quantity: str) -> list[float]:
        """Of each pair, after by before."""
        pairs = zip(self.before, self.after, strict=True)
        return [getattr(b, quantity) / max(getattr(a, quantity), 1e-9) for a, b in pairs]

    def is_slower(self, quantity: str, tolerance: float) -> bool:
        ratios = self.ratios(quantity)
        most = sum(ratio > 1 for ratio in ratios) >= _NEARLY_ALL * len(ratios)
        return most and median(ratios) > 1 + tolerance


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    jobs = [JOBS[name] for name in options.jobs or DEFAULT]
    cache = options.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    files = scenes(cache / "scenes") if any(job.needs_scenes for job in jobs) else {}
    measure.adopt_orphans()
    with (
        tempfile.TemporaryDirectory(prefix="compare-", dir=cache) as work,
        checkout(options.before, Path(work) / "before") as before,
        checkout(options.after, Path(work) / "after") as after,
    ):
        found = [
            compared(
                job,
                (engine_of("before", before), engine_of("after", after)),
                scenes=files,
                work=Path(work) / "runs",
                pairs=options.pairs,
            )
            for job in jobs
        ]
    print(table(found, options.tolerance))
    slower = [
        one.job for one in found
        if one.is_slower("cpu", options.tolerance) or one.is_slower("wall", options.tolerance)
    ]  # fmt: skip
    return int(bool(slower))


@contextmanager
def checkout(commit: str, folder: Path) -> Iterator[Path]:
    """A state of the code in a folder of its own; `.` is this one, with what is not committed."""
    if commit == ".":
        runner.compile_modules(ROOT)
        yield ROOT
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        runner.compile_modules(folder)
        yield folder
    finally:
        run([*git, "remove", "--force", str(folder)], check=True)


def engine_of(name: str, folder: Path) -> Engine:
    """Our command as it is in a checkout."""
    return Engine(
        name=name,
        quiet=AUTOMAP.quiet,
        program=(sys.executable, "-m", "automap_tiles"),
        environment={"PYTHONPATH": f"{folder}:{folder / 'processes'}:{folder / 'devserver'}"},
    )


def compared(
    job: Job,
    engines: tuple[Engine, Engine],
    *,
    scenes: Mapping[str, Path],
    work: Path,
    pairs: int,
) -> Comparison:
    """Run a job in pairs, every second of them the other way round."""
    own = job.configs.get(AUTOMAP.name, job.config)
    job = replace(job, config=own, configs={}, engines=tuple(each.name for each in engines))
    runs: dict[str, list[Usage]] = {each.name: [] for each in engines}
    for number in range(pairs):
        order = engines if number % 2 == 0 else engines[::-1]
        found = runner.run_job(job, order, scenes=scenes, work=work, repetitions=1, say=_say)
        for name, usages in found.items():
            runs[name] += usages
    before, after = (tuple(runs[each.name]) for each in engines)
    return Comparison(job=job.name, before=before, after=after)


def table(found: Sequence[Comparison], tolerance: float) -> str:
    """A Markdown table: medians of both, and the ratios of the pairs from the least to the most."""
    lines = [
        "| work | before CPU s · wall s · MB | after | CPU, after by before | wall | |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        slower = [name for name in ("cpu", "wall") if one.is_slower(name, tolerance)]
        cells = [
            one.job,
            cell(one.before),
            cell(one.after),
            _spread(one.ratios("cpu")),
            _spread(one.ratios("wall")),
            f"slower: {', '.join(slower)}" if slower else "",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    busy = [one.job for one in found if not was_quiet([*one.before, *one.after])]
    if busy:
        lines += ["", f"The machine was not quiet during {', '.join(busy)}: only ratios say much."]
    return "\n".join(lines)


def _spread(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("before", metavar="A", help="a commit")
    parser.add_argument("after", metavar="B", help="another, or . for this checkout as it is")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"default: {', '.join(DEFAULT)}")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--tolerance", type=float, default=0.03, help="a share of the time")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "bench")
    return parser


if __name__ == "__main__":
    sys.exit(main())
