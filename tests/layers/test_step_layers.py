"""Steps of a process on a map: each is a layer, computed where one looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from automap_tiles.engine.events import TileStatus
from automap_tiles.layers.layer import LayerKind
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.runtime import open_process
from tests.runtime.steps.samples import Sample, Step, make_sample, pixels, run, write

STEPS = {
    "first": Step(("image",), size=5, dtype="uint8", nodata=0, is_stored=True),
    "second": Step(("first",), size=7, bands=2),
    "last": Step(("second",), kind="fill"),
}


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_sample(tmp_path, STEPS)


def by_name(path: Path, keep: Keep) -> dict[str, ProcessLayer]:
    layers, remarks = open_layers([path], keep)
    assert not remarks
    kinds = {layer.info.name: layer.info.kind for layer in layers}
    assert kinds == {
        "steps": LayerKind.PROCESS,
        "steps-first": LayerKind.PROCESS,
        "steps-second": LayerKind.PROCESS,
        "steps-image": LayerKind.INPUT,
    }
    return {layer.info.name: layer for layer in layers if isinstance(layer, ProcessLayer)}


def test_each_step_is_a_layer_that_shows_what_it_makes(sample: Sample) -> None:
    path = write(sample)
    layers = by_name(path, Keep.MEMORY)
    for name, step in (("steps", "last"), ("steps-first", "first"), ("steps-second", "second")):
        layer, process = layers[name], open_process(path, step=step)
        tile = process.pyramid.tile(21, 730527, 1143951)
        assert layer.compute(tile.index).status is TileStatus.WRITTEN
        bands = range(1, len(layer.info.bands) + 1)
        shown = layer.read(tile.unbuffered(), list(bands))
        assert shown is not None
        top, _, left, _ = tile.buffer_margins
        height, width = tile.unbuffered().shape
        expected = pixels(process, tile)[:, top : top + height, left : left + width]
        assert (np.ma.getmaskarray(shown) == np.ma.getmaskarray(expected)).all()
        assert (shown.filled(0) == expected.filled(0)).all()
    assert not (sample.folder / "out").exists()
    assert not (sample.folder / "out_first").exists()


def test_what_is_looked_at_is_kept_where_it_is_stored_anyway(sample: Sample) -> None:
    path = write(sample)
    layers = by_name(path, Keep.CONTINUE)
    assert layers["steps-first"].keep is Keep.CONTINUE
    assert layers["steps-second"].keep is Keep.MEMORY
    index = layers["steps-first"].process.pyramid.tile(21, 730527, 1143951).index
    layers["steps-first"].compute(index)
    assert len(list((sample.folder / "out_first").rglob("*.tif"))) == 1
    layers["steps-second"].compute(index)
    assert not (sample.folder / ".steps").exists()
    # a run goes on from there
    assert run(sample.values()).failed == 0


def test_a_step_of_another_make_is_computed_in_memory(sample: Sample) -> None:
    run(sample.values())
    steps = sample.values()["steps"]
    steps["first"]["process_parameters"]["size"] = 9
    path = write(sample, steps=steps)
    layers, remarks = open_layers([path], Keep.CONTINUE)
    (first,) = [each for each in layers if each.info.name == "steps-first"]
    assert isinstance(first, ProcessLayer)
    assert first.keep is Keep.MEMORY
    assert any("changed since tiles were written" in remark for remark in remarks)
