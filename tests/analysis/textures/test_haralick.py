from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mahotas  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.feature import graycomatrix, graycoprops

from automap_tiles.analysis.textures import _windows
from automap_tiles.analysis.textures.haralick import TEXTURES, Quantisation, haralick

Array = np.ndarray[Any, Any]


def _entropy(shares: Array) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())


def _definitions(matrix: Array) -> list[float]:
    """f1 to f13 of a matrix whose rows and columns count levels from 0, loop by loop of the paper.

    Levels are numbered from 1.
    """
    p = matrix / matrix.sum()
    count = len(p)
    levels = np.arange(1, count + 1)
    px, py = p.sum(axis=1), p.sum(axis=0)
    added, apart = np.zeros(2 * count + 1), np.zeros(count)
    inverse = product = variance = hxy1 = hxy2 = 0.0
    mean_x, mean_y = (levels * px).sum(), (levels * py).sum()
    for i in range(1, count + 1):
        for j in range(1, count + 1):
            share = p[i - 1, j - 1]
            added[i + j] += share
            apart[abs(i - j)] += share
            inverse += share / (1 + (i - j) ** 2)
            product += i * j * share
            variance += (i - mean_x) ** 2 * share
            both = px[i - 1] * py[j - 1]
            if both > 0:
                hxy1 -= share * np.log(both)
                hxy2 -= both * np.log(both)
    std_x = np.sqrt(((levels - mean_x) ** 2 * px).sum())
    std_y = np.sqrt(((levels - mean_y) ** 2 * py).sum())
    sums, differences = np.arange(2 * count + 1), np.arange(count)
    sum_average = (sums * added).sum()
    hx, hy, hxy = _entropy(px), _entropy(py), _entropy(p)
    flat = std_x * std_y < 1e-12
    return [
        float((p**2).sum()),
        float((differences**2 * apart).sum()),
        1.0 if flat else float((product - mean_x * mean_y) / (std_x * std_y)),
        variance,
        inverse,
        float(sum_average),
        float(((sums - sum_average) ** 2 * added).sum()),
        _entropy(added),
        hxy,
        float(((differences - (differences * apart).sum()) ** 2 * apart).sum()),
        _entropy(apart),
        0.0 if max(hx, hy) < 1e-12 else (hxy - hxy1) / max(hx, hy),
        float(np.sqrt(max(0.0, 1 - np.exp(-2 * (hxy2 - hxy))))),
    ]


def _matrices(grey: Array, valid: Array, levels: int, distance: int) -> list[Array]:
    """Symmetric matrices of a window in the four directions, pair by pair."""
    found = []
    for down, right in ((0, 1), (-1, 1), (1, 0), (1, 1)):
        matrix = np.zeros((levels, levels))
        for y, x in np.ndindex(grey.shape):
            other_y, other_x = y + down * distance, x + right * distance
            if not (0 <= other_y < grey.shape[0] and other_x < grey.shape[1]):
                continue
            if valid[y, x] and valid[other_y, other_x]:
                matrix[grey[y, x], grey[other_y, other_x]] += 1
                matrix[grey[other_y, other_x], grey[y, x]] += 1
        if matrix.any():
            found.append(matrix)
    return found


def _window(plane: Array, y: int, x: int, radius: int) -> Array:
    return plane[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]


@settings(max_examples=15)
@given(
    levels=st.sampled_from([2, 5, 32]),
    radius=st.integers(1, 3),
    distance=st.integers(1, 2),
    share=st.sampled_from([0.0, 0.3, 0.8]),
    seed=st.integers(0, 2**32),
)
def test_all_textures_by_their_definitions(
    levels: int, radius: int, distance: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, rng.integers(1, levels + 1), (6, 7))
    valid = rng.random(grey.shape) >= share
    got = haralick(
        grey.astype("f4"),
        valid,
        radius,
        Quantisation(low=0, high=levels, levels=levels),
        distance=distance,
        fast=False,
    )
    assert tuple(got) == TEXTURES
    for y, x in np.ndindex(grey.shape):
        here = [got[name][y, x] for name in TEXTURES]
        if not valid[y, x]:
            assert here == [0.0] * 13
            continue
        window = _window(grey, y, x, radius), _window(valid, y, x, radius)
        matrices = _matrices(*window, levels, distance)
        if not matrices:  # as in a window of its own level
            matrices = [np.diag(np.arange(levels) == grey[y, x]).astype("f8")]
        wanted = np.mean([_definitions(matrix) for matrix in matrices], axis=0)
        np.testing.assert_allclose(here, wanted, rtol=1e-5, atol=2e-6)


