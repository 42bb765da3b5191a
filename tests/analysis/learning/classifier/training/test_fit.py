"""Training as a whole, the file of the model, and prediction with it."""

from __future__ import annotations

import io
import json
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.classifier._classes import land_classes
from automap_tiles.analysis.learning.classifier._members import Member, MemberKind
from automap_tiles.analysis.learning.classifier._model import FORMAT, Model
from automap_tiles.analysis.learning.classifier._parameters import Strategy
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.analysis.learning.classifier._setups import Kind
from automap_tiles.analysis.learning.classifier.training._fit import Training, TrainingTask
from automap_tiles.analysis.learning.classifier.training._fit import train as fit
from automap_tiles.analysis.learning.classifier.training._options import (
    Balance,
    Search,
    TrainOptions,
)
from automap_tiles.analysis.learning.classifier.training._search import Budget
from automap_tiles.analysis.learning.folds import FoldError
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.errors import InputError
from tests.analysis.learning.classifier.conftest import MakeTable

QUICK = TrainOptions(budget=Budget(trials=3), folds=3, threads=1, seed=4)
UNSEARCHED = replace(QUICK, budget=Budget(trials=0))
PLAIN = replace(UNSEARCHED, kinds=(Kind.PLAIN,))
"""Of one kind: for what is the same of all."""


def train(
    table: SampleTable, recipe: Recipe, options: TrainOptions, classes: Any = None, **more: Any
) -> Training:
    """Without features that are optional, unless they are given."""
    task = TrainingTask(recipe=recipe, optional=more.get("optional", {}), options=options)
    return fit(table, task, classes)


@pytest.fixture(scope="module")
def table(make_table: MakeTable) -> SampleTable:
    return make_table()


@pytest.fixture(scope="module")
def training(table: SampleTable, recipe: Recipe) -> Training:
    return train(table, recipe, QUICK)


@pytest.fixture(scope="module")
def reduced(table: SampleTable, recipe: Recipe) -> Training:
    """With principal components, a final test, vector leaves only and Optuna's search."""
    options = replace(
        QUICK,
        components=2,
        holdout=0.25,
        strategies=(Strategy.VECTOR_LEAF,),
        search=Search.TPE,
        balance=Balance.EQUAL,
    )
    return train(table, recipe, options)


def test_the_report_is_that_of_the_folds(training: Training, table: SampleTable) -> None:
    report = training.model.report
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["samples"]["counts"] == [96, 96, 96]
    assert report["samples"]["polygons"] == [8, 8, 8]
    assert report["folds"] == {
        "split": "polygons", "number": 3, "repeats": 2, "block_size": None
    }  # fmt: skip
    for kind in ("blocked", "random"):
        confusion = np.array(report[kind]["confusion"])
        assert confusion.sum() == pytest.approx(len(table))
        assert confusion.sum(axis=1) == pytest.approx([96, 96, 96])
        assert report[kind]["accuracy"] == pytest.approx(np.trace(confusion) / len(table))
    # neighbours flatter: pixels of one polygon resemble each other
    assert report["random"]["accuracy"] > report["blocked"]["accuracy"] + 0.02
    estimate = report["estimate"]
    assert (estimate["polygons"], estimate["pixels"], estimate["repeats"]) == (24, 288, 2)
    assert (estimate["left_out"], estimate["small"]) == ([], True)
    for figure in (estimate["accuracy"], estimate["macro_f1"]):
        assert 0 <= figure["low"] < figure["value"] < figure["high"] <= 1
    assert [trial["number"] for trial in report["search"]] == [0, 1, 2]
    assert next(iter(report["importances"])) == "red"
    assert sum(report["importances"].values()) == pytest.approx(1)
    assert report["learning_curve"][-1]["accuracy"] == report["blocked"]["accuracy"]
    assert report["holdout"] is None


def test_how_sure_it_may_be_is_told(training: Training, table: SampleTable) -> None:
    """And the model takes it along; each fold is judged by what the others give."""
    found, confidence = training.model.report["calibration"], training.model.confidence
    assert confidence is not None
    assert confidence.temperature.value == found["temperature"]
    assert confidence.isotonic is None
    assert (found["isotonic"], found["least_samples"]) == (None, 96)
    for name in ("before", "after"):
        assert sum(one["share"] for one in found[name]["bins"]) == pytest.approx(1)
        assert 0 <= found[name]["error"] <= 1
    low, high = found["after"]["interval"]
    assert low < high
    assert found["before"]["brier"] < 0.6  # of guessing among three it is 2/3


