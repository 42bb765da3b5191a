"""The reference names every option of every command and every key of a process file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.formats import InputSpec, OutputSpec, registry
from automap_tiles.formats.keys import INPUTS, OUTPUT, OUTPUTS, Key
from automap_tiles.grid import Pyramid
from automap_tiles.pictures.style import PARAMETERS
from automap_tiles.runtime import _keys as keys
from automap_tiles.runtime.open import open_process
from automap_tiles.runtime.settings import SECTIONS
from docs.generate import commands, messages, process_file, processes
from docs.generate.places import ROOT

MERCATOR = Pyramid.from_grid("mercator")
ALL = list(commands.commands())


def titles(page: str, directive: str) -> set[str]:
    return set(re.findall(rf"^::::{{{directive}}} (.*)$", page, flags=re.MULTILINE))


@pytest.mark.parametrize("command", ALL, ids=lambda each: each.name)
def test_every_option_has_an_entry_that_says_something(command: commands.Command) -> None:
    page = commands.page(command)
    spelled = {
        word.split()[0]
        for title in titles(page, "option")
        for word in title.split(", ")
        if word.startswith("-")
    }
    wanted = {
        name
        for option in commands.options(command)
        for name in (*option.opts, *option.secondary_opts)
    }
    assert spelled == wanted
    assert not [option.opts for option in commands.options(command) if not option.help]


def test_every_command_has_a_line() -> None:
    page = commands.overview()
    top = [command.name for command in ALL if " " not in command.name]
    assert len(top) > 20
    for name in top:
        assert f"(commands/{name}.md)" in page


def known_of(error: ConfigError) -> set[str]:
    """The keys that an error about an unknown one lists."""
    assert error.remedy is not None
    assert error.remedy.startswith("known are "), error.remedy
    return set(error.remedy.removeprefix("known are ").partition(";")[0].split(", "))


def names(*tables: tuple[Key, ...]) -> set[str]:
    return {name for table in tables for key in table for name in (key.name, *key.also)}


def test_keys_at_the_top_are_those_that_are_read() -> None:
    apart = {"config_dir", "steps"}  # taken before the sections are
    assert {key.name for key in keys.TOP} - apart == SECTIONS


def opened(**values: Any) -> None:
    """A process file with these sections in place of ordinary ones."""
    open_process(
        {
            "process": ["def execute(): pass"],
            "pyramid": {"grid": "mercator"},
            "zoom_levels": {"min": 0, "max": 2},
            "output": {"format": "PNG", "path": "/nowhere/out"},
            **values,
        }
    )


@pytest.mark.parametrize("section", ["pyramid", "zoom_levels", "baselevels"])
def test_keys_of_a_section_are_those_that_are_read(section: str) -> None:
    usual: dict[str, dict[str, Any]] = {
        "pyramid": {"grid": "mercator"},
        "zoom_levels": {"min": 0, "max": 2},
    }
    with pytest.raises(ConfigError) as caught:
        opened(**{section: {**usual.get(section, {"min": 1}), "qqqq": 1}})
    assert known_of(caught.value) == {key.name for key in keys.BY_SECTION[section]}


def test_keys_of_a_step_are_those_that_are_read() -> None:
    with pytest.raises(ConfigError) as caught:
        open_process(
            {
                "steps": {"one": {"process": ["def execute(): pass"], "qqqq": 1}},
                "pyramid": {"grid": "mercator"},
                "zoom_levels": 0,
                "output": {"format": "PNG", "path": "/nowhere/out"},
            }
        )
    assert known_of(caught.value) == {key.name for key in keys.STEP}


def test_keys_of_a_style_are_those_that_are_read() -> None:
    assert {key.name for key in keys.STYLE} == set(PARAMETERS)


OUTPUT_OPTIONS: dict[str, list[dict[str, Any]]] = {
    "GTiff": [
        {"path": "/nowhere/out", "bands": 1, "dtype": "uint8", "colormap": {1: [0, 0, 0]}},
        {"path": "/nowhere/out.tif", "bands": 1, "dtype": "uint8", "colormap": {1: [0, 0, 0]}},
    ],
    "Zarr": [{"path": "/nowhere/out", "bands": 1, "dtype": "uint8", "colormap": {1: [0, 0, 0]}}],
    "GeoJSON": [{"path": "/nowhere/out", "schema": {"geometry": "Point", "properties": {}}}],
    "FlatGeobuf": [{"path": "/nowhere/out", "schema": {"geometry": "Point", "properties": {}}}],
}
ELSEWHERE = {"path", "format", "styles"}  # taken before the format is asked
MODERNISED = {"data_type"}  # an old name, made new before


@pytest.mark.parametrize(
    "name", [info.name for info in registry.formats() if info.is_written and info.name in OUTPUTS]
)
def test_keys_of_an_output_are_those_that_are_read(name: str) -> None:
    found: set[str] = set()
    for options in OUTPUT_OPTIONS.get(name, [{"path": "/nowhere/out"}]):
        said = {"format": name, **options, "qqqq": 1}
        with pytest.raises(ConfigError) as caught:
            registry.open_output(OutputSpec.from_mapping(said, base=Path(), zooms=(0,)), MERCATOR)
        found |= known_of(caught.value)
    described = names(OUTPUT, OUTPUTS[name]) - ELSEWHERE - MODERNISED
    if name == "Zarr":  # its readers rely on the keys of chunks
        described -= {"tile_path_schema"}
    assert found == described


def test_every_format_that_is_written_is_described() -> None:
    ours = {info.name for info in registry.formats() if info.is_written}
    assert set(OUTPUTS) >= {"GTiff", "PNG", "PNG_hillshade", "JPEG", "Zarr", "GeoJSON"}
    assert set(OUTPUTS) <= ours


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_keys_of_an_input_are_those_that_are_read(name: str, tmp_path: Path) -> None:
    usual: dict[str, Any] = {"format": name, "path": str(tmp_path)}
    if name in ("raster_file", "vector_file", "Mapchete"):
        usual["path"] = str(ROOT / "README.md")  # it is there, and not opened yet
    if name in ("TileDirectory", "Zarr"):
        usual |= {"format": "TileDirectory", "grid": "mercator", "extension": "png"}
    spec = InputSpec.from_value("one", {**usual, "qqqq": 1})
    with pytest.raises(ConfigError) as caught:
        registry.open_input(spec, tmp_path, MERCATOR)
    if not INPUTS[name]:
        assert caught.value.remedy == "known are "
        return
    assert known_of(caught.value) == names(INPUTS[name])


def test_the_page_of_keys_has_all_of_them() -> None:
    found = titles(process_file.page(), "mapchete-key")
    wanted = {key.name for key in keys.TOP}
    for section, table in keys.BY_SECTION.items():
        above = {"steps": "steps.NAME", "styles": "output.styles.NAME"}.get(section, section)
        wanted |= {f"{above}.{key.name}" for key in table}
    wanted |= {f"output.{key.name}" for key in OUTPUT}
    wanted |= {f"output ({name}).{key.name}" for name, table in OUTPUTS.items() for key in table}
    wanted |= {f"input.NAME ({name}).{key.name}" for name, tab in INPUTS.items() for key in tab}
    assert wanted <= found


def test_every_key_says_what_may_stand_there() -> None:
    tables = [keys.TOP, *keys.BY_SECTION.values(), OUTPUT, *OUTPUTS.values(), *INPUTS.values()]
    assert all(key.what.endswith((".", ")")) and key.values for table in tables for key in table)


def test_every_process_has_an_entry() -> None:
    page = processes.page()
    folder = ROOT / "processes" / "automap_processes"
    ours = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert len(ours) > 10
    assert ours == set(re.findall(r"^### (\w+)$", page, flags=re.MULTILINE))


def test_messages_are_those_that_are_raised() -> None:
    found = {each.text: each for each in messages.messages(ROOT / "automap_tiles")}
    with pytest.raises(ConfigError) as caught:
        opened(baselevels={"lower": "cubic"})
    assert caught.value.message in found
    assert found["the number of bands is missing"].remedy == "bands: 3"
    assert len(found) > 400
