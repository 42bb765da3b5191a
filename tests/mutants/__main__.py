"""Which changes of the code no test notices: `python -m tests.mutants [--seed N] [--count N]`.

A sample of small changes is drawn from the whole code or from one folder, and each is tried in
copies of the checkout: against the tests that run it where `python -m tests.mutants.reach` has
found out which these are, otherwise against those that are near. Survivors are printed with their
place; those that change no result stand in `equivalent.txt` with the reason and do not count. Exit
code 1 when fewer than 92 % are noticed, or fewer than 85 % of a folder.
"""

from __future__ import annotations

import argparse
import queue
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.imagery.place import ROOT, imagery
from tests.mutants import reach
from tests.mutants.operators import Mutant
from tests.mutants.selection import all_mutants, folder_of, looking_at
from tests.mutants.trial import Outcome, Trial, attempt, copy_of

EQUIVALENT = Path(__file__).parent / "equivalent.txt"
WANTED, WANTED_OF_A_FOLDER = 0.92, 0.85
_FEW = 5
"""A folder with fewer changes in the sample is not judged by itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    sample = draw(options.seed, options.count, options.folder)
    known = reach.load()
    by = "the tests that run them" if known else "tests that are near: it is not known which run"
    print(f"{len(sample)} changes, seed {options.seed}, tried with {by}", flush=True)
    work = [(each, chosen(each, known, options.seconds)) for each in sample]
    trials = []
    for number, trial in enumerate(_trials(work, options.workers, options.seconds), start=1):
        trials.append(trial)
        if trial.outcome is Outcome.SURVIVED:
            print(f"[{number}] {trial.mutant}", flush=True)
    return _report(trials)


def chosen(mutant: Mutant, known: reach.Reach | None, seconds: float) -> list[str]:
    """Tests for one change, for pytest: what runs it, of that as much as there is time for.

    What happens when a module is imported is run by whichever test was first: there, and where
    nothing is known, the near ones.
    """
    if known is None or not mutant.in_function:
        return looking_at(ROOT, Path(mutant.path))
    tests: list[str] = []
    needed = 0.0
    for test in known.tests(mutant.path, mutant.lines):
        needed += known.seconds[test]
        if tests and needed > seconds:
            break
        tests.append(test)
    return tests


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--folder", help="only of this one: engine, workflows/automap …")
    parser.add_argument("--workers", type=int, default=1, help="changes that are tried at once")
    parser.add_argument("--seconds", type=float, default=60.0, help="for the tests of each")
    return parser


def draw(seed: int, count: int, folder: str | None = None) -> list[Mutant]:
    """A sample without what is known to be equivalent; the same seed, the same sample."""
    known = equivalent()
    every = [each for each in all_mutants(ROOT, folder) if each.key not in known]
    return random.Random(seed).sample(every, min(count, len(every)))


def equivalent() -> dict[str, str]:
    """Reason by key: a line with the reason after `#`, then the keys it holds for."""
    found, reason = {}, ""
    for line in EQUIVALENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            reason = line.lstrip("# ")
        elif line.strip():
            found[line.strip()] = reason
    return found


def _trials(work: list[tuple[Mutant, list[str]]], workers: int, seconds: float) -> Iterator[Trial]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(workers):
            copies.put(copy_of(ROOT, Path(name) / str(number)))

        def one(mutant: Mutant, tests: list[str]) -> Trial:
            copy = copies.get()
            try:
                return attempt(mutant, copy, tests=tests, shared=imagery(), seconds=seconds)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(workers) as pool:
            for future in as_completed([pool.submit(one, *each) for each in work]):
                yield future.result()


def _report(trials: list[Trial]) -> int:
    made = Counter(folder_of(each.mutant.path) for each in trials)
    missed = Counter(
        folder_of(each.mutant.path) for each in trials if each.outcome is Outcome.SURVIVED
    )
    weak = []
    print("\nfolder                 changes  noticed")
    for folder, many in sorted(made.items()):
        share = 1 - missed[folder] / many
        print(f"{folder:<22} {many:>7}  {share:>6.0%}")
        if many >= _FEW and share < WANTED_OF_A_FOLDER:
            weak.append(folder)
    share = 1 - missed.total() / max(1, made.total())
    print(f"{'together':<22} {made.total():>7}  {share:>6.1%}")
    if weak:
        print(f"Below {WANTED_OF_A_FOLDER:.0%}: {', '.join(weak)}")
    return int(bool(weak) or share < WANTED)


if __name__ == "__main__":
    sys.exit(main())