def test_equal_to_scikit_image_and_mahotas_where_these_follow_the_paper() -> None:
    rng = np.random.default_rng(1)
    grey = rng.integers(0, 16, (7, 7)).astype(np.uint8)
    quantisation = Quantisation(low=0, high=16, levels=16)
    valid = np.ones(grey.shape, dtype=bool)
    got = haralick(grey.astype("f4"), valid, 3, quantisation, fast=False)
    middle = {name: float(values[3, 3]) for name, values in got.items()}
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    options = {"levels": 16, "symmetric": True, "normed": True}
    matrix = graycomatrix(grey, [1], angles, **options)  # type: ignore[no-untyped-call]
    for ours, theirs in (
        ("asm", "ASM"),
        ("contrast", "contrast"),
        ("correlation", "correlation"),
        ("idm", "homogeneity"),
        ("variance", "variance"),
        ("entropy", "entropy"),
    ):
        wanted = graycoprops(matrix, theirs).mean()  # type: ignore[no-untyped-call]
        assert middle[ours] == pytest.approx(wanted, rel=1e-5), ours
    other = dict(zip(TEXTURES, mahotas.features.haralick(grey).mean(axis=0), strict=True))
    for name in ("asm", "contrast", "correlation", "variance", "idm", "sum_variance", "imc1"):
        assert middle[name] == pytest.approx(other[name], rel=1e-5), name
    # its levels count from 0, its logarithms are of base 2
    assert middle["sum_average"] == pytest.approx(other["sum_average"] + 2, rel=1e-5)
    for name in ("entropy", "sum_entropy", "difference_entropy"):
        assert middle[name] == pytest.approx(other[name] * np.log(2), rel=1e-5), name


@pytest.mark.parametrize("levels", [8, 32, 256])
@pytest.mark.parametrize(("radius", "distance"), [(1, 1), (3, 1), (4, 5), (9, 1)])
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_numba_gives_the_bits_of_numpy(
    levels: int, radius: int, distance: int, share: float
) -> None:
    pytest.importorskip("numba")
    rng = np.random.default_rng(radius)
    plane = rng.random((24, 31)).astype("f4")
    valid = rng.random(plane.shape) >= share
    arguments = plane, valid, radius, Quantisation(low=0.1, high=0.8, levels=levels)
    slow = haralick(*arguments, distance=distance, fast=False)
    quick = haralick(*arguments, distance=distance, fast=True)
    for name in TEXTURES:
        assert quick[name].tobytes() == slow[name].tobytes(), name


