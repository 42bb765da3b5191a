"""Optuna's search."""

from __future__ import annotations

from automap_tiles.analysis.learning.classifier._parameters import Parameters, Strategy, ranges
from automap_tiles.analysis.learning.classifier.training._search import Trial, TrialStatus
from automap_tiles.analysis.learning.classifier.training._tpe import TpeSampler


def _trial(parameters: Parameters, loss: float) -> Trial:
    return Trial(
        number=0,
        parameters=parameters,
        status=TrialStatus.COMPLETE,
        losses=(loss,),
        rounds=(1,),
        curves=((loss,),),
    )


def _proposed(seed: int, trials: int) -> list[Parameters]:
    """A search for a learning rate of 0.05; a default trial that was not proposed comes first."""
    sampler = TpeSampler(Strategy.VECTOR_LEAF, seed)
    sampler.tell(_trial(Parameters(), 5.0))
    proposed = []
    for _ in range(trials):
        proposed.append(sampler.propose())
        sampler.tell(_trial(proposed[-1], abs(proposed[-1].eta - 0.05)))
    return proposed


def test_it_learns_and_stays_within_the_limits() -> None:
    proposed = _proposed(0, 60)
    late = [abs(one.eta - 0.05) for one in proposed[40:]]
    early = [abs(one.eta - 0.05) for one in proposed[:10]]
    assert sum(late) / len(late) < 0.5 * sum(early) / len(early)
    for name, span in ranges(Strategy.VECTOR_LEAF).items():
        assert all(span.low <= getattr(one, name) <= span.high for one in proposed)
    assert all(one.strategy is Strategy.VECTOR_LEAF for one in proposed)


def test_the_same_seed_proposes_the_same() -> None:
    assert _proposed(3, 5) == _proposed(3, 5)
    assert _proposed(3, 5) != _proposed(4, 5)
