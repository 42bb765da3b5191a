"""Both ways to sums along rows give those of NumPy, whatever stood in their memory before."""

from __future__ import annotations

import numpy as np
import pytest

from automap_tiles.raster.tiff import _sums

SHAPES = ((1, 1), (3, 63), (5, 64), (7, 65), (256, 256), (300, 130), (2, 90_000))


@pytest.mark.parametrize("way", [_sums.by_accumulating, _sums.by_doubling])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_sums_modulo_the_range(
    way: _sums.Sums, dtype: type[np.unsignedinteger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sums._choice, "way", way)
    rng = np.random.default_rng(3)
    for shape in (*SHAPES, *SHAPES[::-1]):
        around = rng.integers(0, 256, (shape[0], shape[1] + 2)).astype(dtype)
        differences = rng.integers(0, np.iinfo(dtype).max, (*shape, 2), dtype=dtype, endpoint=True)
        beside = around[:, [0, -1]].copy()
        _sums.add_up_narrow(differences[:, :, 1], around[:, 1:-1])
        expected = np.cumsum(differences[:, :, 1], axis=1, dtype=dtype)
        np.testing.assert_array_equal(around[:, 1:-1], expected)
        np.testing.assert_array_equal(around[:, [0, -1]], beside)


def test_a_way_is_chosen_by_the_first_large_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sums, "_choice", choice := _sums._Choice())
    small, large = np.ones((2, 3), np.uint16), np.ones((128, 256), np.uint16)
    _sums.add_up_narrow(small, out := np.empty_like(small))
    assert out.tolist() == [[1, 2, 3]] * 2
    assert choice.way == choice._measure
    _sums.add_up_narrow(large, out := np.empty_like(large))
    assert (out == np.arange(1, 257)).all()
    assert choice.way in (_sums.by_accumulating, _sums.by_doubling)
