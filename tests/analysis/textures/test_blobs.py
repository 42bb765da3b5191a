"""Blobs against SciPy and scikit-image, and the same bits for parts of a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import feature

from automap_tiles.analysis.textures.blobs import RATIO, BlobSearch, Form, find, margin, strength

INSIDE = slice(40, -40)
others: Any = feature  # it has no types


def rough(seed: int = 0, shape: tuple[int, int] = (120, 130)) -> Any:
    picture = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 2)
    return (picture - picture.min()) / np.ptp(picture)


def whole(picture: Any) -> Any:
    return np.ones(picture.shape, dtype=bool)


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0, 3.3, 4.0, 5.7])
def test_strengths_are_those_of_others(sigma: float) -> None:
    picture = rough()
    found = {form: strength(picture, whole(picture), form, sigma) for form in Form}
    wanted = {
        Form.LOG: -(sigma**2) * ndimage.gaussian_laplace(picture, sigma),
        Form.DOG: (
            ndimage.gaussian_filter(picture, sigma)
            - ndimage.gaussian_filter(picture, sigma * RATIO)
        )
        / (RATIO - 1),
        # scikit-image's boxes lie one pixel down and to the right of the pixel they are for
        Form.DOH: np.roll(others.hessian_matrix_det(picture, sigma), (1, 1), (0, 1)),
    }
    for form in Form:
        np.testing.assert_allclose(
            found[form][INSIDE, INSIDE], wanted[form][INSIDE, INSIDE], rtol=1e-6, atol=1e-7
        )


def test_a_bright_disc_is_found_where_it_is_and_as_wide_as_it_is() -> None:
    rows, cols = np.mgrid[:90, :100]
    for radius in (4, 6, 8):
        picture = (np.hypot(rows - 47, cols - 52) <= radius).astype(float)
        for form in Form:
            search = BlobSearch(form=form, smallest=2, largest=12, steps=21)
            blobs = find(picture, whole(picture), search)
            best = int(blobs.strengths.argmax())
            assert abs(blobs.rows[best] - 47) <= 1
            assert abs(blobs.cols[best] - 52) <= 1
            if form is not Form.DOH:  # box filters answer to wider ones
                assert blobs.radii[best] == pytest.approx(radius, abs=1.3)


@pytest.mark.parametrize(
    ("form", "other"), [(Form.LOG, others.blob_log), (Form.DOG, others.blob_dog)]
)
def test_the_same_blobs_as_scikit_image(form: Form, other: Any) -> None:
    picture = rough(3)
    # the scales of theirs by differences are powers of the ratio, which two steps of ours meet
    largest, steps = (6, 5) if form is Form.LOG else (2 * RATIO, 2)
    search = BlobSearch(
        form=form,
        smallest=form.radius(2),
        largest=form.radius(largest),
        steps=steps,
        threshold=0.02,
        overlap=1,
    )
    more = {"num_sigma": 5} if form is Form.LOG else {"sigma_ratio": RATIO}
    theirs = other(picture, min_sigma=2, max_sigma=largest, threshold=0.02, overlap=1, **more)
    blobs = find(picture, whole(picture), search)
    own = set(zip(blobs.rows.tolist(), blobs.cols.tolist(), blobs.radii.round(3), strict=True))
    wanted = {(int(row), int(col), round(form.radius(sigma), 3)) for row, col, sigma in theirs}
    far = {one for one in own ^ wanted if 35 < one[0] < 85 and 35 < one[1] < 95}
    assert len(own) > 20
    assert not far, far


def test_of_two_that_overlap_the_larger_stays() -> None:
    rows, cols = np.mgrid[:100, :100]
    wide = np.exp(-((rows - 40) ** 2 + (cols - 40) ** 2) / (2 * 64))
    narrow = np.exp(-((rows - 40) ** 2 + (cols - 46) ** 2) / (2 * 1.5))
    apart = np.exp(-((rows - 70) ** 2 + (cols - 70) ** 2) / (2 * 1.5))
    picture = wide + narrow + apart
    search = {"smallest": 1.5, "largest": 15, "steps": 10, "threshold": 0.2}
    both = find(picture, whole(picture), BlobSearch(overlap=1, **search))  # type: ignore[arg-type]
    one = find(picture, whole(picture), BlobSearch(overlap=0.5, **search))  # type: ignore[arg-type]
    near = [
        [(row, col) for row, col in zip(found.rows.tolist(), found.cols.tolist(), strict=True)]
        for found in (both, one)
    ]
    assert set(near[0]) - set(near[1]) == {(40, 46)}
    assert (70, 70) in near[1]
    assert len(near[1]) == 2


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    form=st.sampled_from(list(Form)),
    gaps=st.sampled_from([0.0, 0.02, 0.6]),
    corner=st.tuples(st.integers(0, 40), st.integers(0, 40)),
)
def test_a_part_has_the_bits_of_the_whole(
    seed: int, form: Form, gaps: float, corner: tuple[int, int]
) -> None:
    random = np.random.default_rng(seed)
    picture = random.random((150, 150)).astype(np.float32)
    valid = random.random(picture.shape) >= gaps
    search = BlobSearch(form=form, smallest=1.5, largest=4, steps=3, threshold=0.01)
    around = search.margin
    part = tuple(slice(first, first + 2 * around + 30) for first in corner)
    sigma = search.sigmas[-1]
    near = margin(form, sigma)
    inner = slice(near, -near)
    np.testing.assert_array_equal(
        strength(picture[part], valid[part], form, sigma)[inner, inner],
        strength(picture, valid, form, sigma)[part][inner, inner],
    )
    large, small = find(picture, valid, search), find(picture[part], valid[part], search)

    def own(blobs: object, first: tuple[int, int]) -> set[tuple[float, ...]]:
        rows, cols = blobs.rows + first[0], blobs.cols + first[1]  # type: ignore[attr-defined]
        low = [one + around for one in corner]
        high = [one + around + 30 for one in corner]
        kept = (rows >= low[0]) & (rows < high[0]) & (cols >= low[1]) & (cols < high[1])
        columns = (rows, cols, blobs.radii, blobs.strengths)  # type: ignore[attr-defined]
        return set(zip(*(one[kept].tolist() for one in columns), strict=True))

    assert own(small, corner) == own(large, (0, 0))


@pytest.mark.parametrize("form", list(Form))
def test_nothing_known_and_nothing_there(form: Form) -> None:
    plane = np.full((40, 40), 7.0)
    nothing = np.zeros(plane.shape, dtype=bool)
    assert not strength(plane, nothing, form, 2).any()
    assert not len(find(plane, nothing, BlobSearch(form=form)))
    flat = strength(plane, ~nothing, form, 2)
    # no edge where the plane ends; kernels that end leave 7e-4 of the level, SciPy's as well
    np.testing.assert_allclose(flat, flat[20, 20], atol=1e-5)
    assert abs(flat[20, 20]) < 7 * 1e-3
    assert not len(find(plane, ~nothing, BlobSearch(form=form)))


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"smallest": 0}, "radii"),
        ({"smallest": 5, "largest": 4}, "radii"),
        ({"steps": 0}, "steps"),
        ({"overlap": 1.5}, "overlap"),
        ({"largest": 500}, "sigma"),
    ],
)
def test_searches_that_cannot_be(wrong: dict[str, float], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        BlobSearch(**wrong)  # type: ignore[arg-type]
