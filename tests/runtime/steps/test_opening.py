"""What is wrong with steps is said before the first tile, with file, line, key and remedy."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.runtime import open_process
from automap_tiles.runtime.open import UnusedInputWarning
from automap_tiles.runtime.steps import all_steps, stages
from tests.runtime.steps.samples import Sample, Step, make_sample, pixels, write

STEPS = {
    "first": Step(("image",), size=5, dtype="uint8", nodata=0),
    "second": Step(("first",), size=7, is_stored=True),
    "third": Step(("first", "second"), kind="add"),
}


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_sample(tmp_path, STEPS)


def changed(sample: Sample, step: str, **changes: Any) -> Path:
    """The file with other keys in one step; None takes a key away."""
    steps = sample.values()["steps"]
    steps[step] = {
        key: value for key, value in {**steps[step], **changes}.items() if value is not None
    }
    return write(sample, steps=steps)


def refused(path: Path, key: str, *words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_process(path)
    error = caught.value
    assert error.key == key
    assert error.file == path
    name = key.rpartition(".")[2]
    lines = path.read_text().splitlines()
    assert error.line is not None
    assert any(f'"{part}"' in lines[error.line - 1] for part in (name, *key.split(".")))
    for word in words:
        assert word in str(error)


def test_it_is_put_together_and_travels(sample: Sample) -> None:
    process = open_process(write(sample))
    assert [step.name for step in all_steps(process)] == ["first", "second"]
    assert [step.step for step in stages(process)] == ["second"]
    # third: its tile; second: its tile; first: 3 for the second
    assert [step.margin for step in all_steps(process)] == [3, 0]
    assert [step.wide.pyramid.pixelbuffer for step in all_steps(process)] == [2 + 3, 3]
    again = pickle.loads(pickle.dumps(process.for_workers()))
    tile = next(iter(process.pyramid.tile(21, 730527, 1143950).intersecting(process.pyramid)))
    assert (pixels(again, tile) == pixels(process, tile)).all()
    assert again.hashes() == process.hashes()


def test_a_step_can_be_had_by_its_name(sample: Sample) -> None:
    path = write(sample)
    first = open_process(path, step="first")
    assert first.step == "first"
    assert first.parameters.at(21)["size"] == 5
    changed_one = open_process(path, step="first", parameters={"size": 9})
    assert changed_one.parameters.at(21)["size"] == 9
    # of the result, where none is named
    result = open_process(path, parameters={"factor": 4})
    assert result.parameters.at(21)["factor"] == 4
    assert all_steps(result)[0].process.parameters.at(21)["size"] == 5
    with pytest.raises(ConfigError, match=r"there is no such step.*found: 'frist'"):
        open_process(path, step="frist")
    with pytest.raises(ConfigError, match="this file has no steps"):
        open_process({**sample.by_hand("first")}, step="first")


def test_circles_ends_and_names(sample: Sample) -> None:
    refused(changed(sample, "first", input={"a": "third"}), "steps.first", "wait for each other")
    refused(changed(sample, "first", input={"a": "imege"}), "steps.first.input.a", "image?")
    refused(changed(sample, "first", input={"x": "image"}), "steps.first.input.x", "takes a, b")
    refused(changed(sample, "third", input={"a": "first"}), "steps.second", "second, third")
    values = sample.values()
    steps = {**values["steps"], "image": values["steps"]["first"]}
    refused(write(sample, steps=steps), "steps.image", "a step and of an input")
    refused(write(sample, steps={**values["steps"], "a b": {}}), "steps.a b", "argument")


def test_keys_of_a_step(sample: Sample) -> None:
    refused(changed(sample, "first", parameters={}), "steps.first.parameters", "process_parameters")
    refused(changed(sample, "first", process="./stap.py"), "steps.first.process", "step.py")
    wrong = {**STEPS["first"].values(".")["process_parameters"], "sise": 3}
    refused(
        changed(sample, "first", process_parameters=wrong),
        "steps.first.process_parameters.sise",
        "no such parameter",
    )
    refused(changed(sample, "first", pixelbuffer=-1), "steps.first.pixelbuffer", "whole number")
    refused(changed(sample, "first", output=None), "steps.first.output", "hands on", "dtype")
    refused(changed(sample, "third", output={"path": "x"}), "steps.third.output", "of the file")


@pytest.mark.parametrize("more", [{"second": "image"}, 5, None, ["second"], True])
def test_an_input_in_a_list_is_a_name_and_nothing_else_is_left_out(
    sample: Sample, more: Any
) -> None:
    refused(changed(sample, "third", input=["first", more]), "steps.third.input", "list of names")


def test_what_a_step_hands_on_is_kept_as_it_is(sample: Sample) -> None:
    output = {"bands": 1, "dtype": "uint8"}
    for wrong in ({"nodata": None}, {"compress": "jpeg"}, {"nodata": 0, "discard_lsb": 2}):
        refused(changed(sample, "first", output={**output, **wrong}), "steps.first.output", "kept")
    refused(
        changed(sample, "first", output={**output, "path": "one.tif"}),
        "steps.first.output.path",
        "folder of tiles",
    )
    refused(
        changed(sample, "first", output={**output, "nodata": 0, "path": "out_second"}),
        "steps.second.output.path",
        "out_second",
    )
    schema = {"geometry": "Polygon", "properties": {}}
    refused(
        changed(sample, "first", output={"format": "GeoJSON", "schema": schema}),
        "steps.first.output",
        "add a path",
    )


def test_the_top_of_the_file(sample: Sample) -> None:
    refused(write(sample, process="convert"), "process", "either one process or steps")
    refused(write(sample, factor=3), "factor", "parameters of its own")
    refused(write(sample, process_parameters={"a": 1}), "process_parameters", "of its own")
    refused(write(sample, steps={}), "steps", "no step")
    with pytest.warns(UnusedInputWarning, match=r"no step takes the input 'other'"):
        open_process(write(sample, input={"image": "image.tif", "other": "image.tif"}))


def test_a_parameter_of_that_name_stays_one(tmp_path: Path) -> None:
    """Files from before there were steps."""
    sample = make_sample(tmp_path, STEPS)
    (tmp_path / "step.py").write_text("def execute(a, steps=1):\n    return a.read()\n")
    for steps in (5, {"a": 1}):
        values = sample.by_hand("first")
        values["process_parameters"] = {}
        process = open_process({**values, "steps": steps})
        assert process.parameters.at(21) == {"steps": steps}
        assert process.step is None


def test_by_default_a_step_gets_what_its_arguments_are_called(tmp_path: Path) -> None:
    sample = make_sample(tmp_path, STEPS)
    (tmp_path / "named.py").write_text(
        "def execute(first, image, second=None):\n    return first.read()\n"
    )
    sample = Sample(tmp_path, {name: STEPS[name] for name in ("first", "third")})
    path = changed(sample, "third", process="./named.py", input=None, process_parameters=None)
    process = open_process(path)
    # `second` has a default: it may be a parameter that happens to be called like a step
    assert [name for name, _ in process.inputs.readers()] == ["image", "first"]
    (tmp_path / "named.py").write_text("def execute(**inputs):\n    return 1\n")
    refused(path, "steps.third.input", "takes whatever there is", "image, first, third")
