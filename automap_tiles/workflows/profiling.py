"""Time per tile and memory of the workers: a table, and a plot.

Memory is the peak of the worker process during the tile, if the run was asked to measure that
(`ExecuteOrder.measures_memory`) and the system can: on Linux, in workers that process one tile at a
time. The peak of the process so far is always reported (getrusage(2)); it never falls, so a tile at
which it rises needs that much.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from automap_tiles.engine.events import TileResult
from automap_tiles.errors import OutputError
from automap_tiles.workflows.events import Done, Event, Failed

_MOST = 800
"""Maximum number of bars; with more tiles, several share one."""
_WIDTH, _HEIGHT, _GAP = 800, 140, 40
"""Size of a panel, and the gap between two, in pixels."""
_MB = 2**20
_COLUMNS = ("zoom", "row", "col", "status", "seconds", "tile_peak_mb", "peak_mb", "worker")


@dataclass(slots=True)
class ZoomProfile:
    """The tiles of a zoom."""

    tiles: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_bytes: int = 0

    def add(self, result: TileResult) -> None:
        self.tiles += 1
        self.seconds += result.seconds
        self.slowest = max(self.slowest, result.seconds)
        self.peak_bytes = max(self.peak_bytes, result.peak_bytes)


@dataclass(slots=True)
class Bars:
    """Maxima of groups of tiles, in the order of completion; of bounded length."""

    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    """Of the worker so far."""
    own_peaks: list[float] = field(default_factory=list)
    """Of the worker during the tile."""
    share: int = 1
    """Tiles per bar."""
    _in_last: int = 0

    def add(self, result: TileResult) -> None:
        if self._in_last in (0, self.share):
            if len(self.seconds) == _MOST:
                self._halve()
            self.seconds.append(0.0)
            self.peaks.append(0.0)
            self.own_peaks.append(0.0)
            self._in_last = 0
        self._in_last += 1
        self.seconds[-1] = max(self.seconds[-1], result.seconds)
        self.peaks[-1] = max(self.peaks[-1], result.peak_bytes / _MB)
        self.own_peaks[-1] = max(self.own_peaks[-1], result.tile_peak_bytes / _MB)

    def _halve(self) -> None:
        for values in (self.seconds, self.peaks, self.own_peaks):
            values[:] = [max(values[i : i + 2]) for i in range(0, len(values), 2)]
        self.share *= 2


@dataclass(slots=True)
class RunProfile:
    """Times and memory of the tiles of a run."""

    zooms: dict[int, ZoomProfile] = field(default_factory=dict)
    bars: Bars = field(default_factory=Bars)
    unknown: int = 0
    """Tiles without a peak of their own."""

    def add(self, result: TileResult) -> None:
        self.zooms.setdefault(result.index.zoom, ZoomProfile()).add(result)
        self.bars.add(result)
        self.unknown += not result.tile_peak_bytes

    def picture(self) -> str:
        """An SVG: seconds of the tiles, and below memory of their workers."""
        height = 2 * (_HEIGHT + _GAP)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH + 20}" height="{height}" '
            'font-family="sans-serif" font-size="12">'
        ]
        each = "each tile" if self.bars.share == 1 else f"the slowest of {self.bars.share} tiles"
        parts += _panel(self.bars.seconds, f"seconds of {each}", "s", 0, "#2b6cb0")
        title, peaks = "most memory of its worker meanwhile", self.bars.own_peaks
        if self.unknown:
            title, peaks = "most memory of its worker by then", self.bars.peaks
        parts += _panel(peaks, title, "MB", _HEIGHT + _GAP, "#b7791f")
        return "\n".join([*parts, "</svg>", ""])


def profiled(
    events: Generator[Event], profile: RunProfile, table: Path, picture: Path
) -> Generator[Event]:
    """The events of a run; its tiles are written to a CSV file, and at the end to a plot.

    Both are also written if the run fails. Raises `OutputError` if they cannot be written.
    """
    with _written(table) as file, contextlib.closing(events):
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(_COLUMNS)
        try:
            for event in events:
                if isinstance(event, Done | Failed) and isinstance(event.item, TileResult):
                    profile.add(event.item)
                    rows.writerow(_row(event.item))
                yield event
        finally:
            with _written(picture) as drawn:
                drawn.write(profile.picture())


def _row(result: TileResult) -> tuple[object, ...]:
    peaks = [
        round(peak / _MB, 1) if peak else "" for peak in (result.tile_peak_bytes, result.peak_bytes)
    ]
    status = result.status.name.lower()
    return (*result.index, status, f"{result.seconds:.4f}", *peaks, result.worker)


@contextlib.contextmanager
def _written(path: Path) -> Iterator[TextIO]:
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path) from error
    with file:
        yield file


def _panel(values: list[float], title: str, unit: str, top: int, colour: str) -> list[str]:
    most = max(values, default=0.0)
    base = top + _GAP / 2 + _HEIGHT
    parts = [
        f'<text x="10" y="{top + 14}">{title}; at most {most:.3g} {unit}</text>',
        f'<line x1="10" x2="{_WIDTH + 10}" y1="{base}" y2="{base}" stroke="#888"/>',
    ]
    width = _WIDTH / max(1, len(values))
    for place, value in enumerate(values):
        height = _HEIGHT * value / most if most else 0.0
        parts.append(
            f'<rect x="{10 + place * width:.2f}" y="{base - height:.2f}" '
            f'width="{max(width * 0.9, 0.5):.2f}" height="{height:.2f}" fill="{colour}"/>'
        )
    return parts