@settings(max_examples=10)
@given(
    radius=st.integers(1, 4),
    share=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 2**32),
    place=st.tuples(st.integers(0, 25), st.integers(0, 280)),
)
def test_a_part_with_its_margin_has_the_bits_of_the_whole(
    radius: int, share: float, seed: int, place: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    plane = rng.random((30, 300)).astype("f4")
    valid = rng.random(plane.shape) >= share
    quantisation = Quantisation(low=0, high=1, levels=6)
    whole = haralick(plane, valid, radius, quantisation, fast=False)
    rows, columns = slice(place[0], place[0] + 4), slice(place[1], place[1] + 9)
    above, before = max(0, rows.start - radius), max(0, columns.start - radius)
    around = slice(above, rows.stop + radius), slice(before, columns.stop + radius)
    part = haralick(plane[around], valid[around], radius, quantisation, fast=False)
    inner = (
        slice(rows.start - above, rows.stop - above),
        slice(columns.start - before, columns.stop - before),
    )
    for name in TEXTURES:
        assert part[name][inner].tobytes() == whole[name][rows, columns].tobytes(), name


def test_the_size_of_the_parts_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    plane = np.random.default_rng(3).random((40, 50)).astype("f4")
    arguments = plane, plane > 0.1, 2, Quantisation(low=0, high=1, levels=5)
    whole = haralick(*arguments, fast=False)
    monkeypatch.setattr(_windows, "_WIDTH", 19)
    monkeypatch.setattr(_windows, "_CACHE_PART", 0.001)
    for name, values in haralick(*arguments, fast=False).items():
        assert values.tobytes() == whole[name].tobytes(), name


def test_a_flat_plane() -> None:
    plane = np.full((9, 9), 0.3, dtype="f4")
    valid = np.ones(plane.shape, dtype=bool)
    got = haralick(plane, valid, 2, Quantisation(low=0, high=1, levels=10), fast=False)
    one = {"asm": 1, "correlation": 1, "idm": 1, "sum_average": 2 * 4}
    for name, values in got.items():
        assert (values == one.get(name, 0)).all(), name


def test_the_largest_window_and_the_most_levels_stay_in_their_types() -> None:
    """Black beside white everywhere: all sums at their largest."""
    plane = np.indices((60, 60)).sum(axis=0).astype("f4") % 2
    valid = np.ones(plane.shape, dtype=bool)
    quantisation = Quantisation(low=0, high=1, levels=256)
    got = haralick(plane, valid, 22, quantisation, fast=False)
    middle = {name: float(values[30, 30]) for name, values in got.items()}
    assert middle["contrast"] == pytest.approx(255**2 / 2)
    assert middle["variance"] == pytest.approx(127.5**2, rel=1e-3)
    assert middle["idm"] == pytest.approx(0.5, abs=1e-4)
    white = np.ones((60, 60), dtype="f4")
    got = haralick(white, valid, 22, quantisation, ["idm", "sum_average"], fast=False)
    assert (got["idm"] == 1).all()
    assert (got["sum_average"] == 512).all()


def test_grey_levels() -> None:
    quantisation = Quantisation(low=-1, high=1, levels=4)
    values = np.array([-9, -1, -0.51, -0.49, 0, 0.49, 0.51, 1, 9, np.nan], dtype="f4")
    assert quantisation.grey(values).tolist() == [0, 0, 0, 1, 2, 2, 3, 3, 3, 0]
    rng = np.random.default_rng(1)
    spanning = Quantisation.spanning(rng.normal(5, 1, 10000).astype("f4"), levels=16)
    assert spanning.low == pytest.approx(5 - 2.326, abs=0.15)
    assert spanning.high == pytest.approx(5 + 2.326, abs=0.15)
    flat = Quantisation.spanning(np.full(10, 0.25, dtype="f4"))
    assert flat.low < 0.25 < flat.high


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quantisation(low=0, high=1, levels=1), "grey levels are 2 to 256"),
        (lambda: Quantisation(low=1, high=1), "low < high"),
        (lambda: Quantisation(low=0, high=float("nan")), "low < high"),
        (lambda: Quantisation.spanning(np.array([np.nan], dtype="f4")), "at least one"),
        (lambda: _textures(radius=0), "radius"),
        (lambda: _textures(radius=23), "radius"),
        (lambda: _textures(radius=2, distance=5), "distance"),
        (lambda: _textures(radius=2, features=["energy"]), "unknown texture 'energy'"),
    ],
)
def test_bad_arguments_are_said(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def _textures(*, radius: int, distance: int = 1, features: Sequence[Any] = TEXTURES) -> None:
    plane = np.zeros((5, 5), dtype="f4")
    quantisation = Quantisation(low=0, high=1)
    haralick(plane, plane == 0, radius, quantisation, features, distance=distance)
