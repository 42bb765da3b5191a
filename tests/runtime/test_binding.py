"""From names in the file to arguments of a call."""

from __future__ import annotations

import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError, ProcessError
from automap_tiles.formats import OutputKind
from automap_tiles.runtime import Process
from automap_tiles.runtime._binding import bind, check, unused_inputs
from automap_tiles.runtime.signature import read_signature
from tests.runtime.fakes import PYRAMID, FakeInput, FakeReader, FakeWriter, make_process


def call(process: Process, zoom: int = 2, row: int = 0, col: int = 1) -> Any:
    found = process.compute(PYRAMID.tile(zoom, row, col))
    assert found is not None
    return found.data


def code(text: str) -> str:
    return textwrap.dedent(text)


def test_by_name() -> None:
    process = make_process(
        "def execute(b, *, dem, a=1, c=3): return dem.name, a, b, c",
        inputs={"dem": FakeReader("dem.tif")},
        parameters={"a": 10, "b": [1]},
    )
    assert call(process) == ("dem.tif", 10, [1], 3)


def test_special_arguments() -> None:
    process = make_process(
        code("""
        from automap_tiles import *
        from automap_tiles import Tile, TileBuffer, TilePixelBuffer, OutputPath, OutputNodataValue
        def execute(t: Tile, px: TilePixelBuffer, width: TileBuffer, nodata: OutputNodataValue,
                    path: OutputPath, threshold: float = 0.3):
            return t, px, width, nodata, path, threshold
        """)
    )
    tile = PYRAMID.tile(2, 0, 1)
    got = call(process)
    assert got == (tile, 3, 3 * tile.pixel_x_size, -9999, "/some/where", 0.3)
    assert type(got[3]) is int


def test_an_output_without_nodata() -> None:
    text = (
        "from automap_tiles import OutputNodataValue\ndef execute(n: OutputNodataValue{}): return n"
    )
    writer = FakeWriter(nodata=None)
    assert call(make_process(text.format(" = 7"), writer=writer)) == 7
    with pytest.raises(ProcessError, match="nodata"):
        call(make_process(text.format(""), writer=writer))


def test_groups_and_inputs_of_some_zooms() -> None:
    process = make_process(
        code("""
        def execute(group, fine=None):
            return [(name, one.name if hasattr(one, 'name') else [n for n, _ in one])
                    for name, one in group], fine and fine.name
        """),
        inputs={
            "group": {
                "b": FakeReader("b.tif"),
                "a": FakeReader("a.tif"),
                "c": {"d": FakeReader("d")},
            },
            "fine": {"zoom>=3": FakeReader("fine.tif")},
        },
    )
    names = [("b", "b.tif"), ("a", "a.tif"), ("c", ["d"])]
    assert call(process, 2) == (names, None)
    assert call(process, 3) == (names, "fine.tif")
    assert process.input_names(2) == ("group/b", "group/a", "group/c/d")
    assert process.input_names(3) == ("group/b", "group/a", "group/c/d", "fine")


def test_parameters_by_zoom_and_null() -> None:
    process = make_process(
        "def execute(a='default', b='default'): return a, b",
        parameters={"a": {"zoom<3": 1, "zoom>3": 2}, "b": None},
    )
    assert [call(process, zoom)[0] for zoom in (2, 3)] == [1, "default"]
    # as in mapchete, null means "not given"
    assert call(process)[1] == "default"


def test_kwargs_take_the_rest() -> None:
    process = make_process(
        "def execute(a, **others): return a, sorted(others)",
        inputs={"x": FakeReader("x")},
        parameters={"a": 1, "b": 2},
    )
    assert call(process) == (1, ["b", "x"])


def test_a_function_may_change_what_it_gets() -> None:
    """Otherwise a tile would depend on the tiles before it."""
    process = make_process(
        "def execute(values, names): values.append(1); names.clear(); return list(values)",
        parameters={"values": [0], "names": {"a": [1]}},
    )
    assert [call(process), call(process)] == [[0, 1], [0, 1]]


