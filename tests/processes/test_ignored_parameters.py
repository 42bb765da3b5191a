"""Parameters that have no effect beside the others are told; those that have one are not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from automap_processes import clip, composite, contours, convert, hillshade, phenology
from automap_tiles.notes import Fate, collecting
from tests.processes.test_scenes_composite import stack_of


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return stack_of(tmp_path_factory.mktemp("stack"), dates=1)._reader


def ignored(check: Any, *args: Any, **parameters: Any) -> set[str]:
    with collecting() as notes:
        check(*args, **parameters)
    assert {note.fate for note in notes} <= {Fate.IGNORED}
    return {name.removeprefix("process_parameters.") for note in notes for name in note.examples}


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, set()),
        ({"threshold": 0.3}, set()),
        ({"modes": 2, "trend": True}, {"modes", "trend"}),
        ({"method": "harmonic", "modes": 2, "trend": True}, set()),
        ({"method": "harmonic", "threshold": 0.3}, {"threshold"}),
    ],
)
def test_of_another_method(reader: Any, parameters: Any, names: set[str]) -> None:
    assert ignored(phenology.check_parameters, reader, **parameters) == names


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"statistics": ["median", "std"]}, set()),
        ({"method": "mean"}, set()),
        ({"method": "mean", "statistics": ["median"]}, {"method"}),
        ({"target_day": date(2018, 7, 1), "season": 40}, {"target_day", "season"}),
        (
            {"statistics": ["best_pixel"], "target_day": date(2018, 7, 1), "season": 40},
            set(),
        ),
    ],
)
def test_of_a_composite(reader: Any, parameters: Any, names: set[str]) -> None:
    assert ignored(composite.check_parameters, reader, **parameters) == names


@pytest.mark.parametrize("process", [clip, contours, convert, hillshade])
def test_of_mapchete_for_folders_of_tiles(process: Any) -> None:
    assert ignored(process.check_parameters) == set()
    given: dict[str, Any] = {"td_matching_max_zoom": 7, "td_fallback_to_higher_zoom": True}
    assert ignored(process.check_parameters, **given) == set(given)
    given = {"td_matching_method": "min", "td_matching_precision": 4}
    assert ignored(process.check_parameters, **given) == set(given)
