"""The phases of a classification: a model for each composite, and its map."""

from __future__ import annotations

from collections.abc import Generator

from automap_tiles.errors import AutomapError
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows.automap._classification import (
    Classification,
    map_config,
    model_report,
    training_of,
)
from automap_tiles.workflows.automap._updating import is_map_outdated
from automap_tiles.workflows.automap.folders import map_path, model_path, report_path
from automap_tiles.workflows.automap.phases import MAP, execute, failed
from automap_tiles.workflows.automap.state import State
from automap_tiles.workflows.events import Event
from automap_tiles.workflows.train import trained


def classify(state: State, wish: Classification) -> Generator[Event]:
    """Train on each composite and map it.

    A failed satellite, for example for lack of samples, does not affect the others.
    """
    for satellite in state.composites:
        try:
            yield from _of_one(state, wish, satellite)
        except AutomapError as error:
            yield failed(state, f"classes of {satellite}", error)


def _of_one(state: State, wish: Classification, satellite: str) -> Generator[Event]:
    wanted, overwrite = state.wanted, state.order.overwrite
    if state.update and is_map_outdated(wanted, satellite):
        overwrite = True
    spec = yield from run_in_background(
        lambda _: training_of(wanted, satellite, wish, how=state.order.how, overwrite=overwrite),
        stop=state.stop,
        notes=state.told,
    )
    facts = {"satellite": satellite}
    found = yield from trained(spec, facts=facts, stop=state.stop, notes=state.told)
    model_report(wanted, satellite, found)
    config = map_config(wanted, satellite, wish, found)
    yield from execute(state, config, MAP, satellite, overwrite=overwrite)
    state.maps[satellite] = {
        "model": str(model_path(wanted, satellite)),
        "training report": str(report_path(wanted, satellite)),
        "classes": str(map_path(wanted, satellite)),
    }
