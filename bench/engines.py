"""How each engine is called from a command line."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

_BIN = Path(sys.executable).parent


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a process file is to be run, whichever engine does it."""

    concurrency: str = "processes"
    workers: int = 2
    tile: tuple[int, int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A command line tool that runs process files."""

    name: str
    quiet: str
    """Option that turns the progress bar off."""

    def command(self, config: Path, run: Run) -> list[str]:
        words = [str(_BIN / self.name), "execute", str(config), self.quiet]
        words += ["--concurrency", run.concurrency, "--workers", str(run.workers)]
        if run.tile is not None:
            words += ["--tile", *map(str, run.tile)]
        return words


MAPCHETE = Engine(name="mapchete", quiet="--no-pbar")
AUTOMAP = Engine(name="automap", quiet="--no-progress")
ENGINES = {engine.name: engine for engine in (MAPCHETE, AUTOMAP)}
