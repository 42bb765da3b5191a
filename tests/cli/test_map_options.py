"""`automap run --mode classification` has every choice that `train` has."""

from __future__ import annotations

import click
from click.testing import CliRunner

from automap_tiles.cli.learn_options import LearnChoices
from automap_tiles.cli.main import automap
from automap_tiles.cli.map_options import MapChoices, map_options
from automap_tiles.cli.train_options import TrainChoices


def _choices(*args: str) -> MapChoices:
    found: list[MapChoices] = []

    @click.command()
    @map_options
    def command(choices: MapChoices) -> None:
        found.append(choices)

    result = CliRunner().invoke(command, list(args))
    assert result.exit_code == 0, result.output
    return found[0]


def test_both_are_told_the_same() -> None:
    assert issubclass(MapChoices, LearnChoices)
    assert issubclass(TrainChoices, LearnChoices)
    helps = [CliRunner().invoke(automap, [name, "--help"]).output for name in ("run", "train")]
    for option in ("--erode", "--trees", "--classifier", "--balance", "--folds", "--holdout"):
        assert all(option in text for text in helps), option


def test_what_is_said_arrives() -> None:
    words = ("--samples", "s.gpkg", "--erode", "2", "--trees", "vector", "--balance", "equal")
    wish = _choices(*words, "--indices", "none", "--per-polygon", "7").classification(1)
    assert wish is not None
    assert (wish.extraction.erode, wish.extraction.per_polygon) == (2, 7)
    assert [one.value for one in wish.options.strategies] == ["multi_output_tree"]
    assert wish.options.balance is not None
    assert wish.options.clean is False
    assert getattr(wish.features, "indices", None) == ()
    assert _choices("--samples", "s.gpkg").classification(1).options.clean is None  # type: ignore[union-attr]