def test_sets_promise_something_where_polygons_were_kept(
    training: Training, reduced: Training
) -> None:
    by_folds, kept = training.model.report["sets"], reduced.model.report["sets"]
    assert (by_folds["promise"], by_folds["polygons"]) == (False, 24)
    assert (kept["promise"], kept["polygons"]) == (True, 6)
    assert [one["asked"] for one in by_folds["levels"]] == [0.8, 0.9, 0.95]
    assert by_folds["levels"][0]["covered"] > 0.6
    assert kept["levels"][1]["quantile"] is None  # nine polygons are needed
    confidence = reduced.model.confidence
    assert confidence is not None
    assert confidence.sets is not None
    # what the report says of them is what the model finds
    right = (confidence.sets.scores < 0.5).mean()
    assert right == pytest.approx(reduced.model.report["holdout"]["accuracy"], abs=0.1)


def test_the_model_knows_where_it_may_be_applied(
    training: Training, reduced: Training, table: SampleTable
) -> None:
    for one in (training.model, reduced.model):
        assert one.confidence is not None
        area = one.confidence.applicability
        assert area is not None
        rows = Predictor(one).inputs(table.values)
        inside = area.dissimilarity(rows) <= area.threshold
        assert inside.mean() > 0.95
        assert (area.dissimilarity(Predictor(one).inputs(table.values + 30)) > area.threshold).all()


def test_curves_are_learnt_of_many_samples(make_table: MakeTable, recipe: Recipe) -> None:
    many = make_table(polygons=9, pixels=120)
    model = train(many, recipe, PLAIN).model
    assert model.confidence is not None
    assert model.confidence.isotonic is not None
    assert len(model.confidence.isotonic.curves) == 3
    found = model.report["calibration"]
    assert found["isotonic"]["log_loss"] > 0
    # plain boosting is too sure of itself (Guo et al. 2017), and its calibration makes it less so
    assert model.confidence.temperature.value > 1.2
    assert found["after"]["log_loss"] < found["before"]["log_loss"]
    assert found["after"]["error"] < found["before"]["error"]
    again = Model.from_bytes(model.to_bytes()).confidence
    assert again is not None
    assert again.to_dict() == model.confidence.to_dict()
    assert again.files() == model.confidence.files()


def test_plain_boosting_and_a_forest_are_always_among_the_answers(training: Training) -> None:
    first = training.model.report["decisions"][0]
    names = [answer["name"] for answer in first["answers"]]
    assert {"plain boosting", "forest", "boosting + extra trees + linear"} <= set(names)
    for decision in training.model.report["decisions"]:
        taken = next(a for a in decision["answers"] if a["name"] == decision["taken"])
        assert "gain" not in taken or taken["gain"] > taken["standard_error"]


def test_features_are_used_where_they_are_better(table: SampleTable, recipe: Recipe) -> None:
    """Of the optional ones red tells the classes apart, swir2 is noise."""
    optional = {"tells": ("red",), "noise": ("swir1", "swir2")}
    made = train(table, recipe, UNSEARCHED, optional=optional)
    assert made.model.recipe.names == ("red", "nir")
    assert made.model.report["setup"]["features"] == ["tells"]
    assert made.model.report["offered"] == recipe.to_dict()
    assert Predictor(made.model).probabilities(table.values[:, :2]).shape == (len(table), 3)


def test_a_class_of_one_polygon_is_learnt_and_left_out_of_the_estimate(
    table: SampleTable, recipe: Recipe
) -> None:
    few = table.take((table.classes != 9) | (table.groups == 2))
    made = train(few, recipe, PLAIN)
    assert [one.value for one in made.model.classes] == [2, 5, 9]
    estimate = made.model.report["estimate"]
    assert (estimate["left_out"], estimate["polygons"]) == ([2], 16)
    assert np.array(made.model.report["blocked"]["confusion"])[2].sum() == 0
    # without three polygons of any class no accuracy can be told
    none = train(table.take(table.groups < 6), recipe, QUICK)
    assert none.model.report["estimate"] is None
    assert none.model.report["decisions"] == []


