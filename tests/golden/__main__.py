"""`python -m tests.golden [--write] [NAME ...]`: show how the commands differ, or record anew."""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from pathlib import Path

from tests.golden.recording import record
from tests.golden.scenarios import SCENARIOS, golden_path


def main() -> int:
    """Exit code: 1 when something differs and is not to be recorded."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of scenarios")
    parser.add_argument("--write", action="store_true", help="record what is said now")
    options = parser.parse_args()
    chosen = [
        scenario
        for scenario in SCENARIOS
        if not options.names or any(name in scenario.name for name in options.names)
    ]
    differ = False
    for scenario in chosen:
        path = golden_path(scenario.name)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        with tempfile.TemporaryDirectory() as folder:
            now = record(scenario, Path(folder).resolve() / "here")
        if now == before:
            continue
        differ = True
        lines = (before.splitlines(keepends=True), now.splitlines(keepends=True))
        sys.stdout.writelines(difflib.unified_diff(*lines, path.name, "now"))
        if options.write:
            path.parent.mkdir(exist_ok=True)
            path.write_text(now, encoding="utf-8")
    if options.write and not options.names:
        for path in golden_path("any").parent.glob("*.txt"):
            if path.stem not in {scenario.name for scenario in SCENARIOS}:
                path.unlink()
    return int(differ and not options.write)


if __name__ == "__main__":
    sys.exit(main())
