"""Who fills which argument."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from automap_tiles.errors import ProcessError
from automap_tiles.runtime.signature import Role, read_signature


def function(code: str, **scope: Any) -> Callable[..., Any]:
    exec(textwrap.dedent(code), scope)
    return scope["execute"]  # type: ignore[no-any-return]


def roles(code: str) -> dict[str, str]:
    arguments = read_signature(function(code), has_setup="setup" in code).arguments
    return {name: argument.role.value for name, argument in arguments.items()}


OURS = """
from automap_tiles import Tile, TilePixelBuffer, TileBuffer, OutputNodataValue, OutputPath
def execute(a, b: int, *, tile: Tile, px: TilePixelBuffer, width: TileBuffer,
            nodata: OutputNodataValue | None = None, path: OutputPath = "x"): ...
"""
EXPECTED = {
    "a": "value",
    "b": "value",
    "tile": "Tile",
    "px": "TilePixelBuffer",
    "width": "TileBuffer",
    "nodata": "OutputNodataValue",
    "path": "OutputPath",
}


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_our_markers(future: str) -> None:
    assert roles(future + OURS) == EXPECTED


def test_markers_that_only_type_checkers_import() -> None:
    code = "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
    code += "if TYPE_CHECKING:\n    import automap_tiles as at\n    from a.b import Unknown\n"
    code += "def execute(x: Unknown, t: at.Tile, b: at.TilePixelBuffer): ...\n"
    assert roles(code) == {"x": "value", "t": "Tile", "b": "TilePixelBuffer"}


def test_common_types_are_no_markers() -> None:
    code = "from pydantic import NonNegativeFloat, NonNegativeInt\nfrom typing import Optional\n"
    code += "def execute(a: NonNegativeFloat = 0.3, b: NonNegativeInt = 1, "
    code += "c: Optional[float] = None, d: str = ''): ...\n"
    assert set(roles(code).values()) == {"value"}


MAPCHETE = """
import sys
from pathlib import Path
from mapchete import Tile, TilePixelBuffer, TileBuffer, OutputNodataValue, OutputPath, MPath
import mapchete
from pydantic import NonNegativeFloat
from typing import Optional
def execute(
    a: NonNegativeFloat,
    b: Optional[float] = None,
    *,
    tile: Tile,
    px: TilePixelBuffer,
    width: mapchete.TileBuffer,
    nodata: OutputNodataValue = 0,
    path: OutputPath,
    other: MPath = None,
): ...
"""


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_markers_of_mapchete(future: str, tmp_path: Any) -> None:
    """In a process of its own, as mapchete counts only once somebody has imported it."""
    pytest.importorskip("mapchete")
    (tmp_path / "mine.py").write_text(future + MAPCHETE)
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from automap_tiles.runtime.function import FunctionRef
        from automap_tiles.runtime.signature import read_signature
        assert "mapchete" not in sys.modules
        function = FunctionRef.from_file(Path(sys.argv[1])).load().execute
        for argument in read_signature(function).arguments.values():
            print(argument.name, argument.role.value)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "mine.py")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert dict(line.split() for line in done.stdout.splitlines()) == {
        **{name: role for name, role in EXPECTED.items() if name not in "ab"},
        "a": "value",
        "b": "value",
        "other": "value",
    }


def test_context_needs_a_setup() -> None:
    code = "def execute(context, mp): ...\n"
    assert roles(code) == {"context": "value", "mp": "mp"}
    assert roles(code + "def setup(): ...\n") == {"context": "context", "mp": "mp"}


def test_kwargs_take_all() -> None:
    assert read_signature(function("def execute(a, **kwargs): ...")).takes_all
    assert not read_signature(function("def execute(a, *args): ...")).takes_all
    assert list(read_signature(function("def execute(a, *args): ...")).arguments) == ["a"]


def test_arguments_by_position_only_cannot_be_given() -> None:
    with pytest.raises(ProcessError, match="a can only be given by position"):
        read_signature(function("def execute(a, /): ..."))


def test_decorated_functions_show_their_own_arguments() -> None:
    code = """
    from __future__ import annotations
    import functools
    from automap_tiles import Tile
    def twice(f):
        @functools.wraps(f)
        def g(*args, **kwargs): ...
        return g
    @twice
    def execute(dem, tile: Tile, factor: float = 1.0): ...
    """
    signature = read_signature(function(code))
    assert signature.names(Role.VALUE) == ["dem", "factor"]
    assert signature.names(Role.TILE) == ["tile"]
    assert signature.arguments["dem"].required
    assert not signature.arguments["factor"].required
    assert signature.arguments["factor"].annotation is float
