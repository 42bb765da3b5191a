"""LightGBM's own predictions are the oracle."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from automap_tiles.errors import InputError
from automap_tiles.scenes.maskers._trees import above, xgboost_model

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

SINGLES = st.floats(width=32, allow_nan=False, allow_infinity=False)


def model_file() -> Path:
    spec = find_spec("s2cloudless")
    assert spec is not None
    (folder,) = spec.submodule_search_locations or [""]
    return next(Path(folder, "models").glob("*.txt"))


@given(
    threshold=st.floats(-1e30, 1e30),
    values=st.lists(SINGLES, max_size=5),
    steps=st.lists(st.sampled_from([-1, 1]), max_size=3),
)
@example(threshold=0.1, values=[np.float32(0.1)], steps=[-1, 1, 1])
@example(threshold=0.3, values=[np.float32(0.3)], steps=[-1, 1, 1])
def test_the_same_way_at_every_split(
    threshold: float, values: list[float], steps: list[int]
) -> None:
    """Numbers next to the threshold too, which single precision rounds up or down."""
    nearest = np.float32(threshold)
    near = [nearest]
    for step in steps:
        near.append(np.nextafter(near[-1], np.float32(np.inf if step > 0 else -np.inf)))
    singles = np.array([*values, *near], dtype=np.float32)
    (limit,) = above(np.array([threshold]))
    assert limit.dtype == np.float32
    np.testing.assert_array_equal(singles < limit, singles.astype(np.float64) <= threshold)


def test_probabilities_are_those_of_lightgbm() -> None:
    """On noise and on the very thresholds of the splits."""
    text = model_file().read_text()
    line = next(line for line in text.splitlines() if line.startswith("threshold="))
    thresholds = np.array(line.partition("=")[2].split(), dtype=np.float64)
    rng = np.random.default_rng(0)
    rows: Any = np.concatenate(
        [
            rng.random((500, 10)) ** 2 * 1.5,
            rng.choice(thresholds, (500, 10)),
            np.nextafter(rng.choice(thresholds, (500, 10)).astype("f4"), np.float32(9)),
            [np.zeros(10)],
        ]
    ).astype(np.float32)
    booster = xgboost.Booster()
    booster.load_model(bytearray(xgboost_model(model_file())))
    got = booster.inplace_predict(rows)
    wanted = lightgbm.Booster(model_file=str(model_file())).predict(rows, num_threads=1)
    assert 0.1 < (wanted > 0.4).mean() < 0.9
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6)
    sure = np.abs(wanted - 0.4) > 1e-6
    np.testing.assert_array_equal((got > 0.4)[sure], (wanted > 0.4)[sure])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("objective=binary sigmoid:1", "objective=regression"), "not a binary classifier"),
        (("num_cat=0", "num_cat=1"), "splits other than plain"),
        (("decision_type=2", "decision_type=1"), "splits other than plain"),
    ],
)
def test_other_models_are_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = tmp_path / "model.txt"
    path.write_text(model_file().read_text().replace(*change, 1))
    with pytest.raises(InputError, match=message):
        xgboost_model(path)


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        xgboost_model(tmp_path / "none.txt")
