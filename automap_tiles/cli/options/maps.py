"""Options of `automap run --mode classification`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from automap_tiles.cli.options._collecting import collecting
from automap_tiles.cli.options._learning import learn_options


@dataclass(frozen=True, kw_only=True)
class MapChoices:
    """As given at the command line, besides the samples and how to train."""

    confidence: bool
    probabilities: bool
    smoothing: int
    minimum_patch: int


_SAMPLES = click.option(
    "--samples",
    metavar="FILE",
    help="Classification: points or polygons of known class; a CSV with X, Y in longitude and "
    "latitude and columns of years (the nearest is taken), or any vector file.",
)

_OPTIONS = (
    click.option(
        "--confidence", is_flag=True, help="A band with the lead of the best class, per cent."
    ),
    click.option(
        "--probabilities", is_flag=True, help="A band for each class with its probability."
    ),
    click.option(
        "--smoothing",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="PIXELS",
        help="Window (odd) in which pixels listen to their neighbours; 0: none.",
    ),
    click.option(
        "--minimum-patch",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="PIXELS",
        help="Smaller patches take the class around them.",
    ),
)


def map_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command receives `samples`, `learn: Learning`, `choices: MapChoices`."""
    both = learn_options(short=False)(collecting(function, _OPTIONS, "choices", MapChoices))
    return _SAMPLES(both)
