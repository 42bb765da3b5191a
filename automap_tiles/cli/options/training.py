"""Options of `train`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from automap_tiles.cli.options._learning import learn_options

_BEFORE = (
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
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="Where the model goes, such as model.zip.",
    ),
    click.option("--year", type=int, help="Of a CSV: the column of the nearest year."),
)

_AFTER = (
    click.option(
        "--samples-folder",
        type=click.Path(file_okay=False),
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
    """Add the options; how to train comes as `learn: Learning`."""
    decorated = function
    for option in reversed(_AFTER):
        decorated = option(decorated)
    decorated = learn_options(short=True)(decorated)
    for option in reversed(_BEFORE):
        decorated = option(decorated)
    return decorated
