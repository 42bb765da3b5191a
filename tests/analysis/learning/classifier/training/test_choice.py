"""Which kind of trees is taken."""

from __future__ import annotations

from automap_tiles.analysis.learning.classifier._parameters import Parameters, Strategy
from automap_tiles.analysis.learning.classifier.training._choice import choose
from automap_tiles.analysis.learning.classifier.training._search import Found, Trial, TrialStatus


def _found(*losses: tuple[Strategy, list[float]]) -> Found:
    return Found(
        trials=tuple(
            Trial(
                number=number,
                parameters=Parameters(strategy=strategy),
                status=TrialStatus.COMPLETE,
                losses=tuple(of_folds),
                rounds=(10,) * len(of_folds),
                curves=tuple((loss,) for loss in of_folds),
            )
            for number, (strategy, of_folds) in enumerate(losses)
        )
    )


CLASSIC, VECTOR = Strategy.TREE_PER_CLASS, Strategy.VECTOR_LEAF


def test_vector_leaves_are_taken_within_one_standard_error() -> None:
    # differences 0.02, -0.01, 0.02, -0.01: mean 0.005, standard error 0.00866
    choice = choose(
        _found((CLASSIC, [0.6] * 4), (VECTOR, [0.52, 0.49, 0.52, 0.49]), (CLASSIC, [0.5] * 4))
    )
    assert choice.chosen.number == 1
    assert choice.difference is not None
    assert round(choice.difference, 6) == 0.005
    assert choice.standard_error is not None
    assert round(choice.standard_error, 5) == 0.00866


def test_they_are_not_taken_when_folds_agree_on_a_loss() -> None:
    choice = choose(_found((CLASSIC, [0.6] * 4), (VECTOR, [0.51] * 4), (CLASSIC, [0.5] * 4)))
    assert choice.chosen.number == 2


def test_nor_when_folds_differ_so_much_that_a_large_loss_hides() -> None:
    """Mean difference 0.05 of 0.5, standard error larger."""
    choice = choose(
        _found((CLASSIC, [0.6] * 4), (VECTOR, [0.9, 0.3, 0.9, 0.1]), (CLASSIC, [0.5] * 4))
    )
    assert choice.difference is not None
    assert choice.standard_error is not None
    assert 0 < choice.difference < choice.standard_error
    assert choice.chosen.number == 2


def test_nor_when_the_defaults_are_better() -> None:
    choice = choose(_found((CLASSIC, [0.5] * 4), (VECTOR, [0.52, 0.49, 0.52, 0.49])))
    assert choice.chosen.number == 0


def test_they_are_taken_when_better() -> None:
    choice = choose(_found((CLASSIC, [0.5] * 4), (VECTOR, [0.49] * 4)))
    assert choice.chosen.number == 1


def test_only_one_kind_was_tried() -> None:
    choice = choose(_found((CLASSIC, [0.5, 0.6]), (CLASSIC, [0.4, 0.6])))
    assert choice.chosen.number == 1
    assert choice.vector is None
    assert choice.difference is None
