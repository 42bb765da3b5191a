"""Options of `automap run --mode classification`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.cli.collecting import collecting
from automap_tiles.cli.learn_options import LearnChoices, learn_options

if TYPE_CHECKING:
    from automap_tiles.commands.run.classification import Classification

_MODE = "classification"


@dataclass(frozen=True, kw_only=True)
class MapChoices(LearnChoices):
    """As given at the command line."""

    samples: str | None
    confidence: bool
    probabilities: bool
    smoothing: int
    minimum_patch: int

    def check(self, mode: str) -> None:
        """Raise `ConfigError` when the mode needs samples, or has no use for them."""
        from automap_tiles.errors import ConfigError

        if mode == _MODE and self.samples is None:
            raise ConfigError(
                "is needed to classify",
                key="--samples",
                remedy="a CSV with X, Y and a column of classes per year, or a vector file",
            )
        if mode != _MODE and self.samples is not None:
            raise ConfigError(
                f"has no use in the mode {mode}", key="--samples", remedy=f"--mode {_MODE}"
            )

    def classification(self, threads: int | None) -> Classification | None:
        """What is asked for; None without samples."""
        if self.samples is None:
            return None
        from automap_tiles.commands.run.classification import Classification
        from automap_tiles.commands.train.run import with_components

        features, components = self.features()
        return Classification(
            samples=self.samples,
            class_field=self.class_field,
            classes=self.classes,
            features=features,
            extraction=self.extraction(),
            options=with_components(self.options(threads), components),
            confidence=self.confidence,
            probabilities=self.probabilities,
            smoothing=self.smoothing,
            minimum_patch=self.minimum_patch,
        )


_OPTIONS = (
    click.option(
        "--samples",
        metavar="FILE",
        help="Classification: points or polygons of known class; a CSV with X, Y in longitude and "
        "latitude and columns of years (the nearest is taken), or any vector file.",
    ),
    *learn_options(short=False),
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
    """Add the options; the command receives one `choices: MapChoices`."""
    return collecting(function, _OPTIONS, "choices", MapChoices)
