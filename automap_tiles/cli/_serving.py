"""What `automap serve` does and prints."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import click

from automap_tiles.cli._exits import end_now
from automap_tiles.engine.on_demand import TileWorkers
from automap_tiles.errors import MissingExtra
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.runtime import Process
from automap_tiles.workflows.execute import Inputs
from automap_tiles.workflows.selections import open_narrowed
from automap_tiles.workflows.subset import Subset


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """The options of the command."""

    paths: tuple[str, ...]
    host: str
    port: int
    open_browser: bool
    keep: str
    tile_timeout: float
    """Seconds that a tile may take to be computed."""
    base_map: str | None
    attribution: str
    where: Subset = field(default_factory=Subset)
    """Which part of the processes."""
    inputs: Inputs = None
    """Paths in place of those in the process files."""

    def opened(self, path: str | Path) -> Process:
        """A process file, narrowed to what is wanted of it."""
        inputs = dict(self.inputs) if isinstance(self.inputs, tuple) else self.inputs
        return open_narrowed(str(path), self.where, inputs=inputs)


def serve(wish: ServeOptions) -> None:
    """Serve until interrupted; raises as opening and listening do."""
    try:
        from automap_devserver.app import create_app
        from automap_devserver.catalogue import Catalogue
        from automap_devserver.serve import serve as run
        from automap_devserver.settings import PreviewSettings
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "flask", "serve") from error
    settings = PreviewSettings(
        host=wish.host,
        port=wish.port,
        base_map=wish.base_map,
        base_map_attribution=wish.attribution,
    )
    workers = TileWorkers(wish.tile_timeout)
    layers, remarks = open_layers(wish.paths, Keep(wish.keep), workers, wish.opened)
    for remark in remarks:
        click.echo(f"Note: {remark}", err=True)
    if not settings.is_loopback:
        click.echo(
            f"Note: whoever can reach {wish.host} sees these layers and has tiles computed",
            err=True,
        )

    def ready(address: str) -> None:
        click.echo(f"{', '.join(layer.info.title for layer in layers)} at {address}")
        click.echo("Ctrl-C ends it.")
        if wish.open_browser:
            import webbrowser

            webbrowser.open(address)

    try:
        run(create_app(Catalogue(layers), settings), settings, ready)
    finally:
        workers.leave()
    if threading.active_count() > 1:  # one may be in the middle of a tile that somebody looked at
        end_now(0)
