"""One configuration, run by either engine in this interpreter."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automap_tiles import open_process

Config = dict[str, Any]
PROCESSES = Path(__file__).parent / "processes"


def with_output(config: Mapping[str, Any], path: Path) -> Config:
    """The configuration with absolute paths, ready for an engine."""
    full = copy.deepcopy(dict(config))
    full["output"]["path"] = str(path)
    if not full["process"].startswith("mapchete."):
        full["process"] = str(PROCESSES / f"{full['process']}.py")
    return full


def cut(
    config: Mapping[str, Any],
    metatiling: int,
    pixelbuffer: int,
    *,
    output_metatiling: int | None = None,
) -> Config:
    """The same work in other portions; the output's are the process's when not given."""
    changed = copy.deepcopy(dict(config))
    changed["pyramid"].update(metatiling=metatiling, pixelbuffer=pixelbuffer)
    if output_metatiling is not None:
        changed["output"]["metatiling"] = output_metatiling
    return changed


def run_mapchete(
    config: Mapping[str, Any], path: Path, steps: Sequence[int | list[int] | None] = (None,)
) -> Path:
    """One run for each of `steps`, which are zooms; None for all at once."""
    from mapchete.commands import execute

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full = with_output(config, path)
        for zoom in steps:
            work = {**copy.deepcopy(full), "config_dir": str(path.parent)}
            execute(work, zoom=zoom, concurrency="none", workers=1)
    return path


def run_automap(config: Mapping[str, Any], path: Path) -> Path:
    """Runs in this thread; a failed tile fails the test with its traceback."""
    with warnings.catch_warnings():
        # mapchete, where a process imports from it, warns about itself
        warnings.filterwarnings("ignore", module=r"(mapchete|fiona|retry)\b")
        process = open_process(with_output(config, path))
        for event in process.execute(concurrency="none"):
            error = getattr(getattr(event, "result", None), "error", None)
            assert error is None, error
    return path
