"""What `automap run --mode classification` does after the composites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from automap_tiles.cli.scene_options import SceneOptions
from automap_tiles.cli.scene_reporters import SceneReporter
from automap_tiles.cli.scene_steps import execute_config
from automap_tiles.commands.run.classification import (
    Classification,
    map_config,
    train_model,
)
from automap_tiles.commands.run.folders import map_path, model_path, report_path
from automap_tiles.commands.run.parameters import RunParameters
from automap_tiles.commands.train import summary
from automap_tiles.commands.train.run import Listeners
from automap_tiles.errors import AutomapError
from automap_tiles.missions import satellite_name
from automap_tiles.notes import Notes

if TYPE_CHECKING:
    from automap_tiles.analysis.classifier.search import Trial


def classify(
    what: SceneOptions,
    wanted: RunParameters,
    wish: Classification,
    composites: Mapping[str, str],
    show: SceneReporter,
    kept: Notes,
) -> tuple[dict[str, dict[str, str]], int]:
    """Train on each composite and map it: satellite → files by what they are; how many failed.

    A satellite that fails, for want of samples for instance, leaves the others alone. What the
    maps tell is added to `kept`.
    """
    maps: dict[str, dict[str, str]] = {}
    lost = 0
    for satellite in composites:
        try:
            maps[satellite] = _of_one(what, wanted, wish, satellite, show, kept)
        except AutomapError as error:
            show.failed(f"classes of {satellite_name(satellite)}", str(error))
            lost += 1
    return maps, lost


def _of_one(
    what: SceneOptions,
    wanted: RunParameters,
    wish: Classification,
    satellite: str,
    show: SceneReporter,
    kept: Notes,
) -> dict[str, str]:
    name = satellite_name(satellite)

    def trial(done: Trial, best: Trial | None) -> None:
        is_best = best is not None and best.number == done.number
        show.trial(name, done.number + 1, done.loss, is_best=is_best)

    outcome = train_model(
        wanted,
        satellite,
        wish,
        workers=what.workers,
        overwrite=what.overwrite,
        listeners=Listeners(trial=trial),
    )
    show.trained(name, list(summary(outcome)), is_new=outcome.is_new)
    config = map_config(wanted, satellite, wish, outcome)
    kept.extend(execute_config(what, config, overwrite=what.overwrite))
    return {
        "model": str(model_path(wanted, satellite)),
        "training report": str(report_path(wanted, satellite)),
        "classes": str(map_path(wanted, satellite)),
    }
