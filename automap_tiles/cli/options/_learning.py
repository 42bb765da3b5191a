"""Options shared by all commands that train a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from automap_tiles.cli.options._collecting import collecting
from automap_tiles.cli.options.common import parsed_by
from automap_tiles.workflows.learning import FEATURES, PER_CLASS, Learning

_AUTO = "auto"
_ENGINES = ("scikit-learn", "lightgbm")


def _erosion(text: str) -> str | int:
    """`auto`, or a number of pixels."""
    if text == _AUTO:
        return text
    if not text.isdigit():
        raise click.BadParameter(f"{text!r} is neither auto nor a number of pixels")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    if text.strip().lower() == "none":
        return ()
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _engines(text: str) -> tuple[str, ...]:
    names = _names(text)
    for name in names:
        if name not in _ENGINES:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(_ENGINES)}")
    return names


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip() and int(part))
    except ValueError:
        raise click.BadParameter(f"{text!r} are not pixels") from None


def _statistics(*names: str) -> Callable[[Any], Any]:
    """`run` has another option of the short name."""
    return click.option(
        "window_statistics",
        *names,
        callback=parsed_by(_names),
        metavar="NAMES",
        help="Of the windows: mean, std, range.  [default: mean]",
    )


def _check_recipe(learn: Learning) -> None:
    for word in FEATURES if learn.recipe is not None else ():
        if getattr(learn, word) is not None:
            raise click.UsageError(f"Give either --recipe or --{word.replace('_', '-')}.")


def learn_options(*, short: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options; the command receives one `learn: Learning`.

    With `short` they have names that other commands use for something else.
    """
    names = ("--statistics", "--window-statistics") if short else ("--window-statistics",)
    options = (*_BEFORE, _statistics(*names), *_AFTER)

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        return collecting(function, options, "learn", Learning, _check_recipe)

    return add


_BEFORE = (
    click.option("--class-field", metavar="FIELD", help="Field that holds the class."),
    click.option(
        "--classes", metavar="FILE", help="Numbers, names and colours of classes, as CSV or YAML."
    ),
    click.option(
        "--per-class",
        type=click.IntRange(min=0),
        default=PER_CLASS,
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
        callback=parsed_by(_erosion),
        metavar="auto|PIXELS",
        help="Left out along the edge of polygons; auto: pixels there that look mixed, where that "
        "is better.",
    ),
    click.option(
        "--recipe",
        metavar="FILE",
        help="Features as YAML (bands, indices, neighbourhood, over_dates, components), instead "
        "of:",
    ),
    click.option(
        "--bands",
        callback=parsed_by(_names),
        metavar="NAMES",
        help="Of the picture.  [default: all]",
    ),
    click.option(
        "--indices",
        callback=parsed_by(_names),
        metavar="NAMES|none",
        help="Such as ndvi,ndwi.  [default: ndvi,ndwi,ndmi where that is better]",
    ),
    click.option(
        "--radius",
        callback=parsed_by(_numbers),
        metavar="PIXELS",
        help="Windows around a pixel, such as 2,5; 0: none.  [default: means of windows where that "
        "is better]",
    ),
)

_AFTER = (
    click.option(
        "--textures",
        callback=parsed_by(_names),
        metavar="NAMES",
        help="Haralick's, such as contrast,entropy.",
    ),
    click.option(
        "--texture-of",
        callback=parsed_by(_names),
        metavar="NAMES",
        help="Bands or indices that textures are of.",
    ),
    click.option(
        "--components",
        type=float,
        metavar="N|SHARE",
        help="Principal components: how many, or the share of variance to keep.",
    ),
    click.option(
        "--classifier",
        type=click.Choice(
            (_AUTO, "plain", "boosting", "forest", "extra-trees", "linear", "vote", *_ENGINES)
        ),
        default=_AUTO,
        show_default=True,
        help="plain: XGBoost with its defaults; vote: boosting, extra trees and linear together; "
        "auto: the vote unless another is better; scikit-learn: its forest, lightgbm: its boosting "
        "(extras of these names).",
    ),
    click.option(
        "--also",
        callback=parsed_by(_engines),
        metavar="NAMES",
        help="Engines that are tried beside XGBoost's: scikit-learn,lightgbm (extras of these "
        "names); what was learnt is predicted without them.",
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
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="N",
        help="Of all that is drawn by chance.",
    ),
)
