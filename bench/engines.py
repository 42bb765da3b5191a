"""How each engine is called from a command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    program: tuple[str, ...] = ()
    """How it is called; empty: by its name, as it is installed."""
    environment: Mapping[str, str] = field(default_factory=dict)
    prepares: bool = True
    """Makes the output of a job that is run again; one that does not leaves it to ours."""

    def command(self, config: Path, run: Run) -> list[str]:
        program = self.program or (str(_BIN / self.name),)
        words = [*program, "execute", str(config), self.quiet]
        words += ["--concurrency", run.concurrency, "--workers", str(run.workers)]
        if run.tile is not None:
            words += ["--tile", *map(str, run.tile)]
        return words


# It opens the output of ours, which is made more quickly.
MAPCHETE = Engine(name="mapchete", quiet="--no-pbar", prepares=False)
AUTOMAP = Engine(name="automap", quiet="--no-progress")
ENGINES = {engine.name: engine for engine in (MAPCHETE, AUTOMAP)}
