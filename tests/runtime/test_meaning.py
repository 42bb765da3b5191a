"""What a source means: what counts of it and what does not."""

from __future__ import annotations

import ast
import textwrap

import pytest

from automap_tiles.runtime._meaning import meaning

CODE = '''
"""Of a module."""
import os
from dataclasses import dataclass

LIMIT = 3

@dataclass
class Box:
    """Of a class."""
    width: int
    height: float = 1.5

    def area(self):
        return self.width * self.height

def execute(dem, factor: float = 2, *, name=None, **rest):
    """Of a function."""
    low = dem[0:LIMIT]
    if factor > 1 and not name:
        return f"{low!r:>{LIMIT}}"
    return {**rest, "a": [x async for x in low] if rest else -1}
'''

SAME = {
    "a comment": ("LIMIT = 3", "LIMIT = 3  # at most"),
    "another docstring": ('"""Of a function."""', '"""Of a function, and more."""'),
    "no docstring": ('    """Of a class."""\n', ""),
    "a text behind an attribute": ("width: int\n", 'width: int\n    """Of the box."""\n'),
    "line breaks": ("low = dem[0:LIMIT]", "low = (\n        dem[\n  0 : LIMIT ]\n)"),
    "another way to write a number": ("1.5", "15e-1"),
    "another way to write a text": ('"a"', "'\\x61'"),
    "a pass that does nothing": ("    low = dem", "    pass\n    low = dem"),
    "what a method returns": ("area(self):", "area(self) -> float:"),
    "the type of a variable": ("low = dem", "low: list[int] = dem"),
    "the type of a constant": ("LIMIT = 3", "LIMIT: int = 3"),
    "imports for types": ("import os\n", "import os\nfrom typing import Any, Final\n"),
    "imports for type checkers": (
        "LIMIT = 3", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import x\nLIMIT = 3",
    ),
    "annotations as texts": ("import os\n", "from __future__ import annotations\nimport os\n"),
}  # fmt: skip

OTHER = {
    "a number": ("LIMIT = 3", "LIMIT = 4"),
    "an int for a float": ("1.5", "2"),
    "True for 1": ("> 1", "> True"),
    "an operator": ("> 1", ">= 1"),
    "a sign": ("-1", "+1"),
    "a text": ('"a"', '"b"'),
    "bytes for a text": ('"a"', 'b"a"'),
    "a name": ("low = dem[0:", "low = rest[0:"),
    "the order of statements": (
        "import os\nfrom dataclasses import dataclass",
        "from dataclasses import dataclass\nimport os",
    ),
    "a default": ("= 2,", "= 3,"),
    "what execute asks for": ("factor: float", "factor: int"),
    "an annotation of execute that goes": ("factor: float", "factor"),
    "the type of a field": ("width: int", "width: str"),
    "an argument by name only": ("*, name", "name"),
    "the name of an argument": ("**rest):", "**others):"),
    "conversion in a text": ("!r", "!s"),
    "the format in a text": (":>{", ":<{"),
    "a module": ("import os", "import sys"),
    "an alias": ("import os", "import os as sys"),
    "another decorator": ("@dataclass", "@dataclass(frozen=True)"),
    "a statement that goes": ("    low = dem[0:LIMIT]\n", ""),
    "async": ("async for", "for"),
    "what is inherited": ("class Box:", "class Box(Base):"),
    "nesting": (
        "if factor > 1 and not name:\n        return",
        "if factor > 1 and not name:\n        pass\n    return",
    ),
}  # fmt: skip


def said(text: str) -> str:
    ast.parse(text)
    return meaning(text.encode()).text()


@pytest.mark.parametrize("what", SAME)
def test_does_not_count(what: str) -> None:
    old, new = SAME[what]
    assert old in CODE
    assert said(CODE.replace(old, new)) == said(CODE)


@pytest.mark.parametrize("what", OTHER)
def test_counts(what: str) -> None:
    old, new = OTHER[what]
    assert old in CODE
    assert said(CODE.replace(old, new)) != said(CODE)


@pytest.mark.parametrize("line", [
    "LIMIT: int = 3",  # read by get_type_hints
    '"""Another text of the module."""\nLIMIT = 3',
])  # fmt: skip
def test_what_the_module_reads_itself_counts(line: str) -> None:
    code = "\nLIMIT = 3\nprint(__doc__, get_type_hints(f))\n"
    assert said(code.replace("\nLIMIT = 3", line)) != said(code)


def test_a_variable_without_a_value_is_local() -> None:
    one = "def f():\n    x: int\n    return x\n"
    assert said(one) != said("def f():\n    return x\n")
    assert said(one) == said(one.replace("int", "str"))


def test_decorated_functions_may_read_their_annotations() -> None:
    one = "@register\ndef f(x: int):\n    return x\n"
    assert said(one) != said(one.replace("int", "str"))
    plain = one.replace("@register\n", "")
    assert said(plain) == said(plain.replace("int", "str"))


def test_the_same_with_every_python() -> None:
    """The text itself, so that a version with another syntax tree is noticed."""
    source = textwrap.dedent('''
        def execute(a, *, b: int = 2):
            """No."""
            return f"{a:>{b}} x" + "y"
    ''').encode()
    assert meaning(source).text().replace("\n", " ") == (
        "Module body FunctionDef 'execute' posonlyargs args 'a' vararg None kwonlyargs 'b' Name id"
        " 'int' ) kw_defaults Constant int 2 kwarg None defaults Return value BinOp left JoinedStr"
        " values FormattedValue value Name id 'a' ) conversion -1 format_spec JoinedStr values"
        " Constant str '>' FormattedValue value Name id 'b' ) conversion -1 ) ) ) Constant str ' x'"
        " ) op Add ) right Constant str 'y' ) ) ) )"
    )


@pytest.mark.parametrize(
    "source", [b"def f(:\n", b"a = \x00\n", b"\xff\xfe", b"-" * 100_000 + b"1"]
)
def test_what_is_no_python_means_itself(source: bytes) -> None:
    assert meaning(source).text() == meaning(source).text() != meaning(source + b"#").text()