def test_old_style() -> None:
    process = make_process(
        code("""
        def execute(mp, extra=1):
            group = mp.open("g")
            try:
                mp.open("nothing")
            except ValueError:
                pass
            return (mp.open("dem").name, mp.tile.id, mp.params["factor"], sorted(mp.input),
                    mp.params["input"] is mp.input, group[0][0], mp.output_params["nodata"],
                    mp.tile_pyramid is mp.tile.tile_pyramid, extra)
        """),
        inputs={"dem": FakeReader("dem.tif"), "g": {"m": FakeReader("m")}},
        parameters={"factor": 2},
    )
    assert call(process) == (
        "dem.tif", (2, 0, 1), 2, ["dem", "g"], True, "m", -9999.0, True, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "parameters", "key", "words", "remedy"),
    [
        ("execute(dem)", {}, {}, "process", "needs 'dem'", "add 'dem'"),
        ("execute(dem)", {"deem": 1}, {}, "process", "needs 'dem'", "rename 'deem' to 'dem'"),
        (
            "execute(resampling='nearest')",
            {},
            {"resamplig": "x"},
            "process_parameters.resamplig",
            "no such parameter",
            "resampling?",
        ),
        ("execute(a=1)", {}, {"zzz": 1}, "process_parameters.zzz", "no such", "it takes a"),
        ("execute()", {}, {"zzz": 1}, "process_parameters.zzz", "no such", "no arguments"),
        ("execute(clip=None)", {"clp": 1}, {}, "input.clp", "no such input", r"clip\?"),
        ("execute(a)", {"a": 1}, {"a": 1}, "process_parameters.a", "at once", "rename"),
        ("execute(a: int)", {}, {"a": "x"}, "process_parameters.a", "valid integer", "int"),
        ("execute(a: list[int])", {}, {"a": [1, "x"]}, "process_parameters.a", r"\[1\]", "list"),
    ],
)
def test_what_does_not_match(
    text: str, inputs: dict, parameters: dict, key: str, words: str, remedy: str
) -> None:
    scope: dict[str, Any] = {}
    exec(f"def {text}: ...", scope)
    readers = {name: FakeReader(name) for name in inputs}
    with pytest.raises(ConfigError, match=words) as caught:
        check(read_signature(scope["execute"]), readers, parameters, 5, Path())
    assert caught.value.key == key
    import re

    assert re.search(remedy, str(caught.value.remedy))


def test_an_input_that_nobody_takes_is_known() -> None:
    process = make_process("def execute(): return 1", inputs={"mask": FakeReader("m")})
    assert call(process) == 1
    names = {"mask": 1}
    for text, unused in (("", ["mask"]), ("mask", []), ("mp", []), ("**others", [])):
        scope: dict[str, Any] = {}
        exec(f"def execute({text}): ...", scope)
        assert unused_inputs(read_signature(scope["execute"]), names) == unused


@pytest.mark.parametrize("asked", ["RasterInput", "VectorInput"])
@pytest.mark.parametrize("kind", OutputKind)
def test_kind_of_input(asked: str, kind: OutputKind) -> None:
    process = make_process(
        f"from automap_tiles import {asked}\ndef execute(dem: {asked} | None): return 1",
        inputs={"dem": FakeReader("dem", kind=kind)},
    )
    if asked.lower().startswith(kind.value):
        assert call(process) == 1
    else:
        with pytest.raises(ConfigError, match=asked[:6].lower()) as caught:
            call(process)
        assert caught.value.key == "input.dem"


SETUP = """
RUNS = []
def setup(model, size: float = 1.0):
    RUNS.append((model, size))
    return object()
def execute(context, size: float, other=0):
    return id(context), list(RUNS)
"""


def test_setup_runs_once_for_the_same_parameters() -> None:
    def make(**parameters: Any) -> Process:
        return make_process(SETUP, parameters={"size": 2, "other": 5} | parameters)

    with pytest.raises(ConfigError, match="setup\\(\\) needs the parameter 'model'"):
        call(make_process(SETUP, parameters={"size": 2}))
    text = SETUP.replace("def execute(context", "def execute(context, model")
    process = make_process(text, parameters={"size": 2, "model": "m"})
    first, runs = call(process)
    second, _ = call(process, 3)
    third, _ = call(make_process(text, parameters={"model": "m", "size": 2}))
    assert first == second == third
    assert runs == [("m", 2.0)]
    other, runs = call(make_process(text, parameters={"size": 3, "model": "m"}))
    assert other != first
    assert len(runs) == 2


def test_setup_runs_once_for_many_threads() -> None:
    text = "import time\nN = []\ndef setup():\n    time.sleep(0.05); N.append(1)\n"
    text += "def execute(context): return len(N)"
    process = make_process(text)
    barrier = threading.Barrier(8)

    def one(_: int) -> Any:
        barrier.wait()
        return call(process)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {1}


def test_overhead_of_a_tile() -> None:
    """A guard against accidents only, far above what it takes (see the report of the bench)."""
    process = make_process("def execute(a, b=1): return 1", parameters={"a": 5}, inputs={})
    tile = PYRAMID.tile(3, 0, 0)
    process.compute(tile)
    started = time.process_time()
    for _ in range(200):
        process.compute(tile)
    assert (time.process_time() - started) / 200 < 0.002


def test_paths_and_enums_are_shared_not_copied() -> None:
    value = Path("x")
    process = make_process(
        "def execute(a, b): return id(a), id(b)", parameters={"a": value, "b": (1, "x")}
    )
    assert call(process)[0] == id(value)
    assert bind(process, 2).copied == ()
    assert isinstance(process.inputs.at(PYRAMID.tile(0, 0, 0)), dict)
    assert FakeInput("a", PYRAMID.tile(0, 0, 0)).read().shape[1:] == PYRAMID.tile(0, 0, 0).shape
