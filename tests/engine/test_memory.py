"""Peaks of memory: of the process so far, and of one block alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.engine import memory
from automap_tiles.engine.memory import memory_span, peak_memory

MANY = 64 * 2**20
needs_reset = pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="peaks cannot be set back here"
)


@needs_reset
def test_a_block_has_a_peak_of_its_own_and_that_of_the_process_stays() -> None:
    with memory_span() as before:
        pass
    with memory_span() as large:
        np.ones(MANY, np.uint8).sum()
    with memory_span() as small:
        pass
    slack = 8 * 2**20  # the kernel counts pages in batches, and others allocate
    assert large.peak_bytes > before.peak_bytes + MANY - slack
    assert small.peak_bytes < large.peak_bytes - MANY + slack
    assert peak_memory() >= large.peak_bytes


def test_of_two_blocks_at_a_time_none_is_known() -> None:
    with memory_span() as one:
        with memory_span() as other:
            pass
        with memory_span() as third:
            pass
    assert (one.peak_bytes, other.peak_bytes, third.peak_bytes) == (0, 0, 0)
    if os.access("/proc/self/clear_refs", os.W_OK):
        with memory_span() as later:
            pass
        assert later.peak_bytes > 0


def test_where_the_system_does_not_allow_it_nothing_is_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_RESET", tmp_path / "no" / "clear_refs")
    with memory_span() as span:
        pass
    assert span.peak_bytes == 0
    assert peak_memory() > 0


def test_a_block_that_fails_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no"), memory_span():
        raise ValueError("no")
    assert not memory._spans.open
