"""Differences undone by compiled code are those that NumPy undoes."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from automap_tiles import accelerate
from automap_tiles.raster.tiff import _unpacking, compile_unpacking


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels, which the tests after this one have not imported."""
    pytest.importorskip("numba")
    monkeypatch.setenv(accelerate.SWITCH, "1")
    monkeypatch.setitem(sys.modules, _unpacking._KERNELS, None)
    del sys.modules[_unpacking._KERNELS]  # as it was is put back in the end


def sums(differences: np.ndarray) -> np.ndarray:
    """Into a part of an array, as the blocks of a stack are; nothing beside it is touched."""
    rows, columns = differences.shape
    around = np.full((rows, columns + 3), 7, differences.dtype)
    _unpacking._add_up(differences, around[:, 1:-2])
    assert (around[:, [0, -2, -1]] == 7).all()
    return around[:, 1:-2]


@pytest.mark.usefixtures("compiled")
def test_compiled_sums_are_those_of_numpy() -> None:
    rng = np.random.default_rng(1)
    whole = rng.integers(0, 2**16, (16, 300), dtype=np.uint16)
    whole.flags.writeable = False  # as the bytes of a file are
    every_second = rng.integers(0, 2**16, (5, 40, 2), dtype=np.uint16)[:, :, 1]
    by_numpy = [sums(differences) for differences in (whole, every_second)]
    compile_unpacking(1)
    assert _unpacking._KERNELS in sys.modules
    for differences, found in zip((whole, every_second), by_numpy, strict=True):
        np.testing.assert_array_equal(found, np.cumsum(differences, axis=1, dtype=np.uint16))
        np.testing.assert_array_equal(sums(differences), found)


def test_few_blocks_are_not_worth_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(accelerate.SWITCH, raising=False)
    monkeypatch.setattr(accelerate._Process, "seconds", 0.0)
    monkeypatch.delitem(sys.modules, _unpacking._KERNELS, raising=False)
    compile_unpacking(10**6)
    assert _unpacking._KERNELS not in sys.modules


def test_nothing_is_imported_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(accelerate.SWITCH, "0")
    monkeypatch.delitem(sys.modules, _unpacking._KERNELS, raising=False)
    compile_unpacking(10**15)
    assert _unpacking._KERNELS not in sys.modules
