"""Processes that are looked at while their files and parameters are changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from automap_devserver import _parameters
from automap_devserver._events import Hub
from automap_devserver._failures import NotFound, Refused
from automap_devserver._opening import OpeningProblem, problem_of
from automap_devserver._precompute import Ahead
from automap_devserver.catalogue import Catalogue
from automap_tiles.errors import (
    AutomapError,
    ConfigError,
    GridError,
    OutputMismatch,
    ProcessChanged,
    ProcessError,
)
from automap_tiles.grid import Bounds, TileIndex, cover
from automap_tiles.layers import web
from automap_tiles.layers.open import process_layer
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.process_tiles import TileState
from automap_tiles.layers.progress import MOST, ProgressView
from automap_tiles.runtime import Process, open_process
from automap_tiles.runtime.function import FunctionKind
from automap_tiles.runtime.sources import siblings
from automap_tiles.runtime.steps import all_steps
from automap_tiles.vector import reproject_geometry

_log = logging.getLogger(__name__)

_RETIRING = 10.0
"""Seconds that tiles of the process before an edit get to finish."""
_VIEW = 400
"""Largest number of web map tiles in a view."""

Stamps = dict[Path, tuple[int, int] | None]


class Preview:
    """One process file and its layer."""

    def __init__(self, catalogue: Catalogue, hub: Hub, layer: ProcessLayer) -> None:
        self.name = layer.info.name
        self.problem: OpeningProblem | None = None
        self.notice: str | None = None
        self.version = 1
        self.parameters: dict[str, Any] = {}
        self.ahead = Ahead()
        self._catalogue = catalogue
        self._hub = hub
        self._keep = layer.keep
        self._guard = threading.RLock()
        self._use(layer)
        self._stamps = self._look_at_files()

    @property
    def layer(self) -> ProcessLayer:
        """The current layer."""
        return self._layer

    @property
    def process(self) -> Process:
        return self._layer.process

    @property
    def files(self) -> list[Path]:
        """Editable files of the process: the process file first, then the code."""
        process = self.process
        found = [] if process.config_path is None else [process.config_path]
        for each in (process, *(step.process for step in all_steps(process))):
            function = each.function
            if function.kind is FunctionKind.FILE and function.path is not None:
                found.append(function.path)
                found += [file for _, file in siblings(function.path)]
        return list(dict.fromkeys(found))

    def look(self) -> None:
        """Publish what changed since the last call: files, and the journal of a run."""
        with self._guard:
            stamps = self._look_at_files()
            if stamps != self._stamps:
                self._stamps = stamps
                self._reopen_quietly()
            self._look_at_journal()

    def change(self, changed: Mapping[str, Any]) -> None:
        """Override parameters for this session; those not given are as in the file.

        Raises as opening a process does; then nothing changes.
        """
        with self._guard:
            before, self.parameters = self.parameters, dict(changed)
            try:
                self.reopen()
            except AutomapError:
                self.parameters = before
                raise

    def reopen(self) -> None:
        """Reload the process; raises as opening a process does."""
        with self._guard:
            path = self.process.config_path
            if path is None:
                raise Refused("this process was opened from no file")
            self._check_survival(path)
            process = self._opening(path)()
            self.ahead.stop()
            ended = self._layer.retire(_RETIRING)
            layer, self.notice = self._opened(process, may_keep=ended)
            self._use(layer)
            self._catalogue.put(layer)
            self.problem = None
            self.version += 1
            self._stamps = self._look_at_files()
            self._tell()

    def save(self) -> None:
        """Write the parameters of this session into the process file."""
        with self._guard:
            path = self.process.config_path
            if path is None or not self.parameters:
                return
            _parameters.save(path, self.parameters, self.process.step)
            self.parameters = {}
            self.reopen()

    def journal(self) -> dict[str, Any]:
        """State of the journal, as in events."""
        return {"layer": self.name, **asdict(self.progress.counts())}

    def status(self) -> dict[str, Any]:
        """Status of the process, as in events."""
        return {
            "layer": self.name,
            "version": self.version,
            "keep": self._layer.keep.value,
            "notice": self.notice,
            "error": None if self.problem is None else asdict(self.problem),
            "changed": sorted(self.parameters),
        }

    def retry(self, index: TileIndex) -> TileState:
        """Compute a tile again; raises `GridError`, `Refused`."""
        if self._keep is Keep.READONLY:
            raise Refused("nothing is computed: the server was started with --readonly")
        self.progress.check(index)
        if index.zoom not in self.process.base_zooms:
            raise GridError(f"tiles of zoom {index.zoom} are made from finer ones by a run")
        return self._layer.compute(index, again=True)

    def view(self, box: Bounds, zoom: int) -> dict[str, Any]:
        """State of the tiles in a web map view, for the page."""
        layer, waiting = self._layer, self.progress.waiting(box)
        pyramid = web.web_pyramid()
        area = reproject_geometry(box.polygon(), web.LON_LAT, pyramid.crs)
        live = cover.count(pyramid, area, zoom) <= _VIEW and all(
            layer.outlook(pyramid.tile(*index)).live for index in cover.tiles(pyramid, area, zoom)
        )
        return {
            "computed_from": layer.info.computed_from,
            "waiting": None if waiting is None else len(waiting),
            "live": live and self._keep is not Keep.READONLY,
            "computing": self.ahead.left,
        }

    def compute(self, box: Bounds) -> None:
        """Start computing missing tiles in a box.

        Raises `Refused`, `ConfigError` if there are too many.
        """
        if self._keep is Keep.READONLY:
            raise Refused("nothing is computed: the server was started with --readonly")
        waiting = self.progress.waiting(box)
        if waiting is None:
            raise ConfigError(
                f"these are more than {MOST} tiles",
                key="bbox",
                remedy="zoom in, or have a run make them: `automap execute`",
            )
        self.ahead.start(self._layer, waiting)

    def _reopen_quietly(self) -> None:
        """After an edit: an error is published, and the layer stays unchanged."""
        try:
            self.reopen()
        except AutomapError as error:
            self.problem = problem_of(error)
            _log.info("%s: %s", self.name, error)
            self._tell()

    def _check_survival(self, path: Path) -> None:
        """Raise `ProcessError` if the process's module terminates whoever imports it.

        It is opened in a worker first, so that a crash becomes a message here.
        """
        how = self._layer.workers.survives(self._opening(path))
        if how is not None:
            raise ProcessError(f"{path}: opening this process ends the process that does it: {how}")

    def _opening(self, path: Path) -> partial[Process]:
        """How to open it: the same step as before, if there are several."""
        return partial(
            open_process, path, parameters=self.parameters or None, step=self.process.step
        )

    def _opened(self, process: Process, *, may_keep: bool) -> tuple[ProcessLayer, str | None]:
        """The layer of a process, in memory if its tiles must not be mixed with others."""
        if self._keep in (Keep.MEMORY, Keep.READONLY):
            return self._made(process, self._keep), None
        if self.parameters or not may_keep:
            why = "parameters of this session" if self.parameters else "a tile is still being made"
            notice = f"{why}: tiles are computed anew and not kept"
            return self._made(process, Keep.MEMORY), notice
        try:
            return self._made(process, self._keep), None
        except (ProcessChanged, OutputMismatch):
            notice = (
                "the output holds tiles from before the edit: tiles are computed anew and not "
                "kept; `automap execute --overwrite` makes the output anew"
            )
            return self._made(process, Keep.MEMORY), notice

    def _made(self, process: Process, keep: Keep) -> ProcessLayer:
        return process_layer(process, keep, name=self.name, workers=self._layer.workers)

    def _use(self, layer: ProcessLayer) -> None:
        self._layer = layer
        self.progress = ProgressView(layer)
        layer.listen(self._send_tile)
        self._journal = self.progress.stamp()

    def _send_tile(self, state: TileState) -> None:
        zoom, row, col = state.index
        self._hub.tell(
            "tile",
            {
                "layer": self.name,
                "version": self.version,
                "zoom": zoom,
                "row": row,
                "col": col,
                "status": state.status.word,
                "seconds": round(state.seconds, 3),
            },
        )

    def _tell(self) -> None:
        self._hub.tell("process", self.status())

    def _look_at_journal(self) -> None:
        stamp = self.progress.stamp()
        if stamp == self._journal:
            return
        self._journal = stamp
        self._hub.tell("journal", self.journal())

    def _look_at_files(self) -> Stamps:
        return {file: _stamp(file) for file in (*self.files, *self.process.files)}


class Previews:
    """The processes among the layers of a server."""

    def __init__(self, catalogue: Catalogue, hub: Hub) -> None:
        self._previews = {
            layer.info.name: Preview(catalogue, hub, layer)
            for layer in catalogue
            if isinstance(layer, ProcessLayer)
        }
        hub.watch(self.look)

    def __iter__(self) -> Iterator[Preview]:
        return iter(self._previews.values())

    def __getitem__(self, name: str) -> Preview:
        """Raises `NotFound`."""
        if name not in self._previews:
            raise NotFound(f"there is no process {name[:60]!r}")
        return self._previews[name]

    def look(self) -> None:
        """Check for changes on disk."""
        for each in self:
            each.look()

    def end(self) -> None:
        """Start no further tile, including those of requested views."""
        for each in self:
            each.ahead.stop()
            each.layer.end()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
