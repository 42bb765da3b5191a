"""`automap run --mode classification` has every choice that `train` has."""

from __future__ import annotations

from typing import Any

import click
from click.testing import CliRunner

from automap_tiles.cli.commands.run import command as run_command
from automap_tiles.cli.commands.train import command as train_command
from automap_tiles.cli.main import automap
from automap_tiles.cli.options._learning import learn_options
from automap_tiles.workflows.keywords import keywords_of
from automap_tiles.workflows.learning import Learning
from automap_tiles.workflows.train import RecipeRequest
from automap_tiles.workflows.train.order_options import extraction_of, features_of, options_of


def _learning(*args: str) -> Learning:
    found: list[Learning] = []

    @click.command()
    @learn_options(short=False)
    def command(learn: Learning) -> None:
        found.append(learn)

    result = CliRunner().invoke(command, list(args))
    assert result.exit_code == 0, result.output
    return found[0]


def test_both_are_told_the_same() -> None:
    words = keywords_of(Learning).keys()
    for command in (run_command, train_command):
        assert words <= {option.name for option in command.params}
    helps = [CliRunner().invoke(automap, [name, "--help"]).output for name in ("run", "train")]
    for option in ("--erode", "--trees", "--classifier", "--balance", "--folds", "--holdout"):
        assert all(option in text for text in helps), option


def test_nothing_said_is_what_an_order_has_by_itself() -> None:
    assert _learning() == Learning()


def test_what_is_said_arrives() -> None:
    words = ("--erode", "2", "--trees", "vector", "--balance", "equal")
    learn = _learning(*words, "--indices", "none", "--per-polygon", "7", "--components", "3")
    extraction = extraction_of(learn)
    assert (extraction.erode, extraction.per_polygon) == (2, 7)
    options = options_of(learn, 1, None)
    assert [one.value for one in options.strategies] == ["multi_output_tree"]
    assert options.balance is not None
    assert options.clean is False
    assert (options.components, type(options.components)) == (3, int)
    features: Any = features_of(learn)[0]
    assert isinstance(features, RecipeRequest)
    assert features.indices == ()
    assert options_of(_learning(), 1, None).clean is None
