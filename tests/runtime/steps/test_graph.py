"""Which step reads which: order, ends, circles, margins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.runtime.steps._graph import Circle, Graph


def graph(**reads: str) -> Graph:
    return Graph(reads={name: frozenset(text.split()) for name, text in reads.items()})


def test_each_comes_after_what_it_reads_and_one_is_the_end() -> None:
    found = graph(last="left right", left="first", first="", right="first")
    order = found.order()
    assert order[0] == "first"
    assert order[-1] == "last"
    assert found.ends() == ("last",)
    assert found.users("first") == {"left", "right"}


def test_margins_add_up_along_the_widest_way() -> None:
    found = graph(a="", b="a", c="a", d="b c")
    buffers = {"a": 1, "b": 10, "c": 2, "d": 5}
    # d looks 5 beyond its tile; b, to give that, 10 more; c only 2 more
    assert found.margins(buffers) == {"d": 0, "b": 5, "c": 5, "a": 15}


def test_a_circle_is_named_in_the_order_of_reading() -> None:
    with pytest.raises(Circle, match=r"b reads c reads b|c reads b reads c"):
        graph(a="", b="a c", c="b").order()
    with pytest.raises(Circle, match="a reads a"):
        graph(a="a").order()


@given(
    edges=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14),
    buffers=st.lists(st.integers(0, 9), min_size=8, max_size=8),
)
def test_a_margin_is_the_longest_way_to_an_end(
    edges: list[tuple[int, int]], buffers: list[int]
) -> None:
    reads = {
        str(n): frozenset(str(min(e)) for e in edges if max(e) == n and min(e) != n)
        for n in range(8)
    }
    found = Graph(reads=reads)
    sizes = {str(n): buffer for n, buffer in enumerate(buffers)}

    def longest(name: str) -> int:
        return max((sizes[user] + longest(user) for user in found.users(name)), default=0)

    assert found.margins(sizes) == {name: longest(name) for name in reads}
