"""Orders of all workflows: values that can be written down and read again."""

from __future__ import annotations

import importlib
import json
import math
import threading
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Pyramid
from automap_tiles.workflows import NEVER, WORKFLOWS, Order, StopToken, order_from_json
from automap_tiles.workflows.export import ExportOrder
from automap_tiles.workflows.export._order import spec_of
from automap_tiles.workflows.keywords import order_from_keywords
from automap_tiles.workflows.selections import area_of
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles.convert import ConvertOrder
from automap_tiles.workflows.verify import VerifyOrder


def kind_of(name: str) -> type[Order]:
    module, _, order = WORKFLOWS[name].partition(":")
    kind: type[Order] = getattr(importlib.import_module(module), order)
    return kind


def example(name: str) -> Order:
    """What must be said of it are texts in every order."""
    kind: Any = kind_of(name)
    needed = [
        field
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    ]
    said: dict[str, Any] = {field.name: f"some/{field.name}" for field in needed}
    several = {field.name: (said[field.name],) for field in needed if "tuple" in str(field.type)}
    order: Order = kind(**{**said, **several})
    return order


@pytest.mark.parametrize("name", WORKFLOWS)
def test_there_and_back(name: str) -> None:
    order = example(name)
    assert order.workflow == name
    written = json.dumps(order.to_json())
    assert order_from_json(json.loads(written)) == order
    assert hash(order) == hash(order_from_json(json.loads(written)))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_everything_is_written(name: str) -> None:
    """Defaults too: an order means the same when those of a later version are others."""
    assert example(name).to_json().keys() == {"workflow", *(f.name for f in fields(kind_of(name)))}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_module_does_it(name: str) -> None:
    module = importlib.import_module(WORKFLOWS[name].partition(":")[0])
    assert callable(module.check)
    assert callable(module.run)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"workflow": "fly"}, "no such workflow"),
        ({}, "no such workflow"),
        ({"workflow": "verify"}, "output: an order to verify: field required"),
        ({"workflow": "verify", "output": "a", "sample": "many"}, r"sample: .*integer.*'many'"),
        ({"workflow": "verify", "output": "a", "simple": 3}, r"simple: .*found: 3"),
        ({"workflow": "verify", "output": "a", "sample": -1}, "sample: .*greater than"),
        ({"workflow": "verify", "output": "a", "sample": True}, "sample: .*not true or false"),
        ({"workflow": "export", "source": "a", "output": "b", "zooms": []}, "zooms: .*at least 1"),
        (
            {"workflow": "copy", "source": "a", "target": "b", "where": {"zooms": []}},
            r"where\.zooms: .*at least 1",
        ),
        (
            {"workflow": "copy", "source": "a", "target": "b", "where": {"zooms": [-1]}},
            r"where\.zooms\.0: .*greater than",
        ),
    ],
)
def test_what_is_no_order(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        order_from_json(said)


@pytest.mark.parametrize("said", [[], [{"workflow": "verify"}], "verify", 5, None])
def test_what_is_json_and_no_order(said: Any) -> None:
    with pytest.raises(ConfigError, match="an order is an object of names and values"):
        order_from_json(said)
    with pytest.raises(ConfigError, match="an order is an object of names and values"):
        VerifyOrder.from_json(said)


@pytest.mark.parametrize("nodata", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_has_no_word_for(nodata: float) -> None:
    """Databases and other languages refuse Python's own words for them."""
    order = ConvertOrder(source="a", target="b", nodata=nodata)
    again = order_from_json(json.loads(json.dumps(order.to_json(), allow_nan=False)))
    assert isinstance(again, ConvertOrder)
    assert str(again.nodata) == str(nodata)


def test_a_point_goes_with_no_other_place() -> None:
    where = Subset(point=(1.0, 2.0), bounds=(0.0, 0.0, 1.0, 1.0))
    with pytest.raises(ConfigError, match="point: goes with neither bounds nor area"):
        area_of(where, Pyramid.from_grid("geodetic"))


def test_an_order_of_another_workflow() -> None:
    with pytest.raises(ConfigError, match=r"another workflow \(found: 'export'\)"):
        VerifyOrder.from_json({"workflow": "export", "output": "a"})


def test_an_event_of_threading_is_a_token() -> None:
    token: StopToken = threading.Event()
    assert not token.is_set()
    assert not NEVER.is_set()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ((3, 7), (3, 4, 5, 6, 7)),
        ((7, 3), (3, 4, 5, 6, 7)),
        ((5,), (5,)),
        ((3, 4, 5), (3, 4, 5)),
        ((4, 4), (4,)),
    ],
)
def test_zooms_mean_the_same_in_every_order(
    said: tuple[int, ...], meant: tuple[int, ...], tmp_path: Path
) -> None:
    """As at the command line, whoever reads them: one, or the first and the last."""
    assert Subset(zooms=said).zooms == meant
    words = ",".join(map(str, said))
    for workflow in ("execute", "copy", "remove", "index", "convert"):
        needed = {key: value for key, value in example(workflow).to_json().items() if value}
        order: Any = order_from_json({**needed, "where": {"zooms": list(said)}})
        assert order.where.zooms == meant
        flat = {key: value for key, value in needed.items() if isinstance(value, str)}
        del flat["workflow"]
        typed: Any = order_from_keywords(workflow, {**flat, "zooms": words})
        assert typed.where.zooms == meant
    spec = spec_of(ExportOrder(source="a", output=str(tmp_path / "b"), zooms=said))
    assert spec.zooms == (meant[0], meant[-1])


@pytest.mark.parametrize("said", [(3, 5, 7), (1, 2, 4)])
def test_zooms_with_others_between_them(said: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"zooms: zooms are one, or the first and the last"):
        Subset(zooms=said)
    with pytest.raises(ConfigError, match=r"remedy: \(\d, \d\), or one after"):
        spec_of(ExportOrder(source="a", output="b", zooms=said))


@pytest.mark.parametrize("name", ["bounds", "area", "point"])
def test_the_crs_of_a_place_that_is_not_given(name: str) -> None:
    crs: dict[str, Any] = {f"{name}_crs": "EPSG:4326"}
    where = Subset(**crs)
    with pytest.raises(ConfigError, match=f"{name}_crs: is the CRS of {name}, which is not given"):
        area_of(where, Pyramid.from_grid("mercator"))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_an_empty_text_is_no_value(name: str) -> None:
    """It would be the working folder, or as if nothing had been said."""
    order: Any = example(name)
    texts = [field.name for field in fields(order) if isinstance(getattr(order, field.name), str)]
    needed = [each for each in texts if str(getattr(order, each)).startswith("some/")]
    assert needed
    for word in needed:
        with pytest.raises(ConfigError, match=rf"{word}: .*empty") as error:
            replace(order, **{word: ""}).checked()
        assert error.value.key == word


def test_empty_texts_of_parts_and_those_that_may_be() -> None:
    order: Any = example("classification")
    with pytest.raises(ConfigError) as error:
        replace(order, learn=replace(order.learn, recipe="")).checked()
    assert error.value.key == "learn.recipe"
    assert replace(order, description="").checked() == order
    lapse: Any = example("timelapse")
    assert replace(lapse, attribution="").checked().attribution == ""
    with pytest.raises(ConfigError, match="boundary"):
        replace(lapse, boundary="").checked()
