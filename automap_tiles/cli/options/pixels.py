"""Options of commands that take pixels from all over a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from automap_tiles.cli.options.common import parsed_by
from automap_tiles.cli.options.scenes import words


def bands_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--bands`, whose names become a tuple; None without it."""
    return click.option(
        "--bands",
        callback=parsed_by(words),
        metavar="NAMES",
        help="Such as red,nir.  [default: all of the picture]",
    )(function)


def recipe_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--recipe`, a file in place of `--bands`."""
    return click.option("--recipe", metavar="FILE", help=help_text)


def seed_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--seed` of what is drawn by chance."""
    return click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        metavar="N",
        help="Of the pixels that are drawn by chance.",
    )(function)
