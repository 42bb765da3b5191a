"""Property tests with new seeds: `python -m tests.fuzz [TEST ...] [--seed N] [--rounds N]`.

`make test` draws the same examples everywhere; this draws others, round after round, each from a
seed of its own. The last lines tell how to repeat what failed; once it is mended, the example that
hypothesis printed stays with its test as an `@example`.
"""

from __future__ import annotations

import argparse
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Sequence

# A line of pytest's summary; names of cases may hold blanks.
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when every round passed, 1 when a test failed, else pytest's."""
    options = _options().parse_args(arguments)
    first = secrets.randbelow(2**31) if options.seed is None else options.seed
    failed: list[str] = []
    for seed in range(first, first + options.rounds):
        print(f"-- seed {seed}", flush=True)
        code, names = _round(options.tests, seed, options.workers)
        failed += [_command([name], seed) for name in names]
        if code and not names:
            print(f"pytest ended with {code}: {_command(options.tests, seed)}", file=sys.stderr)
            return code
    if failed:
        print("\nTo repeat (and keep as an @example what they print):")
        print("\n".join(failed))
        return 1
    print(f"\nNothing found with the seeds {first} to {first + options.rounds - 1}.")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("tests", nargs="*", default=["tests"], help="files, folders, node ids")
    parser.add_argument("--seed", type=int, help="of the first round; the next takes the next")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes of pytest-xdist")
    return parser


def _round(tests: Sequence[str], seed: int, workers: int) -> tuple[int, list[str]]:
    """Exit code of pytest and the node ids of what failed; its output goes through."""
    command = [*_arguments(tests, seed), "-m", "hypothesis", f"--numprocesses={workers}"]
    names = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if match := _FAILED.match(line):
                names.append(match[1])
    return process.returncode, names


def _arguments(tests: Sequence[str], seed: int) -> list[str]:
    start = [sys.executable, "-m", "pytest", *tests, "-q", "--timeout=1800"]
    return [*start, "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}"]


def _command(tests: Sequence[str], seed: int) -> str:
    return shlex.join(["python", *_arguments(tests, seed)[1:]])


if __name__ == "__main__":
    sys.exit(main())
