"""The situations collected in the folder of cases: `python -m tests.cases [NAME ...] [--all]`.

Each script there tries one and exits 0 when all is well. They run one after the other, since some
share folders. The long campaigns (`camp_*.py`) only run with `--all` or by name. A script that
imports a module which is not there tries nothing: it is listed, and is neither green nor red.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.imagery.place import ROOT

HELPERS = {"lib.py", "fx.py", "items.py", "srv.py", "t2fn.py"}
_LINES = 6
"""Of what a red script said."""


def folder() -> Path:
    """Where the scripts lie."""
    return Path(os.environ.get("AUTOMAP_SHARED", ROOT.parent / "shared")) / "cases"


def scripts(cases: Path, names: Sequence[str] = (), *, everything: bool = False) -> list[Path]:
    """Those that try something; names are parts of their paths."""
    found = [path for path in sorted(cases.glob("*/*.py")) if path.name not in HELPERS]
    found = [path for path in found if not path.name.startswith("_")]
    if names:
        return [path for path in found if any(name in str(path) for name in names)]
    return [path for path in found if everything or not path.name.startswith("camp_")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 1 when one is red."""
    parser = argparse.ArgumentParser(prog="python -m tests.cases", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of scripts")
    parser.add_argument("--all", action="store_true", help="the long campaigns too")
    parser.add_argument("--seconds", type=float, default=600.0, help="for each")
    options = parser.parse_args(arguments)
    if not folder().is_dir():
        print(f"Skipped: no cases under {folder()} (set AUTOMAP_SHARED)")
        return 0
    chosen = scripts(folder(), options.names, everything=options.all)
    red, idle = [], []
    for path in chosen:
        started = time.monotonic()
        name = f"{path.parent.name}/{path.name}"
        if missing := missing_modules(path):
            print(f"cannot run {name}: it imports {', '.join(missing)}, which is not there")
            idle.append(name)
            continue
        code, said = _run(path, options.seconds)
        print(f"{'green' if code == 0 else 'RED  '} {name} {time.monotonic() - started:.0f} s")
        if code:
            red.append(name)
            print("".join(f"      {line}\n" for line in said.splitlines()[-_LINES:]), flush=True)
    green = len(chosen) - len(red) - len(idle)
    print(f"{green} of {len(chosen)} green" + "".join(f"\nRED {name}" for name in red))
    return int(bool(red) or not green)


def missing_modules(script: Path) -> list[str]:
    """What a script imports and neither lies beside it nor is installed."""
    body = ast.parse(script.read_text(encoding="utf-8")).body
    names = [node.module for node in body if isinstance(node, ast.ImportFrom) and node.module]
    names += [each.name for node in body if isinstance(node, ast.Import) for each in node.names]
    tops = sorted({name.partition(".")[0] for name in names})
    return [
        top
        for top in tops
        if not (script.parent / f"{top}.py").is_file() and importlib.util.find_spec(top) is None
    ]


def _run(path: Path, seconds: float) -> tuple[int, str]:
    """Exit code and output; a script that does not end is red, and so are its children."""
    paths = [str(ROOT), str(ROOT / "processes"), str(ROOT / "devserver")]
    # The interpreter that stands here finds this checkout; so does the command beside it.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    environment.setdefault("AUTOMAP", str(Path(sys.executable).parent / "automap"))
    with subprocess.Popen(
        [sys.executable, str(path)],
        cwd=path.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as script:
        try:
            said, _ = script.communicate(timeout=seconds)
            return script.returncode, said
        except subprocess.TimeoutExpired:
            os.killpg(script.pid, signal.SIGKILL)
            return 1, f"not over after {seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
