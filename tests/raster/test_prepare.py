"""What a function returns becomes what is stored."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from automap_tiles.errors import ProcessResultError, ValueOverflow
from automap_tiles.notes import Fate, Subject, collecting
from automap_tiles.raster import prepare

SHAPE = (4, 5)


def prepared(data: object, **options: Any) -> np.ma.MaskedArray:
    settings: dict[str, Any] = {"count": None, "dtype": "int16", "nodata": 0, "shape": SHAPE}
    return prepare(data, **{**settings, **options})


@pytest.mark.parametrize(
    "data",
    [
        np.ones(SHAPE),
        np.ones((1, *SHAPE)),
        np.ma.ones(SHAPE),
        [np.ones(SHAPE)],
        (np.ma.ones(SHAPE),),
        np.ones(SHAPE, dtype=bool),
    ],
)
def test_forms(data: object) -> None:
    found = prepared(data, count=1)
    assert found.shape == (1, *SHAPE)
    assert found.dtype == np.int16
    assert (found == 1).all()
    assert found.mask.shape == found.shape
    assert found.fill_value == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "returned None; raise automap_tiles.Empty"),
        ("empty?", "returned str, not an array"),
        (np.ones(5), "an array of 1 dimensions"),
        (np.ones((1, 2, 4, 5)), "an array of 4 dimensions"),
        (np.ones((1, 4, 6)), "4 x 6 pixels .* the tile has 4 x 5"),
        ([], "no bands"),
        ([np.ones(SHAPE), None], "one is NoneType"),
        ([np.ones((1, *SHAPE))], "one is an array of 3 dimensions"),
        ([np.ones(SHAPE), np.ones((5, 5))], "different shapes"),
        (np.full(SHAPE, "a"), "dtype <U1"),
        (np.full(SHAPE, 1j), "complex values"),
    ],
)
def test_what_cannot_be_stored(data: object, message: str) -> None:
    with pytest.raises(ProcessResultError, match=message):
        prepared(data)


def test_number_of_bands() -> None:
    with pytest.raises(ProcessResultError, match="returned 2 bands, the output has 3"):
        prepared(np.ones((2, *SHAPE)), count=3)


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.int16, np.uint8, np.uint64]),
        (2, *SHAPE),
    ),
    st.sampled_from(["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]),
)
@settings(max_examples=300)
def test_integers_saturate_and_cut_fractions(data: np.ndarray, dtype: str) -> None:
    found = prepared(data, dtype=dtype, nodata=None)
    limits = np.iinfo(dtype)
    for value, stored, masked in zip(
        data.ravel().tolist(), found.data.ravel().tolist(), found.mask.ravel(), strict=True
    ):
        if isinstance(value, float) and math.isnan(value):
            assert masked
            assert stored == 0
        elif math.isinf(value):
            assert stored == (limits.max if value > 0 else limits.min)
        else:
            assert stored == min(max(int(value), limits.min), limits.max)
            assert not masked


def test_nan_in_a_whole_number_output_is_nodata() -> None:
    data = np.full(SHAPE, 2.7)
    data[0] = math.nan
    found = prepared(data, nodata=-1)
    assert np.ma.getmaskarray(found)[0, 0].all()
    assert (found.data[0, 0] == -1).all()
    assert (found.data[0, 1:] == 2).all()


def test_nan_nodata() -> None:
    data = np.ma.MaskedArray(np.full(SHAPE, 2.5), mask=False)
    data[0] = math.nan
    data[1] = np.ma.masked
    found = prepared(data, dtype="float32", nodata=math.nan)
    assert np.ma.getmaskarray(found)[0, :2].all()
    assert not np.ma.getmaskarray(found)[0, 2:].any()
    assert np.isnan(found.data[0, :2]).all()
    assert np.isnan(found.fill_value)


def test_pixels_equal_to_nodata_are_masked() -> None:
    data = np.array([[0, 1, 2, 0, 5]] * 4)
    np.testing.assert_array_equal(np.ma.getmaskarray(prepared(data))[0], data == 0)
    # Also those that only become nodata by the conversion.
    np.testing.assert_array_equal(np.ma.getmaskarray(prepared(data + 0.4))[0], data == 0)


def test_mask_is_kept_and_filled() -> None:
    data = np.ma.MaskedArray(np.full(SHAPE, 7, dtype=np.int16), mask=False)
    data[2] = np.ma.masked
    found = prepared(data, nodata=-3)
    assert np.ma.getmaskarray(found)[0, 2].all()
    assert (found.data[0, 2] == -3).all()
    # The user's array is not touched.
    assert (data.data == 7).all()
    assert data.mask.sum() == 5


@pytest.mark.parametrize("data", [np.zeros(SHAPE, np.int16), np.ma.zeros(SHAPE, np.int16)])
def test_array_of_the_user_stays(data: np.ndarray) -> None:
    before = pickle.dumps(data)
    prepared(data, nodata=0)
    assert pickle.dumps(data) == before


@pytest.mark.parametrize(
    ("value", "dtype", "fits"),
    [
        (255.7, "uint8", True),
        (256.0, "uint8", False),
        (-0.9, "uint8", True),
        (-1.0, "uint8", False),
        (math.inf, "uint8", False),
        (32768, "int16", False),
        (-32768, "int16", True),
        (2.0**31, "int32", False),
        (2.0**31 - 1, "int32", True),
        (1e300, "float32", False),
        (math.inf, "float32", True),
        (2.0**63, "int64", False),
    ],
)
def test_overflow_raises(value: float, dtype: str, fits: bool) -> None:
    data = np.ones((2, *SHAPE), dtype=np.asarray(value).dtype)
    data[1, 2, 3] = value
    if fits:
        prepared(data, dtype=dtype, on_overflow="raise")
        return
    with pytest.raises(
        ValueOverflow, match=rf"band 2 \(row 2, column 3\) .* dtype {dtype}"
    ) as info:
        prepared(data, dtype=dtype, on_overflow="raise")
    assert str(data[1, 2, 3]) in str(info.value)
    assert pickle.loads(pickle.dumps(info.value)).args == info.value.args


@pytest.mark.parametrize(
    ("values", "dtype", "wanted", "count"),
    [
        ([1, 300, -5, 255], "uint8", [1, 255, 0, 255], 2),
        ([1.9, 256.0, -1.5, np.inf], "uint8", [1, 255, 0, 255], 3),
        ([1.9, 255.9, -0.9, np.nan], "uint8", [1, 255, 0, 0], 0),
        ([40_000, -40_000, 5, 32_767], "int16", [32_767, -32_768, 5, 32_767], 2),
        ([1e39, -1e39, 5.0, np.inf], "float32", [3.4028235e38, -3.4028235e38, 5, np.inf], 2),
    ],
)
def test_what_does_not_fit_is_told(
    values: list[float], dtype: str, wanted: list[float], count: int
) -> None:
    data = np.ma.MaskedArray(np.zeros((2, *SHAPE)), mask=False).astype(np.array(values).dtype)
    data[0, 0, :4] = values
    data[1] = values[0]
    data[1, 1, :4] = np.ma.MaskedArray(values, mask=True)
    with collecting() as notes:
        found = prepared(data, dtype=dtype, nodata=None)
    np.testing.assert_array_equal(found.data[0, 0, :4], np.array(wanted, dtype=dtype))
    told = [(note.fate, note.subject, note.count) for note in notes]
    # of the second band those of the first value, but for the masked ones
    more = (data[1].size - 4) * (abs(values[0]) >= 40_000)
    assert told == ([(Fate.REPLACED, Subject.PIXELS, count + more)] if count else [])


def test_a_value_for_no_data_that_does_not_fit_is_not_told() -> None:
    data = np.full(SHAPE, -9999, dtype=np.int32)
    data[0] = 7
    with collecting() as notes:
        prepared(data, dtype="uint8", nodata=-9999)
    assert not list(notes)


@pytest.mark.parametrize(
    ("value", "dtype", "told"),
    [
        (0.7, "uint8", 1),
        (-0.2, "int16", 1),
        (0.7, "float32", 0),
        (0.0, "uint8", 0),
        (1.2, "uint8", 0),
    ],
)
def test_results_of_which_whole_numbers_keep_nothing_are_told(
    value: float, dtype: str, told: int
) -> None:
    data = np.ma.MaskedArray(np.full(SHAPE, value, dtype=np.float32), mask=False)
    data[0] = np.ma.masked
    with collecting() as notes:
        prepared(data, dtype=dtype, nodata=None)
    assert [(note.fate, note.count) for note in notes] == [(Fate.LOST, data.count())] * told


def test_masked_values_may_be_anything() -> None:
    data = np.ma.MaskedArray(np.full(SHAPE, 1.0), mask=False)
    data[0, 0] = 1e9
    data[0, 0] = np.ma.masked
    found = prepared(data, dtype="uint8", on_overflow="raise")
    assert found.mask.sum() == 1


def test_large_floats_saturate() -> None:
    found = prepared(np.full(SHAPE, -1e300), dtype="float32", nodata=0)
    assert (found == -np.finfo(np.float32).max).all()


@pytest.mark.parametrize("nodata", [0, -32768, 7])
@pytest.mark.parametrize("masked", [True, False])
def test_equals_mapchete_where_values_fit(
    rng: np.random.Generator, nodata: int, masked: bool
) -> None:
    array = pytest.importorskip("mapchete.io.raster.array")
    data: Any = rng.normal(0, 1000, (2, *SHAPE))
    data[0, 0, :2] = nodata
    if masked:
        data = np.ma.MaskedArray(data, rng.random(data.shape) < 0.2)
    theirs = array.prepare_array(data, nodata=nodata, dtype="int16")
    ours = prepared(data, nodata=nodata)
    np.testing.assert_array_equal(ours.mask, np.ma.getmaskarray(theirs))
    np.testing.assert_array_equal(ours[~ours.mask], theirs[~ours.mask])


@pytest.mark.parametrize(
    ("values", "dtype", "count"),
    [
        ([2**24 + 1, 2**24, 2**24 + 2, -(2**24) - 1, 5], "float32", 2),
        ([2049, 2048, 2050, 7, 1], "float16", 1),
        ([2**24, 1, 2, 3, 4], "float32", 0),
        ([2**31 - 1, 1, 2, 3, 4], "float64", 0),
    ],
)
def test_whole_numbers_that_floats_round_are_told(
    values: list[int], dtype: str, count: int
) -> None:
    data = np.ma.MaskedArray(np.array([values] * 4, np.int32), mask=np.zeros(SHAPE, bool))
    data[3] = np.ma.masked
    with collecting() as notes:
        prepared(data, dtype=dtype)
    assert sum(note.count for note in notes if "rounds" in note.reason) == 3 * count
