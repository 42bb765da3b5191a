"""Options of `train`, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.cli.collecting import collecting
from automap_tiles.cli.learn_options import LearnChoices, learn_options

if TYPE_CHECKING:
    from automap_tiles.commands.train import Order


@dataclass(frozen=True, kw_only=True)
class TrainChoices(LearnChoices):
    """As given at the command line of `train`."""

    samples: str
    picture: str
    model: Path
    year: int | None
    folder: Path | None
    workers: int | None

    def order(self, *, overwrite: bool) -> Order:
        """What is asked for; raises `ConfigError` or `click.UsageError`."""
        from automap_tiles.commands.train import Order
        from automap_tiles.commands.train.run import with_components

        recipe, components = self.features()
        return Order(
            samples=self.samples,
            picture=self.picture,
            model=self.model,
            class_field=self.class_field,
            year=self.year,
            classes=self.classes,
            recipe=recipe,
            extraction=self.extraction(),
            options=with_components(self.options(self.workers), components),
            folder=self.folder,
            workers=self.workers,
            overwrite=overwrite,
        )


_OPTIONS = (
    click.option(
        "--samples",
        required=True,
        metavar="FILE",
        help="Points or polygons of known class: any vector file, or a CSV with X, Y and years.",
    ),
    click.option(
        "--picture",
        required=True,
        metavar="FILE|FOLDER",
        help="What the classes are to be seen in: a raster file, or a tile directory.",
    ),
    click.option(
        "--model",
        required=True,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Where the model goes, such as model.zip.",
    ),
    click.option("--year", type=int, help="Of a CSV: the column of the nearest year."),
    *learn_options(short=True),
    click.option(
        "--samples-folder",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="Keep the features of the samples there, for the next training.",
    ),
    click.option(
        "-w",
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Cores to use.  [default: all]",
    ),
)


def train_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command receives one `choices: TrainChoices`."""
    return collecting(function, _OPTIONS, "choices", TrainChoices)