def test_a_class_of_one_sample_does_not_spoil_the_folds_by_chance(
    table: SampleTable, recipe: Recipe
) -> None:
    """The fold that holds it out is learnt from without its class."""
    one = np.flatnonzero(table.classes == 9)[:1]
    few = table.take((table.classes != 9) | (np.arange(len(table)) == one))
    confusion = np.array(train(few, recipe, PLAIN).model.report["random"]["confusion"])
    assert confusion.sum() == 193
    assert np.trace(confusion) > 0.85 * confusion.sum()


def test_features_whose_squares_overflow(make_table: MakeTable, recipe: Recipe) -> None:
    table = make_table()
    values = table.values.copy()
    values[5, 2] = -3.4e38  # nodata that the picture does not say
    made = train(replace(table, values=values), recipe, UNSEARCHED)
    again = Model.from_bytes(made.model.to_bytes())
    assert sum(again.report["importances"].values()) == pytest.approx(1)


def test_features_that_do_not_vary_are_a_model_of_none(
    make_table: MakeTable, recipe: Recipe
) -> None:
    table = make_table()
    made = train(replace(table, values=np.full_like(table.values, 7)), recipe, UNSEARCHED)
    again = Model.from_bytes(made.model.to_bytes())
    assert set(again.report["importances"].values()) == {0}


def test_doubtful_samples_are_misplaced_ones(
    make_table: MakeTable, recipe: Recipe, table: SampleTable
) -> None:
    """A polygon is given a wrong class: it is the most doubtful one, with all its samples."""
    classes = table.classes.copy()
    assert classes[table.groups == 2][0] == 9
    classes[table.groups == 2] = 2
    wrong = train(replace(table, classes=classes), recipe, PLAIN)
    doubtful = wrong.model.report["doubtful"]
    assert doubtful[0]["group"] == 2
    assert (doubtful[0]["given"], doubtful[0]["predicted"]) == (2, 9)
    assert doubtful[0]["samples"] == 12
    inside = wrong.model.training.positions[table.sorted().groups == 2]
    assert [doubtful[0]["x"], doubtful[0]["y"]] in inside.tolist()
    probabilities = [one["probability"] for one in doubtful]
    assert probabilities == sorted(probabilities)
    assert len({one["group"] for one in doubtful}) == len(doubtful)


def test_the_same_training_gives_the_same_bytes(
    training: Training, table: SampleTable, recipe: Recipe
) -> None:
    # … whatever the order in which the samples came
    shuffled = table.take(np.random.default_rng(0).permutation(len(table)))
    again = train(shuffled, recipe, QUICK)
    assert again.model.to_bytes() == training.model.to_bytes()
    other = train(table, recipe, replace(QUICK, seed=5))
    assert other.model.to_bytes() != training.model.to_bytes()


def test_predictions_are_of_the_classes_given(training: Training, table: SampleTable) -> None:
    predictor = Predictor(training.model)
    probabilities = predictor.probabilities(table.values)
    assert probabilities.shape == (len(table), 3)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    classes = predictor.classes(probabilities)
    assert set(classes.tolist()) <= {2, 5, 9}
    assert np.array_equal(classes, predictor.values[probabilities.argmax(axis=1)])
    assert metrics.accuracy_score(table.classes, classes) > 0.75


@pytest.mark.parametrize("which", ["training", "reduced"])
def test_a_row_does_not_depend_on_the_others(
    which: str, request: pytest.FixtureRequest, table: SampleTable
) -> None:
    predictor = Predictor(request.getfixturevalue(which).model)
    rows = np.tile(table.values, (3, 1))
    whole = predictor.probabilities(rows)
    for first, count in ((0, 1), (1, 3), (5, 64), (7, 129), (0, 500), (863, 1)):
        part = predictor.probabilities(rows[first : first + count])
        assert part.tobytes() == whole[first : first + count].tobytes()
    # nor on how they lie in memory: planes of a picture
    planes = np.ascontiguousarray(rows.T)
    assert predictor.probabilities(planes.T).tobytes() == whole.tobytes()
    assert predictor.probabilities(rows[:0]).shape == (0, 3)


def test_components_and_the_final_test(reduced: Training, table: SampleTable) -> None:
    model, report = reduced.model, reduced.model.report
    assert model.inputs == 2
    assert set(report["importances"]) == {"pc1", "pc2"}
    confusion = np.array(report["holdout"]["confusion"])
    assert confusion.sum() == len(table) / 4
    assert np.array(report["blocked"]["confusion"]).sum() == pytest.approx(len(table) * 3 / 4)
    # a reference sample must not lie on any of them, tested or learnt from
    assert len(model.training.positions) == len(table)


