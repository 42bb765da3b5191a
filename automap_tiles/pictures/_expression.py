"""Band arithmetic as text: `(b4 - b3) / (b4 + b3)`, several results parted by `;`.

A small parser of its own: what it accepts is this grammar and nothing else, so that a text from
the web can do no more than arithmetic.

    results    = comparison { ";" comparison }
    comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
    sum        = product { ("+" | "-") product }
    product    = sign { ("*" | "/") sign }
    sign       = [ "-" | "+" ] power
    power      = atom [ ("**" | "^") sign ]
    atom       = number | band | function "(" comparison { "," comparison } ")" | "(" comparison ")"

A band is `b1` … or, where it is a word, its name.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from automap_tiles.errors import ConfigError

Plane: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

LONGEST = 1000
"""Characters."""
_DEEPEST = 40
"""Levels of parentheses, signs and powers."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![A-Za-z_])"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^()<>,;]))"
)


def _truth(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """1 where a comparison is true and 0 elsewhere, so that it can be used in arithmetic."""
    return lambda one, other: np.float32(1) * compare(one, other)


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide,
    "**": np.power, "^": np.power,
    "<": _truth(operator.lt), "<=": _truth(operator.le), ">": _truth(operator.gt),
    ">=": _truth(operator.ge), "==": _truth(operator.eq), "!=": _truth(operator.ne),
}  # fmt: skip

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def _where(condition: Any, yes: Any, no: Any) -> Any:
    return np.where(condition != 0, yes, no)


class _Function(NamedTuple):
    call: Callable[..., Any]
    arguments: int


