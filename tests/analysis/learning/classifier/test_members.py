"""What votes, and how."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from automap_tiles.analysis.learning.classifier import _predict as predict
from automap_tiles.analysis.learning.classifier import _setups as setups
from automap_tiles.analysis.learning.classifier._members import roots_of, vote
from automap_tiles.analysis.learning.classifier._model import FORMAT, Model
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.analysis.learning.classifier._setups import Fitted, Kind, Setup
from tests.models import make_vote, recipe

RANDOM = np.random.default_rng(3)


@pytest.fixture(scope="module")
def model() -> Model:
    """Of five members with weights."""
    return make_vote(recipe(radius=1))


def test_roots_are_the_softmax_at_twice_the_temperature() -> None:
    logits = RANDOM.normal(0, 4, (500, 6))
    found = roots_of(softmax(logits, axis=1).astype(np.float32))
    np.testing.assert_allclose(found, softmax(logits / 2, axis=1), atol=1e-6)
    assert (found.argmax(axis=1) == logits.argmax(axis=1)).all()
    # also of several deals at once, and where nothing is known
    assert roots_of(np.zeros((2, 3, 4), np.float32)).sum() == 0
    np.testing.assert_array_equal(roots_of(found[None])[0], roots_of(found))


def test_one_that_is_too_sure_does_not_outvote_one_that_knows() -> None:
    sure = np.array([[0.03, 0.97]], dtype=np.float32)
    knows = np.array([[0.78, 0.22]], dtype=np.float32)
    assert vote([sure, knows]).argmax() == 1
    assert vote([roots_of(sure), roots_of(knows)]).argmax() == 1
    assert vote([roots_of(sure), np.array([[0.88, 0.12]], np.float32)]).argmax() == 0


def test_boosting_has_roots_only_beside_others() -> None:
    assert not Setup(kinds=(Kind.BOOSTED,)).has_roots(Kind.BOOSTED)
    both = Setup(kinds=(Kind.BOOSTED, Kind.FOREST, Kind.LINEAR))
    assert [both.has_roots(kind) for kind in both.kinds] == [True, False, True]


def test_a_file_knows_whose_roots_vote(model: Model) -> None:
    rows = RANDOM.uniform(0, 1, (300, len(model.recipe.names))).astype(np.float32)
    again = Model.from_bytes(model.to_bytes())
    assert [member.roots for member in again.members] == [True, True, False, False, True]
    assert [member.weight for member in again.members] == [1, 1, 1, 2, 0.25]
    expected = Predictor(model).probabilities(rows)
    np.testing.assert_array_equal(Predictor(again).probabilities(rows), expected)
    parts = [Predictor(model).probabilities(rows[start : start + 7]) for start in range(0, 300, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    assert expected.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("weights", [(1, 1, 1, 2, 0.25), (1, 1, 1, 1, 1), (0.1, 0.2, 9, 0.1, 0.1)])
def test_who_cannot_be_outvoted_is_found_sooner(
    weights: tuple[float, ...], model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = zip(model.members, weights, strict=True)
    model = replace(model, members=tuple(replace(one, weight=weight) for one, weight in members))
    rows = RANDOM.uniform(0, 1, (2000, len(model.recipe.names))).astype(np.float32)
    predictor = Predictor(model)
    asked: list[int] = []
    whole = predictor.probabilities(rows)

    def counted(fitted: Fitted, values: np.ndarray) -> np.ndarray:
        asked.append(len(values))
        return setups.predict(fitted, values)

    monkeypatch.setattr(predict, "predict", counted)
    found = predictor.leading(rows)
    np.testing.assert_array_equal(found.argmax(axis=1), whole.argmax(axis=1))
    assert asked[0] == len(rows)
    assert asked == sorted(asked, reverse=True)
    assert sum(asked) < len(rows) * len(weights)
    # who was asked of all members has the same bits, however the rows are cut
    parts = [predictor.leading(rows[start : start + 7]) for start in range(0, 2000, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), found)
    assert predictor.leading(rows[:0]).shape == (0, whole.shape[1])


def test_votes_of_earlier_versions_go_on_as_they_were(model: Model) -> None:
    """Format 2 knows nothing of roots: the probabilities themselves vote, and weigh the same."""
    content = {}
    with zipfile.ZipFile(io.BytesIO(model.to_bytes())) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    facts = json.loads(content["model.json"])
    assert facts["format"] == FORMAT == 4
    facts["format"] = 2
    for member in facts["members"]:
        member.pop("roots", None)
        member.pop("weight", None)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in {**content, "model.json": json.dumps(facts).encode()}.items():
            archive.writestr(name, data)
    old = Model.from_bytes(buffer.getvalue())
    assert not any(member.roots for member in old.members)
    assert {member.weight for member in old.members} == {1.0}
    assert old.fingerprint != model.fingerprint
    rows = RANDOM.uniform(0, 1, (50, len(model.recipe.names))).astype(np.float32)
    assert not np.array_equal(
        Predictor(old).probabilities(rows), Predictor(model).probabilities(rows)
    )


def test_a_vote_of_equals_is_written_for_earlier_versions(model: Model) -> None:
    equals = replace(model, members=tuple(replace(one, weight=1.0) for one in model.members))
    with zipfile.ZipFile(io.BytesIO(equals.to_bytes())) as archive:
        facts = json.loads(archive.read("model.json"))
    assert facts["format"] == 3
    assert not any("weight" in one for one in facts["members"])


def test_votes_are_weighed() -> None:
    each = [RANDOM.dirichlet(np.ones(4), 50).astype(np.float32) for _ in range(3)]
    wanted = np.average(each, axis=0, weights=[1, 2, 0.25])
    np.testing.assert_allclose(vote(each, [1, 2, 0.25]), wanted, atol=1e-6)
    np.testing.assert_array_equal(vote(each, [1, 1, 1]), vote(each))