def test_costs_are_measured(training: Training) -> None:
    taken = training.costs[0]
    assert taken.is_taken
    assert taken.trees == training.model.report["trees"]
    for cost in training.costs:
        assert cost.microseconds > 0
        assert cost.seconds_per_km2(100.0) == pytest.approx(1e4 * cost.microseconds * 1e-6)
    compared = [cost for cost in training.costs if not cost.is_taken]
    assert [(cost.name, cost.trees) for cost in compared] == [("plain boosting", 300)]


def test_rare_classes_count_more_when_balanced(make_table: MakeTable, recipe: Recipe) -> None:
    table = make_table()
    rare = (table.classes != 9) | (np.arange(len(table)) % 12 == 0)
    table = table.take(rare)
    recalls = []
    for balance in (Balance.NONE, Balance.EQUAL):
        options = replace(UNSEARCHED, balance=balance, kinds=(Kind.BOOSTED,))
        recalls.append(train(table, recipe, options).model.report["blocked"]["recall"][2])
    assert recalls[1] > recalls[0]


def test_samples_that_cannot_be_learnt(make_table: MakeTable, recipe: Recipe) -> None:
    table = make_table()
    with pytest.raises(FoldError, match="all are of class 2"):
        train(table.take(table.classes == 2), recipe, QUICK)
    with pytest.raises(ValueError, match="no samples"):
        train(table.take(table.classes == 3), recipe, QUICK)
    with pytest.raises(ValueError, match="not made by this recipe"):
        train(table, Recipe(bands=("red", "nir")), QUICK)
    values = table.values.copy()
    values[3, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        train(replace(table, values=values), recipe, QUICK)
    with pytest.raises(ValueError, match="class 9, which is not among"):
        train(table, recipe, QUICK, land_classes([2, 5]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"holdout": 0.7},
        {"folds": 1},
        {"strategies": ()},
        {"budget": Budget(trials=None, seconds=None)},
    ],
)
def test_options_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"holdout|folds|trees|budget"):
        TrainOptions(**wrong)


def test_a_model_comes_back_from_its_file(
    training: Training, reduced: Training, tmp_path: Path
) -> None:
    for model in (training.model, reduced.model):
        path = tmp_path / "model.zip"
        model.save(path)
        found = Model.open(path)
        assert found.to_bytes() == model.to_bytes() == path.read_bytes()
        assert found.classes == model.classes
        assert found.recipe == model.recipe
        assert found.report == model.report
        assert found.fingerprint == model.fingerprint
        assert np.array_equal(found.training.positions, model.training.positions)
        assert pickle.loads(pickle.dumps(found)).to_bytes() == model.to_bytes()
    assert training.model.fingerprint != reduced.model.fingerprint
    assert [one.name for one in training.model.classes] == ["water", "forest", "class 9"]


def test_reading_a_model_needs_no_xgboost(training: Training, tmp_path: Path) -> None:
    training.model.save(tmp_path / "model.zip")
    code = (
        "import sys; from automap_tiles.analysis.learning.classifier import Model; "
        f"print(len(Model.open({str(tmp_path / 'model.zip')!r}).classes)); "
        "sys.exit('xgboost' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "3"), done.stderr


Change = Callable[[dict[str, bytes]], Mapping[str, bytes]]


def _facts(**changes: Any) -> Change:
    def change(members: dict[str, bytes]) -> Mapping[str, bytes]:
        facts = {**json.loads(members["model.json"]), **changes}
        return {**members, "model.json": json.dumps(facts).encode()}

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_facts(format=FORMAT + 1), rf"format {FORMAT + 1}.*update automap-tiles"),
        (_facts(kind="other"), "not a model of"),
        (_facts(features=["red", "nir"]), r"other features.*2 then, 4 now"),
        (_facts(members=[{"file": "x"}]), "not a model of"),
        (_facts(recipe={"bands": ["red", "blue", "swir1", "swir2"]}), "other features"),
        (_facts(recipe={"bands": ["red", "red"]}), "damaged model.*twice"),
        (_facts(classes=[{"value": 0, "name": "x", "colour": "#000000"}]), "damaged model"),
        (_facts(pca={"mean": [1]}), "damaged model"),
        (lambda members: {**members, "members/0.ubj": b"x"}, "its trees are not those"),
        (lambda members: {**members, "model.json": b"{"}, "not valid JSON"),
        (lambda members: {**members, "model.json": b"[]"}, "not a model of"),
        (lambda members: {"model.json": members["model.json"]}, "not a model of.*members/0.ubj"),
        (lambda members: {"other.txt": b""}, "not a model of"),
        (lambda members: {**members, "positions.bin": b"12345"}, "damaged model"),
    ],
)
def test_files_that_are_no_model(change: Change, message: str, training: Training) -> None:
    with zipfile.ZipFile(io.BytesIO(training.model.to_bytes())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in change(members).items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match=message):
        Model.from_bytes(buffer.getvalue(), "m.zip")


