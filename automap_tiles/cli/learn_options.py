"""Options of every command that trains, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from automap_tiles.analysis.classifier.options import TrainOptions
    from automap_tiles.analysis.classifier.setups import Kind
    from automap_tiles.analysis.recipe import Recipe
    from automap_tiles.commands.samples import Extraction
    from automap_tiles.commands.train import RecipeWish

_AUTO = "auto"
_PER_CLASS = 2000


@dataclass(frozen=True, kw_only=True)
class LearnChoices:
    """What every training can be told, as given at the command line."""

    class_field: str | None
    classes: str | None
    per_class: int
    per_polygon: int | None
    erode: str
    recipe: str | None
    bands: str | None
    indices: str | None
    radius: str | None
    window_statistics: str | None
    textures: str | None
    texture_of: str | None
    components: float | None
    classifier: str
    trials: int | None
    time: float | None
    search: str
    trees: str
    balance: str
    split: str
    block_size: float | None
    folds: int | None
    holdout: float
    seed: int

    def extraction(self) -> Extraction:
        """Which pixels are read."""
        from automap_tiles.commands.samples import Extraction

        return Extraction(
            per_class=self.per_class or None,
            per_polygon=self.per_polygon,
            erode=0 if self.erode == _AUTO else int(self.erode),
            seed=self.seed,
        )

    def features(self) -> tuple[Recipe | RecipeWish, int | float | None]:
        """Features by the words given, or by a file, and the components it asks for."""
        from automap_tiles.commands.train import RecipeWish, read_recipe

        words = ("bands", "indices", "radius", "window_statistics", "textures", "texture_of")
        if self.recipe is None:
            return RecipeWish(
                bands=_names(self.bands),
                indices=_names(self.indices),
                radii=None if self.radius is None else _numbers(self.radius),
                statistics=_names(self.window_statistics) or None,
                textures=_names(self.textures) or (),
                texture_of=_names(self.texture_of) or (),
            ), None
        for word in words:
            if getattr(self, word) is not None:
                name = f"--{word.replace('_', '-')}"
                raise click.UsageError(f"Give either --recipe or {name}.")
        return read_recipe(self.recipe)

    def options(self, workers: int | None) -> TrainOptions:
        """How it is trained, on so many cores; raises `ConfigError`."""
        from automap_tiles.analysis.classifier import options as known
        from automap_tiles.analysis.classifier.division import Split
        from automap_tiles.analysis.classifier.parameters import Strategy
        from automap_tiles.analysis.classifier.search import Budget
        from automap_tiles.errors import ConfigError

        given = self.trials is not None or self.time is not None
        strategies = {
            "both": tuple(Strategy),
            "per-class": (Strategy.TREE_PER_CLASS,),
            "vector": (Strategy.VECTOR_LEAF,),
        }
        try:
            return known.TrainOptions(
                budget=Budget(trials=self.trials, seconds=self.time) if given else None,
                search=known.Search(self.search),
                strategies=strategies[self.trees],
                balance=None if self.balance == _AUTO else known.Balance(self.balance),
                clean=None if self.erode == _AUTO else False,
                kinds=_kinds(self.classifier),
                components=_whole(self.components),
                split=Split(self.split),
                folds=self.folds,
                block_size=self.block_size,
                holdout=self.holdout,
                seed=self.seed,
                threads=workers,
            )
        except ValueError as error:
            raise ConfigError(str(error)) from error


def _kinds(word: str) -> tuple[Kind, ...] | None:
    from automap_tiles.analysis.classifier.setups import Kind

    return {
        _AUTO: None,
        "plain": (Kind.PLAIN,),
        "boosting": (Kind.BOOSTED,),
        "forest": (Kind.FOREST,),
        "linear": (Kind.LINEAR,),
        "vote": (Kind.BOOSTED, Kind.FOREST),
    }[word]


def _erosion(_: click.Context, __: click.Parameter, value: str) -> str:
    """`auto`, or a number of pixels."""
    if value != _AUTO and not value.isdigit():
        raise click.BadParameter(f"{value!r} is neither auto nor a number of pixels")
    return value


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    if text.strip().lower() == "none":
        return ()
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


def _statistics(*names: str) -> Callable[[Any], Any]:
    """`run` has another option of the short name."""
    return click.option(
        "window_statistics",
        *names,
        metavar="NAMES",
        help="Of the windows: mean, std, range.  [default: mean]",
    )


def learn_options(*, short: bool) -> tuple[Callable[[Any], Any], ...]:
    """The options; with `short` names that other commands use for something else."""
    long = "--window-statistics"
    return (*_BEFORE, _statistics("--statistics", long) if short else _statistics(long), *_AFTER)


_BEFORE = (
    click.option("--class-field", metavar="FIELD", help="Field that holds the class."),
    click.option(
        "--classes", metavar="FILE", help="Numbers, names and colours of classes, as CSV or YAML."
    ),
    click.option(
        "--per-class",
        type=click.IntRange(min=0),
        default=_PER_CLASS,
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
        default=_AUTO,
        show_default=True,
        callback=_erosion,
        metavar="auto|PIXELS",
        help="Left out along the edge of polygons; auto: pixels there that look mixed, where that "
        "is better.",
    ),
    click.option(
        "--recipe",
        metavar="FILE",
        help="Features as YAML (bands, indices, neighbourhood, components), instead of:",
    ),
    click.option("--bands", metavar="NAMES", help="Of the picture.  [default: all]"),
    click.option(
        "--indices",
        metavar="NAMES|none",
        help="Such as ndvi,ndwi.  [default: ndvi,ndwi,ndmi where that is better]",
    ),
    click.option(
        "--radius",
        metavar="PIXELS",
        help="Windows around a pixel, such as 2,5; 0: none.  [default: means of windows where that "
        "is better]",
    ),
)

_AFTER = (
    click.option("--textures", metavar="NAMES", help="Haralick's, such as contrast,entropy."),
    click.option("--texture-of", metavar="NAMES", help="Bands or indices that textures are of."),
    click.option(
        "--components",
        type=float,
        metavar="N|SHARE",
        help="Principal components: how many, or the share of variance to keep.",
    ),
    click.option(
        "--classifier",
        type=click.Choice((_AUTO, "plain", "boosting", "forest", "linear", "vote")),
        default=_AUTO,
        show_default=True,
        help="plain: XGBoost with its defaults; vote: boosting and forest together; auto: the vote "
        "unless another is better.",
    ),
    click.option(
        "--trials",
        type=click.IntRange(min=0),
        metavar="N",
        help="Sets of parameters to try; 0: none.  [default: as long as they gain, and none where "
        "few polygons could not tell]",
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
        default="per-class",
        show_default=True,
        help="Of boosting: one tree per class, or vector leaves, which are faster.",
    ),
    click.option(
        "--balance",
        type=click.Choice((_AUTO, "none", "root", "equal")),
        default=_AUTO,
        show_default=True,
        help="How much more a sample of a rare class counts; auto: more where that is better.",
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
        help="Hold out squares of land of this side, in the unit of the picture's CRS, never "
        "narrower than a polygon.",
    ),
    click.option(
        "--folds",
        type=click.IntRange(min=2),
        metavar="N",
        help="Parts that are held out in turn.  [default: 5, or 10 of few polygons]",
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
)
