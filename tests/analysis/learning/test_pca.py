from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.pca import Pca

Array = np.ndarray[Any, Any]


def _rows(samples: int, features: int, seed: int) -> Array:
    """Correlated features of different sizes."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(samples, features)) @ rng.normal(size=(features, features))
    rows: Array = (mixed * rng.uniform(0.01, 1000, features) + rng.normal(0, 100, features)).astype(
        "f4"
    )
    return rows


@settings(max_examples=20)
@given(
    samples=st.integers(20, 300),
    features=st.integers(1, 12),
    share=st.sampled_from([0.5, 0.9, 0.99, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_equal_to_scikit_learn(samples: int, features: int, share: float, seed: int) -> None:
    rows = _rows(samples, features, seed)
    standard = StandardScaler().fit_transform(rows.astype("f8"))
    theirs = PCA(n_components=None if share == 1 else share, svd_solver="full").fit(standard)
    ours = Pca.fit(rows, share)
    count = len(ours.components)
    if share < 1:
        assert count == theirs.n_components_
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_[:count], atol=1e-9)
    wanted = theirs.transform(standard)[:, :count]
    got = ours.apply_rows(rows)
    assert got.dtype == np.float32
    for component in range(count):  # the sign is free
        sign = np.sign(wanted[:, component] @ got[:, component])
        np.testing.assert_allclose(
            got[:, component] * sign, wanted[:, component], rtol=1e-3, atol=2e-3
        )


def test_signs_are_fixed_and_axes_are_right_angled() -> None:
    rows = _rows(200, 6, 1)
    pca = Pca.fit(rows, 6)
    largest = np.abs(pca.components).argmax(axis=1)
    assert (pca.components[np.arange(6), largest] > 0).all()
    np.testing.assert_allclose(pca.components @ pca.components.T, np.eye(6), atol=1e-12)
    np.testing.assert_array_equal(Pca.fit(rows, 3).components, pca.components[:3])
    assert pca.names == ("pc1", "pc2", "pc3", "pc4", "pc5", "pc6")


@settings(max_examples=20)
@given(
    features=st.integers(1, 8),
    first=st.integers(0, 3000),
    count=st.integers(1, 200),
    seed=st.integers(0, 2**32),
)
def test_a_pixel_has_the_same_bits_in_any_company(
    features: int, first: int, count: int, seed: int
) -> None:
    rows = _rows(3200, features, seed)
    pca = Pca.fit(rows, 1.0)
    planes = np.ascontiguousarray(rows.T).reshape(features, 40, 80)
    whole = pca.apply(planes).reshape(len(pca.components), -1)
    chosen = slice(first, first + count)
    part = pca.apply(planes.reshape(features, 1, -1)[:, :, chosen])
    assert part.tobytes() == np.ascontiguousarray(whole[:, chosen]).tobytes()
    assert pca.apply_rows(rows[chosen]).T.tobytes() == part.tobytes()


def test_features_that_do_not_vary_count_for_nothing() -> None:
    rows = _rows(100, 3, 2)
    rows[:, 1] = 0.3
    pca = Pca.fit(rows, 2)
    np.testing.assert_allclose(pca.components[:, 1], 0, atol=1e-12)
    assert pca.explained.sum() == pytest.approx(1)
    assert np.isfinite(pca.apply_rows(rows + 1)).all()


def test_json_keeps_every_bit() -> None:
    pca = Pca.fit(_rows(50, 4, 3), 0.95)
    again = Pca.from_dict(json.loads(json.dumps(pca.to_dict())))
    for name in ("mean", "scale", "components", "explained"):
        assert getattr(again, name).tobytes() == getattr(pca, name).tobytes()


@pytest.mark.parametrize(
    ("rows", "components", "message"),
    [
        (np.zeros((1, 3)), 1, "at least 2 samples"),
        (np.full((5, 3), np.nan), 1, "NaN"),
        (np.ones((5, 3)), 1, "varies"),
        (np.eye(5), 6, "1 to 5"),
        (np.eye(5), 0, "1 to 5"),
        (np.eye(5), 0.0, "share"),
        (np.eye(5), 1.5, "share"),
        (np.eye(5), True, "number or a share"),
    ],
)
def test_what_cannot_be_fitted_is_said(rows: Array, components: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pca.fit(rows, components)


def test_what_cannot_be_applied_or_read_is_said() -> None:
    pca = Pca.fit(np.eye(5), 2)
    with pytest.raises(ValueError, match="5 features, not of 4"):
        pca.apply(np.zeros((4, 2, 2), dtype="f4"))
    content = pca.to_dict()
    changes: tuple[dict[str, Any], ...] = ({"scale": [1.0]}, {"mean": "x"}, {"components": [1, 2]})
    for change in changes:
        with pytest.raises(ValueError, match="components"):
            Pca.from_dict(content | change)
    del content["mean"]
    with pytest.raises(ValueError, match="mean"):
        Pca.from_dict(content)


def test_a_share_that_is_just_reached() -> None:
    """Two features of one variance: the first component holds half, which is what was asked for."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype("f4")
    assert len(Pca.fit(rows, 0.5).components) == 1
    assert len(Pca.fit(rows, 0.51).components) == 2
