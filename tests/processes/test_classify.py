"""Maps of classes: against the model applied to whole pictures by hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from automap_processes import _prediction
from automap_tiles.analysis.learning import smoothing
from automap_tiles.analysis.learning.classifier._confidence import Confidence
from automap_tiles.analysis.learning.classifier._library import xgboost
from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.analysis.learning.classifier._predict import Predictor
from automap_tiles.analysis.learning.classifier._setups import ENGINES, Kind
from automap_tiles.analysis.learning.confidence.applicability import applicability
from automap_tiles.analysis.learning.confidence.calibration import (
    Calibration,
    Isotonic,
    Temperature,
)
from automap_tiles.analysis.learning.confidence.conformal import Ground, SetScores
from automap_tiles.analysis.learning.pca import Pca
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.shapes import patches
from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Subject, collecting
from automap_tiles.runtime import Process, open_process
from tests.models import make_model, make_vote, recipe, save_model

GRID = {
    "shape": [3, 3],
    "bounds": [500000, 5298560, 501440, 5300000],
    "srs": {"epsg": 32633},
    "is_global": False,
}
"""3 × 3 tiles of 48 pixels of 10 m."""
TILE = 48
SIZE = 3 * TILE
CURVES = Isotonic(curves=(((0.0, 0.5, 1.0), (0.0, 0.2, 1.0)), ((0.2, 0.6), (0.1, 0.9)),
                          ((0.0, 0.3, 0.4), (0.0, 0.4, 1.0))))  # fmt: skip
"""Of three classes."""


def make_picture(path: Path, bands: tuple[str, ...] = ("red", "nir"), seed: int = 0) -> np.ndarray:
    """Reflectance × 10000 with a scale, patchy, and holes without data; returns the pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(200, 6000, (len(bands), SIZE // 12, SIZE // 12))
    data = coarse.repeat(12, axis=1).repeat(12, axis=2) + rng.integers(0, 900, (1, SIZE, SIZE))
    data = data.astype(np.uint16)
    data[:, 20:30, 45:65] = 0
    data[0, 100, 50:125] = 0
    with rasterio.open(
        path, "w", driver="GTiff", width=SIZE, height=SIZE, count=len(bands), dtype="uint16",
        crs="EPSG:32633", transform=rasterio.Affine(10, 0, 500000, 0, -10, 5300000), nodata=0,
    ) as file:  # fmt: skip
        file.write(data)
        file.descriptions = bands
        file.scales, file.offsets = [1e-4] * len(bands), [-0.01] * len(bands)
    return data


def opened(folder: Path, layers: int = 1, metatiling: int = 1, **parameters: Any) -> Process:
    return open_process(
        {
            "process": "classify",
            "config_dir": str(folder),
            "input": {"picture": "picture.tif"},
            "pyramid": {"grid": GRID, "tile_size": TILE, "metatiling": metatiling},
            "zoom_levels": 0,
            "output": {
                "format": "GTiff",
                "path": f"map{metatiling}.tif",
                "bands": layers,
                "dtype": "uint8",
                "nodata": 0,
            },
            "process_parameters": {"model": "model.zip", **parameters},
        }
    )


def mapped(process: Process) -> np.ndarray:
    """The layers of the whole map, (band, y, x)."""
    *_, finished = execute(process, RunOptions(concurrency=Concurrency.NONE))
    assert isinstance(finished, RunFinished)
    assert finished.summary.failed == 0
    with rasterio.open(process.writer.path) as file:
        assert file.shape == (SIZE, SIZE)
        layers: np.ndarray = file.read()
    return layers


def by_hand(
    model: Model, data: np.ndarray, names: tuple[str, ...] = ("red", "nir")
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (class, y, x) of the whole picture at once, and where there is data."""
    picture = np.ma.masked_equal(data, 0)
    features = model.recipe.compute(picture, names, scale=1e-4, offset=-0.01)
    rows = features.data.reshape(len(features.data), -1).T
    found = Predictor(model).probabilities(np.ascontiguousarray(rows))
    return found.T.reshape(-1, SIZE, SIZE), features.valid


def classes_of(model: Model, probabilities: np.ndarray, valid: np.ndarray) -> np.ndarray:
    return np.where(valid, model.values[probabilities.argmax(axis=0)], 0)


@pytest.mark.parametrize("metatiling", [1, 2, 4])
def test_classes(tmp_path: Path, metatiling: int) -> None:
    data = make_picture(tmp_path / "picture.tif")
    model = save_model(tmp_path / "model.zip", of=recipe(radius=4), high=0.7)
    (got,) = mapped(opened(tmp_path, metatiling=metatiling))
    probabilities, valid = by_hand(model, data)
    assert not valid.all()
    np.testing.assert_array_equal(got, classes_of(model, probabilities, valid))
    assert set(np.unique(got)) == {0, *model.values}


@dataclass(frozen=True)
class ByHand:
    """A picture and a model of all kinds in a folder, and what the whole picture gives at once."""

    folder: Path
    model: Model
    probabilities: np.ndarray
    valid: np.ndarray


@pytest.fixture(scope="module")
def vote(tmp_path_factory: pytest.TempPathFactory) -> ByHand:
    folder = tmp_path_factory.mktemp("vote")
    data = make_picture(folder / "picture.tif")
    model = make_vote(recipe(radius=2), high=0.7)
    model.save(folder / "model.zip")
    assert len(model.members) == len(set(Kind) - set(ENGINES))
    return ByHand(folder, model, *by_hand(model, data))


@pytest.mark.parametrize("metatiling", [1, 2, 4])
@pytest.mark.parametrize("strip", [500, 2**17])
def test_a_vote_leaves_no_trace_of_how_it_was_cut(
    vote: ByHand, tmp_path: Path, metatiling: int, strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit by bit: probabilities in per cent, of boosting, a forest and a linear classifier."""
    monkeypatch.setattr(_prediction, "_STRIP", strip)
    for name in ("picture.tif", "model.zip"):
        (tmp_path / name).hardlink_to(vote.folder / name)
    process = opened(tmp_path, layers=5, metatiling=metatiling, probabilities=True, confidence=True)
    got = mapped(process)
    model, probabilities, valid = vote.model, vote.probabilities, vote.valid
    np.testing.assert_array_equal(got[0], classes_of(model, probabilities, valid))
    layers = _prediction.Mapped(
        classes=np.zeros((SIZE, SIZE), np.uint8),
        confidence=np.zeros((SIZE, SIZE), np.uint8),
        probabilities=np.zeros((3, SIZE, SIZE), np.uint8),
    )
    whole = (slice(0, SIZE), slice(0, SIZE))
    strip_of_all = _prediction._Decided(probabilities, probabilities.argmax(axis=0), valid)
    _prediction._decide(layers, whole, strip_of_all, model.values)
    assert layers.confidence is not None
    assert layers.probabilities is not None
    np.testing.assert_array_equal(got[1], layers.confidence)
    np.testing.assert_array_equal(got[2:], layers.probabilities)


def test_smoothing_and_patches(tmp_path: Path) -> None:
    data = make_picture(tmp_path / "picture.tif")
    model = save_model(tmp_path / "model.zip", of=recipe(radius=2), high=0.7)
    asked: dict[str, Any] = {
        "smoothing": 5,
        "smoothness": 3.0,
        "minimum_patch": 7,
        "confidence": True,
    }
    process = opened(tmp_path, layers=2, **asked)
    assert process.pyramid.pixelbuffer == 2 + 2 + 12
    got, confidence = mapped(process)
    probabilities, valid = by_hand(model, data)
    smooth = smoothing.smooth(probabilities, valid, window=5, smoothness=3.0)
    plain = classes_of(model, smooth, valid).astype(np.uint8)
    joined = patches.without_small_patches(plain, 7)
    np.testing.assert_array_equal(got, joined)
    changed = joined != plain
    assert changed.any()
    assert (plain != classes_of(model, probabilities, valid)).any()
    assert (confidence[changed] == 1).all()
    first, second = np.sort(smooth, axis=0)[:-3:-1]
    wanted = np.maximum(np.floor((first - second) * np.float32(100) + np.float32(0.5)), 1)
    np.testing.assert_array_equal(confidence, np.where(changed, 1, np.where(valid, wanted, 0)))


def test_principal_components(tmp_path: Path) -> None:
    data = make_picture(tmp_path / "picture.tif")
    of = recipe(radius=2)
    features = of.compute(np.ma.masked_equal(data, 0), ("red", "nir"), scale=1e-4, offset=-0.01)
    rows = features.data[:, features.valid].T
    pca = Pca.fit(rows, 3)
    model = make_model(of=of, pca=pca, high=0.7)
    model.save(tmp_path / "model.zip")
    (got,) = mapped(opened(tmp_path, metatiling=2))
    booster = xgboost().Booster(model_file=bytearray(model.members[0].content))
    components = (rows - pca.mean) / pca.scale @ pca.components.T
    expected = booster.inplace_predict(components.astype(np.float32))
    # a product of matrices in another order: the trees may part a pixel in a million otherwise
    same = got[features.valid] == model.values[expected.argmax(axis=1)]
    assert same.mean() > 0.999


@pytest.mark.parametrize("smooth", [False, True])
def test_the_most_probable_class_is_the_class(tmp_path: Path, smooth: bool) -> None:
    """Also where rounding to per cent makes two of them equal."""
    data = make_picture(tmp_path / "picture.tif")
    model = save_model(tmp_path / "model.zip", high=0.7, rounds=3)
    process = opened(tmp_path, layers=5, probabilities=True, confidence=True, smoothing=smooth)
    classes, _, *shares = mapped(process)
    valid = classes > 0
    probabilities, _ = by_hand(model, data)
    if smooth:
        probabilities = smoothing.smooth(probabilities, valid)
    found = np.array(shares)
    np.testing.assert_array_equal(model.values[found.argmax(axis=0)][valid], classes[valid])
    ranked = np.sort(found, axis=0)[:, valid]
    assert (ranked[-1] > ranked[-2]).all()
    assert (found[:, ~valid] == 0).all()
    assert (found[:, valid] >= 1).all()
    assert np.abs(found[:, valid] / 100 - probabilities[:, valid]).max() < 0.0151


@pytest.mark.parametrize("metatiling", [1, 2, 4])
@pytest.mark.parametrize("calibration", [Temperature(value=2.5), CURVES])
def test_calibrated_probabilities(
    tmp_path: Path, metatiling: int, calibration: Temperature | Isotonic
) -> None:
    data = make_picture(tmp_path / "picture.tif")
    plain = make_model(of=recipe(radius=2), high=0.7, rounds=3)
    confidence = Confidence(temperature=Temperature(value=2.5), isotonic=CURVES)
    model = replace(plain, confidence=confidence)
    model.save(tmp_path / "model.zip")
    assert Model.open(tmp_path / "model.zip").confidence == confidence
    name = "isotonic" if calibration is CURVES else "temperature"
    wanted = {"probabilities": True, "confidence": True, "calibration": name}
    classes, lead, *shares = mapped(opened(tmp_path, 5, metatiling, **wanted))
    raw, valid = by_hand(model, data)
    expected = calibration.apply(raw)
    decisive = expected if calibration.moves_classes else raw
    np.testing.assert_array_equal(classes, classes_of(model, decisive, valid))
    assert (classes == classes_of(model, raw, valid)).all() != calibration.moves_classes
    assert np.abs(np.array(shares)[:, valid] / 100 - expected[:, valid]).max() < 0.0151
    ranked = np.sort(expected, axis=0)[-2:, valid]
    assert np.abs(lead[valid] / 100 - (ranked[1] - ranked[0])).max() < 0.0101
    (tmp_path / "alone").mkdir()
    for file in ("picture.tif", "model.zip"):
        (tmp_path / "alone" / file).hardlink_to(tmp_path / file)
    alone = mapped(opened(tmp_path / "alone", 1, metatiling, calibration=name))
    np.testing.assert_array_equal(alone[0], classes)


def trusting(of: Recipe, ground: Ground = Ground.GROUPS) -> tuple[Model, Confidence]:
    """A model with everything that can be known of it, learnt from made-up samples."""
    random = np.random.default_rng(5)
    plain = make_model(of=of, high=0.7, rounds=3)
    values = random.uniform(0, 0.3, (300, len(of.names))).astype(np.float32)
    area = applicability(
        values, [1.0 + place for place in range(len(of.names))], np.arange(300) % 5
    )
    sets = SetScores(
        ground=ground,
        scores=random.beta(1.0, 1.5, 300).astype(np.float32),
        labels=np.arange(300) % 3,
        groups=np.arange(300) // 9 + 100 * (np.arange(300) % 3),
        weights=random.uniform(1, 5, 300).astype(np.float32),
    )
    confidence = Confidence(
        temperature=Temperature(value=1.4), isotonic=CURVES, sets=sets, applicability=area
    )
    return replace(plain, confidence=confidence), confidence


@pytest.mark.parametrize("metatiling", [1, 2, 4])
@pytest.mark.parametrize("by_class", [False, True])
def test_sets_of_classes(tmp_path: Path, metatiling: int, by_class: bool) -> None:
    data = make_picture(tmp_path / "picture.tif")
    model, confidence = trusting(recipe(radius=2))
    model.save(tmp_path / "model.zip")
    process = opened(tmp_path, 3, metatiling, sets=0.6, sets_by_class=by_class)
    classes, sizes, bits = mapped(process)
    raw, valid = by_hand(model, data)
    sets = confidence.sets
    assert sets is not None
    limits = sets.quantiles(0.6, 3) if by_class else np.full(3, sets.quantile(0.6))
    shares = confidence.temperature.apply(raw)
    inside = (np.float32(1) - shares <= limits[:, None, None]) & valid
    np.testing.assert_array_equal(bits, (inside * [[[1]], [[2]], [[4]]]).sum(axis=0))
    wanted = np.where(inside.sum(axis=0) == 0, 255, inside.sum(axis=0))
    np.testing.assert_array_equal(sizes, np.where(valid, wanted, 0))
    assert {1, 255} <= set(np.unique(sizes)) if not by_class else True
    np.testing.assert_array_equal(classes, classes_of(model, raw, valid))
    done = process.compute(process.pyramid.tile(0, 0, 0))
    assert done is not None
    assert [done.tags[band]["name"] for band in (1, 2, 3)] == [
        "class", "classes in the set", "set of classes 1"
    ]  # fmt: skip
    assert done.tags[3]["bit_1"] == "4 forest"


@pytest.mark.parametrize("metatiling", [1, 2, 4])
@pytest.mark.parametrize("strip", [500, 2**17])
def test_where_the_model_may_be_applied(
    tmp_path: Path, metatiling: int, strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_prediction, "_STRIP", strip)
    data = make_picture(tmp_path / "picture.tif")
    of = recipe(radius=2)
    model, confidence = trusting(of)
    model.save(tmp_path / "model.zip")
    area = confidence.applicability
    assert area is not None
    classes, inside, unlike = mapped(
        opened(tmp_path, 3, metatiling, applicability=True, smoothing=3)
    )
    features = of.compute(np.ma.masked_equal(data, 0), ("red", "nir"), scale=1e-4, offset=-0.01)
    rows = np.ascontiguousarray(features.data.reshape(len(of.names), -1).T)
    found = (area.dissimilarity(rows) / area.threshold).reshape(SIZE, SIZE)
    valid = features.valid
    np.testing.assert_array_equal(inside, np.where(valid, 1 + (found > 1), 0))
    wanted = np.ceil(found * 100).clip(1, 255)
    np.testing.assert_array_equal(unlike, np.where(valid, wanted, 0))
    assert {1, 2} <= set(np.unique(inside))
    assert ((unlike > 100) == (inside == 2)).all()
    assert ((classes > 0) == valid).all()


def test_everything_at_once_through_components(tmp_path: Path) -> None:
    data = make_picture(tmp_path / "picture.tif")
    of = recipe(radius=1)
    features = of.compute(np.ma.masked_equal(data, 0), ("red", "nir"), scale=1e-4, offset=-0.01)
    rows = features.data[:, features.valid].T
    pca = Pca.fit(rows, 2)
    area = applicability(pca.apply_rows(rows[:200]), [0.7, 0.3], np.arange(200) % 3)
    confidence = replace(trusting(recipe())[1], applicability=area)
    model = replace(make_model(of=of, pca=pca, high=0.7), confidence=confidence)
    model.save(tmp_path / "model.zip")
    wanted = {"sets": 0.8, "applicability": True, "probabilities": True, "confidence": True}
    layers = mapped(opened(tmp_path, 9, 2, **wanted, calibration="isotonic"))
    assert ((layers > 0).all(axis=0) | (layers[6] == 0) | (layers[0] == 0)).all()
    assert area is not None
    found = area.dissimilarity(pca.apply_rows(rows)) > area.threshold
    np.testing.assert_array_equal(layers[7][features.valid], 1 + found)


def test_what_is_not_promised_is_told(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif")
    for ground, number in ((Ground.GROUPS, 0), (Ground.FOLDS, 1)):
        trusting(recipe(), ground)[0].save(tmp_path / "model.zip")
        with collecting() as notes:
            opened(tmp_path, 3, sets=0.9)
        told = [note for note in notes if "is not promised" in note.reason]
        assert len(told) == number


@pytest.mark.parametrize(
    ("parameters", "key", "words"),
    [
        ({"sets": 1.5}, "sets", "between 0 and 1"),
        ({"sets": 0.999}, "sets", "too few to say it"),
        ({"sets": 0.9, "smoothing": True}, "sets", "listen to their neighbours"),
        ({"sets": 0.9, "minimum_patch": 4}, "minimum_patch", "no set of classes"),
        ({"sets_by_class": True}, "sets_by_class", "no sets to make"),
    ],
)
def test_sets_that_cannot_be(
    tmp_path: Path, parameters: dict[str, Any], key: str, words: str
) -> None:
    make_picture(tmp_path / "picture.tif")
    trusting(recipe())[0].save(tmp_path / "model.zip")
    with pytest.raises(ConfigError, match=words) as caught:
        opened(tmp_path, **parameters)
    assert caught.value.key == f"process_parameters.{key}"


@pytest.mark.parametrize(
    ("confidence", "parameters", "words"),
    [
        (None, {"calibration": "temperature"}, "knows nothing of calibration"),
        (None, {"sets": 0.9}, "knows nothing of sets"),
        (None, {"applicability": True}, "knows nothing of applicability"),
        (Confidence(temperature=Temperature(value=2.0)), {"sets": 0.9}, "knows nothing of sets"),
        (
            Confidence(temperature=Temperature(value=2.0)),
            {"calibration": "isotonic"},
            "1000 samples",
        ),
        (
            Confidence(temperature=Temperature(value=2.0)),
            {"calibration": "temperature", "smoothing": True},
            "listen to their neighbours",
        ),
    ],
)  # fmt: skip
def test_a_calibration_that_is_not_there_is_said_before_the_first_tile(
    tmp_path: Path, confidence: Confidence | None, parameters: dict[str, Any], words: str
) -> None:
    make_picture(tmp_path / "picture.tif")
    replace(make_model(), confidence=confidence).save(tmp_path / "model.zip")
    with pytest.raises(ConfigError, match=words) as caught:
        opened(tmp_path, **parameters)
    assert caught.value.key == f"process_parameters.{next(iter(parameters))}"


def test_equal_probabilities_and_many_classes() -> None:
    """255 classes of nearly nothing each: the class still stands out."""
    shares = np.full((255, 1, 1), 1 / 255, dtype=np.float32)
    values = np.arange(1, 256, dtype=np.uint8)
    layers = _prediction.Mapped(
        classes=np.zeros((1, 1), np.uint8),
        confidence=np.zeros((1, 1), np.uint8),
        probabilities=np.zeros((255, 1, 1), np.uint8),
    )
    here = (slice(0, 1), slice(0, 1))
    strip = _prediction._Decided(shares, shares.argmax(axis=0), np.ones((1, 1), bool))
    _prediction._decide(layers, here, strip, values)
    assert layers.classes[0, 0] == 1
    assert layers.confidence is not None
    assert layers.confidence[0, 0] == 1
    assert layers.probabilities is not None
    assert layers.probabilities[:2, 0, 0].tolist() == [2, 1]


class Fake:
    """A predictor of single pixels that remembers how many rows it was asked for."""

    def __init__(self, model: Model) -> None:
        self.model, self.values = model, model.values
        self.rows = 0

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        self.rows += len(rows)
        odds = np.exp(np.stack([rows.sum(axis=1), rows[:, 0] * 3, rows[:, 1] * 2], axis=1))
        shares: np.ndarray = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares


MODEL = make_model(of=recipe(radius=1))


@given(
    shape=st.tuples(st.integers(20, 60), st.integers(20, 60)),
    strip=st.sampled_from([1, 200, 2**17]),
    window=st.sampled_from([None, 3, 5]),
    minimum=st.sampled_from([0, 3]),
    calibration=st.sampled_from([None, Temperature(value=0.6), CURVES]),
    seed=st.integers(0, 2**32),
)
def test_strips_leave_no_trace_and_nothing_is_predicted_twice(
    shape: tuple[int, int],
    strip: int,
    window: int | None,
    minimum: int,
    calibration: Calibration | None,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    mask = np.broadcast_to(rng.random(shape) < 0.1, (2, *shape))
    picture = np.ma.MaskedArray(rng.random((2, *shape), dtype=np.float32), mask=mask)
    smooth, patch = (window or 1) // 2, patches.margin(minimum)
    wish = _prediction.ClassMapRequest(
        window=window, smoothness=2.0, minimum_patch=minimum, probabilities=False,
        confidence=True, units=[(1.0, 0.0)] * 2, calibration=calibration,
        margins=(1, smooth, patch),
    )  # fmt: skip
    buffer = (8, 8, 8, 8)
    whole, parts = Fake(MODEL), Fake(MODEL)
    expected = _prediction.class_map(whole, picture, buffer, wish)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_prediction, "_STRIP", strip)
        got = _prediction.class_map(parts, picture, buffer, wish)  # type: ignore[arg-type]
    assert got.classes.tobytes() == expected.classes.tobytes()
    assert got.confidence is not None
    assert expected.confidence is not None
    assert got.confidence.tobytes() == expected.confidence.tobytes()
    assert parts.rows == whole.rows <= np.count_nonzero(~mask[0])
    inside = np.s_[1 + smooth + patch : -(1 + smooth + patch)]
    np.testing.assert_array_equal(got.classes[inside, inside] > 0, ~mask[0][inside, inside])


def test_where_nothing_is_there_is_no_tile(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif")
    with rasterio.open(tmp_path / "picture.tif", "r+") as file:
        file.write(np.zeros((2, 50, SIZE), np.uint16), window=((0, 50), (0, SIZE)))
    save_model(tmp_path / "model.zip")
    process = opened(tmp_path)
    assert process.compute(process.pyramid.tile(0, 0, 1)) is None
    assert process.compute(process.pyramid.tile(0, 1, 1)) is not None


def test_names_and_units_by_parameters(tmp_path: Path) -> None:
    """A picture that says nothing of itself."""
    data = make_picture(tmp_path / "picture.tif")
    model = save_model(tmp_path / "model.zip", high=0.7)
    (told,) = mapped(opened(tmp_path))
    with rasterio.open(tmp_path / "picture.tif", "r+") as file:
        file.descriptions = (None, None)
        file.scales, file.offsets = (1, 1), (0, 0)
    asked: dict[str, Any] = {"bands": ["red", "nir"], "scale": 1e-4, "offset": -0.01}
    (got,) = mapped(opened(tmp_path, metatiling=2, **asked))
    np.testing.assert_array_equal(got, told)
    np.testing.assert_array_equal(got, classes_of(model, *by_hand(model, data)))


def test_bands_in_another_order_and_others_beside_them(tmp_path: Path) -> None:
    """They are found by their names, with their own units."""
    data = make_picture(tmp_path / "picture.tif")
    model = save_model(tmp_path / "model.zip", high=0.7)
    (wanted,) = mapped(opened(tmp_path))
    with rasterio.open(tmp_path / "picture.tif") as file:
        profile = {**file.profile, "count": 4, "dtype": "float32"}
    planes = {"swir1": data[0] * 3.0, "nir": data[1], "green": data[1] * 0.5, "red": data[0] * 10.0}
    with rasterio.open(tmp_path / "picture.tif", "w", **profile) as file:
        file.write(np.stack(list(planes.values())).astype(np.float32))
        file.descriptions = tuple(planes)
        file.scales, file.offsets = (1, 1e-4, 1, 1e-5), (0, -0.01, 0.5, -0.01)
    (got,) = mapped(opened(tmp_path, metatiling=2))
    assert (got == wanted).mean() > 0.999  # the last digit of red may part a pixel otherwise
    np.testing.assert_array_equal(got == 0, wanted == 0)
    assert set(np.unique(got)) == {0, *model.values}


def test_new_names_keep_the_units_of_the_picture(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif")
    save_model(tmp_path / "model.zip", high=0.7)
    (wanted,) = mapped(opened(tmp_path))
    with rasterio.open(tmp_path / "picture.tif", "r+") as file:
        file.descriptions = ("B4", "B8")
    (got,) = mapped(opened(tmp_path, metatiling=2, bands=["red", "nir"]))
    np.testing.assert_array_equal(got, wanted)


def test_several_bands_of_one_name_are_refused(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif", bands=("red", "nir", "red"))
    save_model(tmp_path / "model.zip", high=0.7)
    with pytest.raises(ConfigError, match="several bands named red") as caught:
        opened(tmp_path)
    assert (caught.value.key, caught.value.found) == ("input.picture", "red, nir, red")
    opened(tmp_path, bands=["red", "nir", "other"])
    with pytest.raises(ConfigError, match="several bands named nir") as caught:
        opened(tmp_path, bands=["red", "nir", "nir"])
    assert caught.value.key == "process_parameters.bands"


def test_bands_without_names_are_told(tmp_path: Path) -> None:
    """Of two pictures without names the first bands are taken for each other, and so on."""
    data = make_picture(tmp_path / "picture.tif")
    with rasterio.open(tmp_path / "picture.tif", "r+") as file:
        file.descriptions = (None, None)
    model = save_model(tmp_path / "model.zip", of=recipe(("band_2", "band_1")), high=0.7)
    with collecting() as notes:
        process = opened(tmp_path)
    (note,) = [one for one in notes if one.subject is Subject.BANDS]
    assert (note.fate, note.count, note.examples) == (Fate.GUESSED, 2, ("band_2", "band_1"))
    assert "the same place" in note.reason
    (got,) = mapped(process)
    probabilities, valid = by_hand(model, data, ("band_1", "band_2"))
    np.testing.assert_array_equal(got, classes_of(model, probabilities, valid))


def test_a_picture_without_names_is_no_picture_with_them(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif")
    save_model(tmp_path / "model.zip", of=recipe(("band_1", "band_2")), high=0.7)
    with pytest.raises(ConfigError, match="has no band band_1, band_2") as caught:
        opened(tmp_path)
    assert caught.value.found == "red, nir"
    with collecting() as notes:
        opened(tmp_path, bands=["band_1", "band_2"])
    assert not list(notes)  # the process file says which is which


def test_what_the_bands_are_called(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif")
    save_model(tmp_path / "model.zip", high=0.7)
    process = opened(tmp_path, layers=5, confidence=True, probabilities=True)
    done = process.compute(process.pyramid.tile(0, 0, 0))
    assert done is not None
    assert [done.tags[band]["name"] for band in range(1, 6)] == [
        "class", "confidence", "probability of water", "probability of forest",
        "probability of meadow & <field>",
    ]  # fmt: skip
    assert done.tags[1]["class_4"] == "forest"


@pytest.mark.parametrize(
    ("parameters", "key", "words"),
    [
        ({"model": "absent.zip"}, "process_parameters.model", "no such model"),
        ({"model": "picture.tif"}, "process_parameters.model", "is not a model"),
        ({"smoothing": 4}, "process_parameters.smoothing", "odd number"),
        ({"minimum_patch": -1}, "process_parameters.minimum_patch", "number of pixels"),
        (
            {"minimum_patch": 5, "probabilities": True},
            "process_parameters.minimum_patch",
            "no probabilities",
        ),
        ({"bands": ["nir", "green"]}, "process_parameters.bands", "has no band red"),
        ({"bands": ["nir"]}, "process_parameters.bands", "names 1 band, the picture has 2"),
        (
            {"bands": ["nir", "red", "x"]},
            "process_parameters.bands",
            "names 3 bands, the picture has 2",
        ),
        ({"smoothness": 0}, "process_parameters.smoothness", "more than 0"),
    ],
)
def test_what_cannot_work_is_said_before_the_first_tile(
    tmp_path: Path, parameters: dict[str, Any], key: str, words: str
) -> None:
    make_picture(tmp_path / "picture.tif")
    save_model(tmp_path / "model.zip")
    with pytest.raises(ConfigError, match=words) as caught:
        opened(tmp_path, **parameters)
    assert caught.value.key == key


def test_a_picture_of_other_bands(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif", bands=("red", "green"))
    save_model(tmp_path / "model.zip")
    with pytest.raises(ConfigError, match="has no band nir") as caught:
        opened(tmp_path)
    assert caught.value.key == "input.picture"
    assert caught.value.found == "red, green"


@pytest.mark.parametrize(
    ("parameters", "layers"),
    [({}, 1), ({"confidence": True}, 2), ({"probabilities": True}, 4)],
)
def test_how_many_bands_there_are(tmp_path: Path, parameters: dict[str, Any], layers: int) -> None:
    make_picture(tmp_path / "picture.tif")
    save_model(tmp_path / "model.zip")
    process = opened(tmp_path, layers=layers, **parameters)
    done = process.compute(process.pyramid.tile(0, 0, 0))
    assert done is not None
    assert len(done.data) == layers
    with pytest.raises(ConfigError, match=f"{layers} bands") as caught:
        opened(tmp_path, layers=layers + 1, **parameters)
    assert caught.value.key == "output.bands"


def test_another_model_is_another_process(tmp_path: Path) -> None:
    make_picture(tmp_path / "picture.tif")
    save_model(tmp_path / "model.zip")
    before = opened(tmp_path).hashes()
    save_model(tmp_path / "model.zip", seed=1)
    assert opened(tmp_path).hashes().parameters != before.parameters


def test_the_process_is_light_until_it_is_used() -> None:
    code = (
        "import sys, automap_processes.classify as c; "
        "print([name for name in ('xgboost', 'scipy', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
