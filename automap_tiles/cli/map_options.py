"""Options of `automap run --mode classification`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.cli.collecting import collecting

if TYPE_CHECKING:
    from automap_tiles.commands.run.classification import Classification

_MODE = "classification"
_TRIALS = 40


@dataclass(frozen=True, kw_only=True)
class MapChoices:
    """As given at the command line."""

    samples: str | None
    class_field: str | None
    classes: str | None
    recipe: str | None
    per_class: int
    block_size: float | None
    trials: int | None
    time: float | None
    seed: int
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
        from automap_tiles.analysis.classifier.options import TrainOptions
        from automap_tiles.analysis.classifier.search import Budget
        from automap_tiles.commands.run.classification import Classification
        from automap_tiles.commands.samples import Extraction
        from automap_tiles.commands.train import read_recipe

        recipe, components = (None, None) if self.recipe is None else read_recipe(self.recipe)
        trials = _TRIALS if self.trials is None and self.time is None else self.trials
        return Classification(
            samples=self.samples,
            class_field=self.class_field,
            classes=self.classes,
            recipe=recipe,
            extraction=Extraction(per_class=self.per_class or None, seed=self.seed),
            options=TrainOptions(
                budget=Budget(trials=trials, seconds=self.time),
                components=components,
                block_size=self.block_size,
                seed=self.seed,
                threads=threads,
            ),
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
    click.option(
        "--class-field", metavar="FIELD", help="Of the samples, where it is not a column of a year."
    ),
    click.option(
        "--classes", metavar="FILE", help="Numbers, names and colours of classes, as CSV or YAML."
    ),
    click.option(
        "--recipe",
        metavar="FILE",
        help="Features as YAML.  [default: the bands of the composite, and their mean and "
        "deviation in a window of 5 pixels]",
    ),
    click.option(
        "--per-class",
        type=click.IntRange(min=0),
        default=5000,
        show_default=True,
        metavar="N",
        help="Train on so many pixels of a class at most; 0: all.",
    ),
    click.option(
        "--block-size",
        type=click.FloatRange(min=0, min_open=True),
        metavar="UNITS",
        help="Hold out squares of land of this side, in the unit of the composite's CRS.  "
        "[default: whole polygons; blocks of a fitting size where samples are points]",
    ),
    click.option(
        "--trials",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"Sets of parameters to try.  [default: {_TRIALS}, or as many as --time allows]",
    ),
    click.option("--time", type=click.FloatRange(min=0), metavar="SECONDS", help="For the search."),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N"),
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
