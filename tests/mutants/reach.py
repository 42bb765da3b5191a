"""Which tests run a line: `python -m tests.mutants.reach`, once for a state of the code.

The whole suite runs under coverage.py, whose contexts are the tests; what a test starts in
processes of its own counts as run by it. The answer lies in the cache folder, named after the
sources and the tests, so that it is never asked about other code than it was made of.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from tests.imagery.place import ROOT, imagery
from tests.mutants.carried import CONTEXT
from tests.mutants.selection import PACKAGES, folder_of, sources

CACHE = ROOT / ".cache" / "reach"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Tests by the line that they run."""

    data: CoverageData
    seconds: dict[str, float]
    """How long each test took."""

    def tests(self, path: str, lines: range) -> list[str]:
        """Node ids of the tests that run one of the lines of a file, given from the root.

        Those of its own folder first, then the quickest.
        """
        by_line = self.data.contexts_by_lineno(path)
        found = {test for line in lines for test in by_line.get(line, ()) if test}
        near = f"tests/{folder_of(path)}/"
        return sorted(
            found & self.seconds.keys(),
            key=lambda each: (not each.startswith(near), self.seconds[each], each),
        )


def load() -> Reach | None:
    """What was found of this state of the code, if it was asked for."""
    folder = CACHE / state()
    times = folder / "seconds.json"
    if not times.exists():
        return None
    data = CoverageData(basename=str(folder / "lines"))
    data.read()
    return Reach(data=data, seconds=json.loads(times.read_text(encoding="utf-8")))


def state() -> str:
    """Hash of every module of the project and of its tests."""
    digest = hashlib.sha256()
    for path in [*sources(ROOT), *sorted(_tests())]:
        digest.update(f"{path}\0".encode())
        digest.update((ROOT / path).read_bytes())
    return digest.hexdigest()[:16]


def _tests() -> Iterator[Path]:
    for path in (ROOT / "tests").rglob("*.py"):
        if "mutants" not in path.parts:
            yield path.relative_to(ROOT)


def main(workers: str = "2", *tests: str) -> int:
    """Run the suite and put together what its workers ran, unless it was done before."""
    folder = CACHE / state()
    if (folder / "seconds.json").exists():
        return 0
    parts = folder / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    settings = folder / "coverage.ini"
    settings.write_text(_settings(parts), encoding="utf-8")
    _suite([*(tests or ["tests"]), "-n", workers, "--dist", "worksteal"], settings)
    subprocess.run(
        [sys.executable, "-m", "coverage", "combine", f"--rcfile={settings}", "--quiet",
         f"--data-file={folder / 'lines'}", str(parts)],
        cwd=ROOT, check=True,
    )  # fmt: skip
    times: dict[str, float] = {}
    for path in parts.glob("seconds-*.json"):
        times |= json.loads(path.read_text(encoding="utf-8"))
    (folder / "seconds.json").write_text(json.dumps(times, indent=0), encoding="utf-8")
    print(f"{len(times)} tests, {folder.relative_to(ROOT)}")
    return 0


def _settings(parts: Path) -> str:
    packages = ", ".join(Path(each).name for each in PACKAGES)
    return "\n".join([
        "[run]",
        f"source_pkgs = {packages}",
        f"data_file = {parts / 'lines'}",
        "parallel = true",
        "relative_files = true",
        "core = ctrace",
        f"context = ${{{CONTEXT}-}}",
        "patch = subprocess, _exit",
        "concurrency = thread, multiprocessing",
        "disable_warnings = no-data-collected, module-not-measured, module-not-imported",
    ])  # fmt: skip


def _suite(arguments: list[str], settings: Path) -> None:
    """Failures do not matter: a line was run all the same."""
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest"]
    command += ["-q", "--tb=no", "-p", "tests.mutants.contexts", *arguments]
    shared = imagery()
    environment = os.environ | ({"AUTOMAP_SHARED": str(shared)} if shared else {})
    subprocess.run(command, cwd=ROOT, env=environment, check=False)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
