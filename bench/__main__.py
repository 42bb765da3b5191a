"""Command line: `python -m bench [--quick] [--full] [JOB …]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import measure, report, runner
from bench.engines import ENGINES
from bench.jobs import JOBS, ROWS
from bench.scenes import scenes

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    jobs = [JOBS[name] for name in options.jobs or (JOBS if options.full else ROWS)]
    engines = [ENGINES[name] for name in options.engine or ENGINES]
    cache = options.cache.resolve()
    if options.table:
        print(report.table(report.load(options.results), JOBS))
        return 0
    needed = any(job.needs_scenes for job in jobs)
    files = scenes(cache / "scenes") if needed else {}
    runner.warm_up()
    measure.adopt_orphans()
    repetitions = 1 if options.quick else options.repetitions
    # Jobs that are not run again keep their numbers.
    results = report.load(options.results)
    failed: list[str] = []
    cache.mkdir(parents=True, exist_ok=True)
    # A folder of its own: a second bench may be running in the same checkout.
    with tempfile.TemporaryDirectory(prefix="work-", dir=cache) as work:
        for job in jobs:
            try:
                results[job.name] = runner.run_job(
                    job,
                    engines,
                    scenes=files,
                    work=Path(work),
                    repetitions=repetitions,
                    say=_say,
                )
            except runner.BenchFailed as error:
                _say(str(error))
                failed.append(job.name)
            report.save(options.results, results)
    print(report.table(results, JOBS))
    if failed:
        _say(f"failed, without new numbers: {', '.join(failed)}")
    return 1 if failed else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB", help=f"some of {', '.join(JOBS)}; default: the main rows"
    )
    parser.add_argument("--full", action="store_true", help="all jobs")
    parser.add_argument("--table", action="store_true", help="only print the last results")
    parser.add_argument("--quick", action="store_true", help="every run once")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--engine", action="append", choices=sorted(ENGINES), help="default: both")
    parser.add_argument("--cache", type=Path, default=HERE.parent / ".cache" / "bench")
    parser.add_argument("--results", type=Path, default=HERE / "results.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
