"""The Python interface: open a process, compute single tiles, run it.

::

    from automap_tiles import open_process

    process = open_process("ndvi.mapchete")
    array = process.compute((13, 1024, 2170))     # masked array (band, y, x), or None
    for event in process.execute(workers=4):
        print(event)
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automap_tiles import notebook, runtime
    from automap_tiles.engine.check import CheckReport
    from automap_tiles.engine.events import Event
    from automap_tiles.engine.pools import Concurrency
    from automap_tiles.grid import Tile, TileIndex
    from automap_tiles.notebook import Box


@dataclass(frozen=True)
class Process:
    """An opened process; everything in its file has been checked."""

    process: runtime.Process
    """What it consists of."""

    def tile(self, zoom: int, row: int, col: int) -> Tile:
        """A tile of the process; raises `GridError` outside of the pyramid."""
        return self.process.pyramid.tile(zoom, row, col)

    def compute(self, tile: Tile | TileIndex | tuple[int, int, int]) -> Any:
        """Run the function on one tile; nothing is written.

        Gives a masked array (band, y, x) in the output's dtype, or features; None when there is
        nothing. Raises `GridError` for a tile outside of the pyramid or of a zoom that is made
        from other zooms.
        """
        from automap_tiles.errors import GridError

        zoom, row, col = tile if isinstance(tile, tuple) else tile.index
        if zoom not in self.process.base_zooms:
            zooms = ", ".join(map(str, self.process.base_zooms))
            raise GridError(f"the function runs at the zooms {zooms or 'of no run'}, not at {zoom}")
        found = self.process.compute(self.tile(zoom, row, col))
        return None if found is None else found.data

    def execute(
        self,
        *,
        concurrency: str = "processes",
        workers: int | None = None,
        dask_scheduler: str | None = None,
        overwrite: bool = False,
        retry_failed: bool = False,
        fail_fast: bool = False,
        tile_seconds: float | None = None,
    ) -> Iterator[Event]:
        """Run all tiles that are not done yet; yields what happens, ends with `RunFinished`.

        `concurrency` is none, threads, processes, loky or dask. Tiles that fail do not end the run.
        A tile that takes longer than `tile_seconds` is ended, and has failed; that needs processes
        or Dask. The
        errors before the first tile are `OutputBusy`, `OutputMismatch`, `ProcessChanged` and
        `OutputError`.
        """
        from automap_tiles.engine.run import RunOptions, execute

        options = RunOptions(
            concurrency=_concurrency(concurrency),
            workers=workers,
            dask_scheduler=dask_scheduler,
            overwrite=overwrite,
            retry_failed=retry_failed,
            fail_fast=fail_fast,
            tile_seconds=tile_seconds,
        )
        return execute(self.process, options)

    def check(self) -> CheckReport:
        """What a run would do: tiles of each zoom, inputs, expected size."""
        from automap_tiles.engine.check import check

        return check(self.process)

    def look(self, *, attribution: str = "") -> notebook.LookedAt:
        """What there is to see of it: stored tiles, else such as are computed for it; none is kept.

        In a notebook it shows itself, with a picture.
        """
        from automap_tiles.notebook import look_at

        return look_at(self.process, attribution)

    def map(self, *, attribution: str = "", height: str = "480px", basemap: Any = None) -> Any:
        """A map of it for a notebook (`ipyleaflet.Map`), see `look`.

        Without `basemap` nobody but this process is asked for anything. Raises `MissingExtra`
        without the extra `notebook`.
        """
        return self.look(attribution=attribution).map(height=height, basemap=basemap)

    def to_xarray(self, *, bounds: Box | None = None, zoom: int | None = None) -> Any:
        """The result as an `xarray.DataArray` (band, y, x) with its CRS, see `look`.

        `bounds` are left, bottom, right, top in degrees; without `zoom` the finest.
        """
        return self.look().to_xarray(bounds=bounds, zoom=zoom)

    def _repr_html_(self) -> str:
        return self.look()._repr_html_()


def write_process(
    function: Callable[..., Any] | str,
    path: str | Path,
    *,
    imports: str | None = None,
    overwrite: bool = False,
    **sections: Any,
) -> Process:
    """Write a function of a notebook as a process file, with its code beside it, and open it.

    `sections` are those of a process file: `pyramid`, `zoom_levels`, `input`, `output` …  The
    function stands as `execute` in a module of the same name, below `imports` (NumPy as `np` and
    `Empty` unless said otherwise); instead of a function the text of a whole module is taken.
    Raises `ConfigError` for files that are there already unless `overwrite`, and for what is wrong
    in the sections; then all is as it was.
    """
    from automap_tiles.notebook import IMPORTS, write_files

    return write_files(
        function,
        path,
        sections,
        open_process,
        imports=IMPORTS if imports is None else imports,
        overwrite=overwrite,
    )


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext automap_tiles`: the cell `%%automap_process name.mapchete`.

    The sections of the process file stand above a line `---`, the module below it.
    """

    def automap_process(line: str, cell: str) -> Process:
        """Write the cell as a process file and a module, and open the process."""
        from automap_tiles.notebook import in_two

        sections, module = in_two(cell)
        return write_process(module, line.strip(), overwrite=True, **sections)

    shell.register_magic_function(automap_process, "cell", "automap_process")


def _concurrency(name: str) -> Concurrency:
    from automap_tiles.engine.pools import Concurrency
    from automap_tiles.errors import ConfigError

    names = [each.value for each in Concurrency]
    if name in names:
        return Concurrency(name)
    close = difflib.get_close_matches(name, names, 1)
    raise ConfigError(
        "unknown concurrency",
        key="concurrency",
        found=name,
        remedy=f"{close[0]}?" if close else f"one of {', '.join(names)}",
    )


def open_process(  # noqa: PLR0913 - the options of `automap execute`
    source: str | Path | Mapping[str, Any],
    *,
    zooms: int | tuple[int, ...] | list[int] | Mapping[str, int] | None = None,
    bounds: Any = None,
    bounds_crs: Any = None,
    area: Any = None,
    area_crs: Any = None,
    point: tuple[float, float] | None = None,
    point_crs: Any = None,
    tile: tuple[int, int, int] | None = None,
    output: str | Path | Mapping[str, Any] | None = None,
    inputs: str | Path | Mapping[str, Any] | None = None,
) -> Process:
    """Open a process file, or a dict of the same keys, and check all of it.

    The keyword arguments restrict or replace what stands there: `zooms` one zoom or the least and
    the most; `bounds` left, bottom, right, top; `area` a vector file, WKT or GeoJSON; `point` the
    tile around x, y; `tile` zoom, row, col; `output` another path; `inputs` the path of the only
    input, or paths by name. A CRS that is not given is that of the pyramid.

    Raises `ConfigError` naming file, line and key, `ProcessError` when the function cannot be
    loaded.
    """
    from automap_tiles.runtime import open_process as open_checked

    return Process(
        open_checked(
            source,
            zooms=zooms,
            bounds=bounds,
            bounds_crs=bounds_crs,
            area=area,
            area_crs=area_crs,
            point=point,
            point_crs=point_crs,
            tile=tile,
            output=output,
            inputs=inputs,
        )
    )
