"""Parameters by annotation; pydantic is the oracle where it is asked."""

from __future__ import annotations

import datetime as dt
import inspect
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Optional, Union

import numpy as np
import pytest
from pydantic import BaseModel, Field, NonNegativeFloat, TypeAdapter
from rasterio.enums import Resampling

from automap_tiles.errors import ConfigError
from automap_tiles.runtime.convert import convert


class Method(Enum):
    MEDIAN = "median"
    MEAN = "mean"


class Model(BaseModel):
    low: int
    high: float = 2.0


@dataclass
class Limits:
    low: int
    high: int


class Pair(NamedTuple):
    a: int
    b: int


class Opaque:
    pass


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (5, inspect.Parameter.empty, 5),
        ([1, "a"], Any, [1, "a"]),
        (5, float, 5.0),
        ("5", int, 5),
        ("0.3", float, 0.3),
        (5, str, "5"),
        (dt.date(2018, 1, 1), str, "2018-01-01"),
        ("2018-01-01", dt.date, dt.date(2018, 1, 1)),
        (1, bool, True),
        ("median", Method, Method.MEDIAN),
        ("median", Literal["median", "mean"], "median"),
        ("a/b", Path, Path("a/b")),
        ([1, 2], tuple[int, int], (1, 2)),
        ([1, 2], Sequence[float], [1.0, 2.0]),
        ({"1": "2"}, dict[int, int], {1: 2}),
        ({"low": "1"}, Model, Model(low=1)),
        ({"low": 1, "high": 2}, Limits, Limits(1, 2)),
        ([1, 2], Pair, Pair(1, 2)),
        (None, Optional[int], None),  # noqa: UP045
        ("bilinear", Union[Resampling, str], "bilinear"),  # noqa: UP007
        (3, int | list[int], 3),
        (0.3, NonNegativeFloat, 0.3),
        (["a"], list[Opaque] | list[str], ["a"]),
    ],
)
def test_conversions(value: Any, annotation: Any, expected: Any) -> None:
    got = convert("p", value, annotation)
    assert got == expected
    assert type(got) is type(expected)


def test_same_as_pydantic() -> None:
    annotations: list[Any] = [int, float, bool, list[int], dict[str, float], int | None]
    for annotation in annotations:
        for value in (1, 1.5, "x", "1", None, [1], ["1"], {"a": 1}, {}):
            try:
                expected = TypeAdapter(annotation).validate_python(value)
            except ValueError:
                with pytest.raises(ConfigError):
                    convert("p", value, annotation)
            else:
                assert convert("p", value, annotation) == expected


@pytest.mark.parametrize(
    ("value", "annotation", "words"),
    [
        (1.5, int, "integer"),
        (True, str, "string"),
        (True, int, "not true or false"),
        ([1, False], list[float], r"not true or false, at \[1\]"),
        (-1, NonNegativeFloat, "greater than or equal to 0"),
        ("max", Literal["median", "mean"], "'median' or 'mean'"),
        (200, Annotated[int, Field(le=100)], "less than or equal to 100"),
        ({"high": 1}, Model, r"required, at \['low'\]"),
        (5, Opaque, "Opaque"),
        ("a", np.ndarray, "ndarray"),
    ],
)
def test_what_cannot_be_converted(value: Any, annotation: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        convert("p", value, annotation)
    assert caught.value.key == "process_parameters.p"
    assert caught.value.found == value
    assert "the function asks for" in (caught.value.remedy or "")


def test_what_cannot_be_checked_comes_through() -> None:
    value = object()
    for annotation in (list["NotKnown"], Annotated["NotKnown", 1]):  # type: ignore[name-defined]  # noqa: F821
        assert convert("p", value, annotation) is value


def test_simple_types_need_no_pydantic() -> None:
    """It takes long to import, and most processes need none of it."""
    code = "import sys; from automap_tiles.runtime.convert import convert as c; "
    code += "c('p', 1, int), c('p', 1, float), c('p', 'x', str), c('p', True, bool), c('p', 1, str)"
    code += "; assert 'pydantic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
