"""Options of `train`, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.cli.collecting import collecting

if TYPE_CHECKING:
    from automap_tiles.analysis.classifier.options import TrainOptions
    from automap_tiles.analysis.recipe import Recipe
    from automap_tiles.commands.train import Order, RecipeWish

_TRIALS = 40
"""Of a search without a time; the log loss hardly falls after that."""


@dataclass(frozen=True, kw_only=True)
class TrainChoices:
    """As given at the command line."""

    samples: str
    picture: str
    model: Path
    class_field: str | None
    year: int | None
    classes: str | None
    per_class: int
    per_polygon: int | None
    erode: int
    folder: Path | None
    recipe: str | None
    bands: str | None
    indices: str | None
    radius: str | None
    statistics: str | None
    textures: str | None
    texture_of: str | None
    components: float | None
    trials: int | None
    time: float | None
    search: str
    trees: str
    balance: str
    split: str
    block_size: float | None
    folds: int
    holdout: float
    seed: int
    workers: int | None

    def order(self, *, overwrite: bool) -> Order:
        """What is asked for; raises `ConfigError` or `click.UsageError`."""
        from automap_tiles.commands.samples import Extraction
        from automap_tiles.commands.train import Order
        from automap_tiles.commands.train.run import with_components

        recipe, components = self._recipe()
        return Order(
            samples=self.samples,
            picture=self.picture,
            model=self.model,
            class_field=self.class_field,
            year=self.year,
            classes=self.classes,
            recipe=recipe,
            extraction=Extraction(
                per_class=self.per_class or None,
                per_polygon=self.per_polygon,
                erode=self.erode,
                seed=self.seed,
            ),
            options=with_components(self._options(), components),
            folder=self.folder,
            workers=self.workers,
            overwrite=overwrite,
        )

    def _recipe(self) -> tuple[Recipe | RecipeWish, int | float | None]:
        """Features by the words given, or by a file, and the components it asks for."""
        from automap_tiles.commands.train import RecipeWish, read_recipe

        words = ("bands", "indices", "radius", "statistics", "textures", "texture_of")
        if self.recipe is None:
            usual = RecipeWish()
            return RecipeWish(
                bands=_names(self.bands),
                indices=_names(self.indices),
                radii=usual.radii if self.radius is None else _numbers(self.radius),
                statistics=_names(self.statistics) or usual.statistics,
                textures=_names(self.textures) or (),
                texture_of=_names(self.texture_of) or (),
            ), None
        for word in words:
            if getattr(self, word) is not None:
                name = f"--{word.replace('_', '-')}"
                raise click.UsageError(f"Give either --recipe or {name}.")
        return read_recipe(self.recipe)

    def _options(self) -> TrainOptions:
        from automap_tiles.analysis.classifier import options as known
        from automap_tiles.analysis.classifier.division import Split
        from automap_tiles.analysis.classifier.parameters import Strategy
        from automap_tiles.analysis.classifier.search import Budget
        from automap_tiles.errors import ConfigError

        trials = _TRIALS if self.trials is None and self.time is None else self.trials
        strategies = {
            "both": tuple(Strategy),
            "per-class": (Strategy.TREE_PER_CLASS,),
            "vector": (Strategy.VECTOR_LEAF,),
        }
        try:
            return known.TrainOptions(
                budget=Budget(trials=trials, seconds=self.time),
                search=known.Search(self.search),
                strategies=strategies[self.trees],
                balance=known.Balance(self.balance),
                components=_whole(self.components),
                split=Split(self.split),
                folds=self.folds,
                block_size=self.block_size,
                holdout=self.holdout,
                seed=self.seed,
                threads=self.workers,
            )
        except ValueError as error:
            raise ConfigError(str(error)) from error


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if int(part))
    except ValueError:
        raise click.BadParameter(f"{text!r} are no pixels", param_hint="--radius") from None


def _whole(components: float | None) -> int | float | None:
    """A share stays a share, a number becomes a whole one."""
    if components is None or 0 < components < 1:
        return components
    if components < 1 or not float(components).is_integer():
        raise click.BadParameter("a whole number, or a share below 1", param_hint="--components")
    return int(components)


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
    click.option("--class-field", metavar="FIELD", help="Field that holds the class."),
    click.option("--year", type=int, help="Of a CSV: the column of the nearest year."),
    click.option(
        "--classes", metavar="FILE", help="Numbers, names and colours of classes, as CSV or YAML."
    ),
    click.option(
        "--per-class",
        type=click.IntRange(min=0),
        default=2000,
        show_default=True,
        metavar="N",
        help="At most so many pixels of a class; 0: all.",
    ),
    click.option(
        "--per-polygon",
        type=click.IntRange(min=1),
        metavar="N",
        help="At most so many pixels of a polygon.",
    ),
    click.option(
        "--erode",
        type=click.IntRange(min=0),
        default=1,
        show_default=True,
        metavar="PIXELS",
        help="Left out along the edge of polygons, where they are wide enough.",
    ),
    click.option(
        "--samples-folder",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="Keep the features of the samples there, for the next training.",
    ),
    click.option(
        "--recipe",
        metavar="FILE",
        help="Features as YAML (bands, indices, neighbourhood, components), instead of:",
    ),
    click.option("--bands", metavar="NAMES", help="Of the picture.  [default: all]"),
    click.option(
        "--indices",
        metavar="NAMES",
        help="Such as ndvi,ndwi.  [default: ndvi,ndwi,ndmi where the bands allow]",
    ),
    click.option(
        "--radius",
        metavar="PIXELS",
        help="Windows around a pixel, such as 2,5; 0: none.  [default: 2]",
    ),
    click.option(
        "--statistics",
        metavar="NAMES",
        help="Of the windows: mean, std, range.  [default: mean,std]",
    ),
    click.option("--textures", metavar="NAMES", help="Haralick's, such as contrast,entropy."),
    click.option("--texture-of", metavar="NAMES", help="Bands or indices that textures are of."),
    click.option(
        "--components",
        type=float,
        metavar="N|SHARE",
        help="Principal components: how many, or the share of variance to keep.",
    ),
    click.option(
        "--trials",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"Sets of parameters to try.  [default: {_TRIALS}, or as many as --time allows]",
    ),
    click.option(
        "--time",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="For the search; what comes out then depends on the machine.",
    ),
    click.option(
        "--search",
        type=click.Choice(("random", "tpe")),
        default="random",
        show_default=True,
        help="tpe is Optuna's (extra tune).",
    ),
    click.option(
        "--trees",
        type=click.Choice(("both", "per-class", "vector")),
        default="both",
        show_default=True,
        help="One tree per class, or vector leaves: faster, taken where folds show no loss.",
    ),
    click.option(
        "--balance",
        type=click.Choice(("none", "root", "equal")),
        default="root",
        show_default=True,
        help="How much more a sample of a rare class counts.",
    ),
    click.option(
        "--split",
        type=click.Choice(("auto", "polygons", "blocks")),
        default="auto",
        show_default=True,
        help="What is held out as a whole; auto: blocks if the samples are points.",
    ),
    click.option(
        "--block-size",
        type=click.FloatRange(min=0, min_open=True),
        metavar="UNITS",
        help="Side of the blocks, in the unit of the picture's CRS.",
    ),
    click.option(
        "--folds",
        type=click.IntRange(min=2),
        default=5,
        show_default=True,
        metavar="N",
        help="At most; fewer where a class has fewer polygons or blocks.",
    ),
    click.option(
        "--holdout",
        type=click.FloatRange(0, 0.5),
        default=0.0,
        show_default=True,
        metavar="SHARE",
        help="Of the polygons or blocks, kept for a final test and not learnt from.",
    ),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N"),
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