FUNCTIONS = {
    "abs": _Function(np.abs, 1),
    "sqrt": _Function(np.sqrt, 1),
    "log": _Function(np.log, 1),
    "log10": _Function(np.log10, 1),
    "exp": _Function(np.exp, 1),
    "min": _Function(np.minimum, 2),
    "max": _Function(np.maximum, 2),
    "where": _Function(_where, 3),
}
"""`where(condition, yes, no)` takes `yes` where the condition is not 0."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A constant, a band (counted from 0) or a call."""

    value: float = 0.0
    band: int | None = None
    call: Callable[..., Any] | None = None
    arguments: tuple[_Node, ...] = ()

    def evaluate(self, planes: Mapping[int, Plane]) -> Any:
        if self.band is not None:
            return planes[self.band]
        if self.call is None:
            return np.float32(self.value)
        return self.call(*(argument.evaluate(planes) for argument in self.arguments))

    def bands(self) -> set[int]:
        own = set() if self.band is None else {self.band}
        return own.union(*(argument.bands() for argument in self.arguments))


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A parsed expression, see `parse`."""

    text: str
    results: tuple[_Node, ...]
    bands: tuple[int, ...]
    """Required bands, from 1, ascending."""

    def evaluate(self, data: np.ma.MaskedArray[Any, Any]) -> np.ma.MaskedArray[Any, Any]:
        """Results float32 (result, y, x) from the required bands (band, y, x), in their order.

        Masked where a required band is masked, and where the result is not finite.
        """
        pixels = np.ma.getdata(data)
        planes = {
            band - 1: pixels[place].astype(np.float32) for place, band in enumerate(self.bands)
        }
        out = np.empty((len(self.results), *pixels.shape[-2:]), np.float32)
        with np.errstate(all="ignore"):
            for result, plane in zip(self.results, out, strict=True):
                plane[...] = result.evaluate(planes)
        mask = ~np.isfinite(out)
        if np.ma.is_masked(data):
            mask |= np.ma.getmaskarray(data).any(axis=0)
        out[mask] = 0
        return np.ma.MaskedArray(out, mask=mask)


@lru_cache(maxsize=256)
def parse(text: str, names: tuple[str, ...]) -> Expression:
    """Parse an expression on bands of these names, the first is `b1`.

    Raises `ConfigError` with the position of the error.
    """
    if len(text) > LONGEST:
        raise _error(text[:40] + " …", f"is longer than {LONGEST} characters")
    parser = _Parser(text, names)
    results = [parser.comparison()]
    while parser.take(";"):
        results.append(parser.comparison())
    parser.finish()
    bands = set().union(*(result.bands() for result in results))
    if not bands:
        raise _error(text, "names no band", remedy="such as (b4-b3)/(b4+b3)")
    return Expression(
        text=text, results=tuple(results), bands=tuple(band + 1 for band in sorted(bands))
    )


def _error(text: str, message: str, remedy: str | None = None) -> ConfigError:
    return ConfigError(message, key="expression", found=text, remedy=remedy)


class _Parser:
    """Recursive descent parser; one method per rule of the grammar."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self._text = text
        self._names = names
        self._tokens = self._split(text)
        self._place = 0
        self._depth = 0

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, place = [], 0
        end = len(text.rstrip())
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                raise _error(text, f"has no meaning at {text[place:].strip()[:20]!r}")
            kind = match.lastgroup or ""
            tokens.append((kind, match.group(kind)))
            place = match.end()
        return tokens

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("end", "the end")

    def take(self, *signs: str) -> str | None:
        """Consume and return the next token if it is one of these."""
        kind, text = self._next()
        if kind == "sign" and text in signs:
            self._place += 1
            return text
        return None

    def _expect(self, sign: str) -> None:
        if not self.take(sign):
            raise _error(self._text, f"{sign!r} is missing before {self._next()[1]!r}")

    def finish(self) -> None:
        kind, text = self._next()
        if kind != "end":
            raise _error(self._text, f"has {text!r} where it should end")

    def comparison(self) -> _Node:
        left = self._sum()
        sign = self.take(*_COMPARISONS)
        return left if sign is None else _call(_BINARY[sign], left, self._sum())

    def _sum(self) -> _Node:
        left = self._product()
        while sign := self.take("+", "-"):
            left = _call(_BINARY[sign], left, self._product())
        return left

    def _product(self) -> _Node:
        left = self._sign()
        while sign := self.take("*", "/"):
            left = _call(_BINARY[sign], left, self._sign())
        return left

    def _sign(self) -> _Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _error(self._text, "is nested too deeply")
        sign = self.take("-", "+")
        node = self._sign() if sign else self._power()
        self._depth -= 1
        return _call(np.negative, node) if sign == "-" else node

    def _power(self) -> _Node:
        base = self._atom()
        return _call(np.power, base, self._sign()) if self.take("**", "^") else base

    def _atom(self) -> _Node:
        kind, text = self._next()
        self._place += 1
        if kind == "number":
            return _Node(value=float(text))
        if kind == "name":
            return self._named(text)
        if (kind, text) == ("sign", "("):
            inner = self.comparison()
            self._expect(")")
            return inner
        raise _error(self._text, f"has {text!r} where a number, a band or '(' should be")

    def _named(self, name: str) -> _Node:
        if self.take("("):
            return self._function(name)
        if name in self._names:
            return _Node(band=self._names.index(name))
        number = int(name[1:]) if re.fullmatch(r"b\d{1,4}", name) else 0
        if not 1 <= number <= len(self._names):
            last = f"b1 to b{len(self._names)}"
            words = [band for band in self._names if band.isidentifier()]
            raise _error(self._text, f"there is no band {name!r}", ", ".join([last, *words]))
        return _Node(band=number - 1)

    def _function(self, name: str) -> _Node:
        function = FUNCTIONS.get(name)
        if function is None:
            raise _error(self._text, f"there is no function {name!r}", ", ".join(FUNCTIONS))
        arguments = [self.comparison()]
        while self.take(","):
            arguments.append(self.comparison())
        self._expect(")")
        if len(arguments) != function.arguments:
            raise _error(
                self._text, f"{name} takes {function.arguments} arguments, not {len(arguments)}"
            )
        return _call(function.call, *arguments)


def _call(call: Callable[..., Any], *arguments: _Node) -> _Node:
    return _Node(call=call, arguments=arguments)
