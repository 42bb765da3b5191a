from __future__ import annotations

import random
from itertools import product

import pytest

from automap_tiles.analysis._network import operations, selection_network, sorting_network


@pytest.mark.parametrize(
    ("size", "offset"), [*((size, 0) for size in range(1, 13)), (5, 2), (10, 3)]
)
def test_every_sequence_of_zeros_and_ones_is_sorted(size: int, offset: int) -> None:
    """Knuth's zero-one principle: then every sequence is."""
    network = sorting_network(size, offset)
    for bits in product((0, 1), repeat=size):
        row = list(bits)
        for low, high in network:
            if row[low] > row[high]:
                row[low], row[high] = row[high], row[low]
        assert row == sorted(bits)


@pytest.mark.parametrize("size", [*range(1, 40), 64, 100, 146])
def test_selection_puts_the_middle_ranks_in_place(size: int) -> None:
    ranks = frozenset({max(0, size // 2 - 1), size // 2})
    network = selection_network(size, ranks)
    shuffle = random.Random(size)
    for _ in range(20):
        values = [shuffle.randrange(size) for _ in range(size)]
        row = list(values)
        for low, high, keep_low, keep_high in network:
            small, large = sorted((row[low], row[high]))
            # what is said not to be needed is spoilt, so that it is noticed when it was
            row[low] = small if keep_low else -1
            row[high] = large if keep_high else -1
        assert [row[rank] for rank in ranks] == [sorted(values)[rank] for rank in ranks]


def test_pruning_saves_what_it_should() -> None:
    assert 2 * len(sorting_network(12)) == 82
    assert operations(selection_network(12, frozenset({5, 6}))) == 54
    assert operations(selection_network(12, frozenset({0}))) == 11