def test_damaged_bytes(training: Training, tmp_path: Path) -> None:
    """Refused, unless what was hit says nothing of the model, as the times in a ZIP file do."""
    data = training.model.to_bytes()
    harmless, places = 0, range(40, len(data) - 4, len(data) // 60)
    for place in places:
        broken = (
            data[:place] + bytes(255 - one for one in data[place : place + 4]) + data[place + 4 :]
        )
        said = _refusal(broken)
        harmless += said is None
        assert said is None or re.search(r"m.zip: is a damaged model|m.zip: is not a model", said)
    assert harmless < 0.1 * len(places)
    with pytest.raises(InputError, match=r"m.zip: is a damaged model"):
        Model.from_bytes(data[:-40], "m.zip")
    with pytest.raises(InputError, match="is not a model"):
        Model.from_bytes(b"II*\0", "m.tif")
    with pytest.raises(InputError, match="no such model"):
        Model.open(tmp_path / "missing.zip")


def _with(model: Model, content: bytes) -> Model:
    return replace(model, members=(Member(kind=MemberKind.TREES, content=content),))


def _refusal(broken: bytes) -> str | None:
    """Why a file is refused; None where it holds the whole model all the same."""
    try:
        model = Model.from_bytes(broken, "m.zip")
    except InputError as error:
        return str(error)
    Predictor(model)
    return None


@pytest.mark.parametrize(
    ("place", "bits"), [(6, 1), (8, 99)], ids=["password", "unknown compression"]
)
def test_a_header_that_is_damaged(training: Training, place: int, bits: int) -> None:
    """zipfile raises errors of its own for what it takes for a password or a compression."""
    data = bytearray(training.model.to_bytes())
    directory = data.index(b"PK\1\2")
    data[place] = data[directory + place + 2] = bits
    with pytest.raises(InputError, match=r"m\.zip: is a damaged model"):
        Model.from_bytes(bytes(data), "m.zip")


def test_trees_that_do_not_fit(training: Training, reduced: Training) -> None:
    trees = training.model.members[0].content
    other = next(one for one in reduced.model.members if one.kind is MemberKind.TREES)
    with pytest.raises(InputError, match="see 2 columns, its recipe gives 4"):
        Predictor(_with(training.model, other.content))
    with pytest.raises(InputError, match="cannot be loaded by XGBoost"):
        Predictor(_with(training.model, b"{" + trees[60:]))
    with pytest.raises(ValueError, match="do not fit 4 features"):
        Predictor(training.model).probabilities(np.zeros((5, 3), np.float32))
    damaged = Member(kind=MemberKind.LINEAR, content=b"{}")
    with pytest.raises(InputError, match="not the weights of a linear classifier"):
        Predictor(replace(training.model, members=(damaged,)))


def test_trees_alone_are_a_file_that_earlier_versions_read(
    table: SampleTable, recipe: Recipe
) -> None:
    made = train(table, recipe, PLAIN)
    with zipfile.ZipFile(io.BytesIO(made.model.to_bytes())) as archive:
        facts = json.loads(archive.read("model.json"))
        trust = ["confidence/samples.bin", "confidence/sets.bin"]  # which they do not look for
        assert sorted(archive.namelist()) == [
            "booster.ubj", *trust, "model.json", "positions.bin"
        ]  # fmt: skip
    assert facts["format"] == 1
    assert set(facts["booster"]) == {"sha256", "inputs"}
    assert Model.from_bytes(made.model.to_bytes()).fingerprint == made.model.fingerprint
