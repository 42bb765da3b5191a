"""Formats by name, and errors that say what would be right."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.formats import FormatInfo, InputSpec, OutputKind, OutputSpec, registry
from automap_tiles.formats.registry import (
    formats,
    guess_format,
    open_input,
    open_output,
)
from automap_tiles.grid import Pyramid

PYRAMID = Pyramid.from_grid("geodetic", metatiling=4, pixelbuffer=5)
GTIFF = {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8"}
GEOJSON = {
    "format": "GeoJSON",
    "path": "out",
    "schema": {"geometry": "Polygon", "properties": {"a": "int"}},
}


def write(value: dict[str, Any], tmp_path: Path, zooms: tuple[int, ...] = (5,)) -> Any:
    spec = OutputSpec.from_mapping(
        value, base=tmp_path, zooms=zooms, file=Path("x.mapchete"), line=7
    )
    return open_output(spec, PYRAMID)


def test_every_entry_of_the_table_exists() -> None:
    names = {info.name for info in formats()}
    assert {"GTiff", "PNG", "GeoJSON", "FlatGeobuf", "raster_file", "vector_file",
            "TileDirectory", "Mapchete"} <= names  # fmt: skip
    for info in formats():
        assert info.reader or info.is_written
        for reference in filter(None, (info.reader, info.writer, info.codec, info.beside)):
            module, _, name = reference.partition(":")
            assert callable(getattr(importlib.import_module(module), name))


def test_a_format_of_another_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    entry = EntryPoint("Shiny", f"{__name__}:FORMAT", registry.ENTRY_POINTS)
    theirs = EntryPoint("GTiff", f"{__name__}:FORMAT", registry.ENTRY_POINTS)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda: EntryPoints((entry, theirs)))
    registry._plugins.cache_clear()
    request.addfinalizer(registry._plugins.cache_clear)
    monkeypatch.setattr(registry, "_load_plugin", lambda _: FORMAT)
    assert [info.name for info in formats()].count("GTiff") == 1
    assert formats()[-1] is FORMAT
    (tmp_path / "a.shiny").write_text("")
    assert guess_format(InputSpec.from_value("a", "a.shiny"), tmp_path) == "Shiny"


FORMAT = FormatInfo(
    name="Shiny", summary="made up", kind=OutputKind.RASTER, extensions=("shiny",),
    reader=f"{__name__}:nothing",
)  # fmt: skip


def nothing() -> None:
    """Stands for a reader."""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.tif", "raster_file"),
        ("a.TIF", "raster_file"),
        ("s3://bucket/a.tif", "raster_file"),
        ("https://host/a.jp2?key=1", "raster_file"),
        ("a.gpkg", "vector_file"),
        ("a.geojson", "vector_file"),
        ("other.mapchete", "Mapchete"),
        ("folder", "TileDirectory"),
        ("folder.v2", "TileDirectory"),
        ("s3://bucket/folder", "TileDirectory"),
        ("a.hdf", "raster_file"),
    ],
)
def test_guessed(path: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.v2").mkdir()
    assert guess_format(InputSpec.from_value("x", path), tmp_path) == name


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({**GTIFF, "format": "GTif"}, ("output.format", "GTif", "GTiff?")),
        ({**GTIFF, "format": "raster_file"}, ("output.format", "one of GTiff")),
        ({**GTIFF, "comress": "lzw"}, ("output.comress", "unknown option", "compress?")),
        ({**GTIFF, "bands": 0}, ("output.bands", "at least 1")),
        ({**GTIFF, "bands": "3"}, ("output.bands", "'3'")),
        ({**GTIFF, "dtype": "uint9"}, ("output.dtype", "uint9", "uint8")),
        ({**GTIFF, "nodata": 300}, ("output.nodata", "300", "0 to 255")),
        ({**GTIFF, "nodata": "nan"}, ("output.nodata", "uint8")),
        ({**GTIFF, "nodata": "x"}, ("output.nodata", "number")),
        ({**GTIFF, "on_overflow": "wrap"}, ("output.on_overflow", "saturate, raise")),
        ({**GTIFF, "resampling": "best"}, ("output.resampling", "best", "nearest")),
        ({**GTIFF, "metatiling": 8}, ("output.metatiling", "at most 4")),
        ({**GTIFF, "metatiling": 3}, ("output", "metatiling", "3")),
        ({**GTIFF, "pixelbuffer": 6}, ("output.pixelbuffer", "at most 5")),
        ({**GTIFF, "tile_size": 512}, ("output.tile_size", "256")),
        ({**GTIFF, "tile_path_schema": "{zoom}/{col}"}, ("tile_path_schema", "row")),
        ({**GTIFF, "descriptions": ["a", "b"]}, ("output.descriptions", "1 bands")),
        ({**GTIFF, "scale": "x"}, ("output.scale", "float")),
        ({**GTIFF, "tags": [1]}, ("output.tags", "mapping")),
        ({**GTIFF, "tags": {1: "x"}}, ("output.tags.1", "mapping")),
        ({**GTIFF, "colormap": {1: "red"}}, ("output.colormap.1", "red")),
        ({"format": "GTiff", "path": "out", "dtype": "uint8"}, ("output.bands", "missing")),
        ({"format": "GTiff", "path": "out", "bands": 1}, ("output.dtype", "missing")),
        ({"format": "GTiff", "bands": 1, "dtype": "uint8"}, ("output.path",)),
        ({"path": "out"}, ("output.format",)),
        ({"format": "PNG", "path": "out", "compress": "lzw"}, ("output.compress",)),
        ({"format": "GeoJSON", "path": "out"}, ("output.schema.geometry", "Polygon")),
        (
            {**GEOJSON, "schema": {"geometry": "Triangle", "properties": {}}},
            ("output.schema.geometry", "Triangle"),
        ),
        ({**GEOJSON, "schema": {"geometry": "Point"}}, ("output.schema.properties",)),
    ],
)
def test_wrong_outputs(value: dict[str, Any], words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write(value, tmp_path)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    if words[0] != "tile_path_schema":
        assert str(caught.value).startswith("x.mapchete:7: output")
    assert not list(tmp_path.iterdir())


def test_a_single_file_has_one_zoom(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one zoom"):
        write({**GTIFF, "path": "out.tif"}, tmp_path, zooms=(4, 5))


def test_nothing_is_touched_before_prepare(tmp_path: Path) -> None:
    for value in (GTIFF, GEOJSON, {**GTIFF, "path": "out.tif"}, {"format": "PNG", "path": "p"}):
        write(value, tmp_path)
    assert not list(tmp_path.iterdir())


def test_old_name_of_the_format_key(tmp_path: Path) -> None:
    value = {**GTIFF, "type": GTIFF["format"]}
    del value["format"]
    assert write(value, tmp_path).metadata.format == "GTiff"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"path": "a.tif", "format": "raster_fil"}, ("input.a.format", "raster_file?")),
        ({"path": "a.tif", "format": "GTiff"}, ("input.a.format",)),
        ({"path": "a.tif", "resamplin": "nearest"}, ("input.a.resamplin", "resampling?")),
        ({"path": "folder", "extension": "tif"}, ("input.a.grid", "mercator")),
        ({"path": "folder", "grid": "mercator"}, ("input.a", "metadata.json", "extension")),
        ({"path": "folder", "grid": "moon", "extension": "tif"}, ("input.a.grid", "moon")),
        ({"path": "folder", "grid": "mercator", "extension": "doc"}, ("input.a.extension",)),
        ({"format": "raster_file"}, ("input.a", "path")),
    ],
)
def test_wrong_inputs(value: dict[str, Any], words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError) as caught:
        open_input(
            InputSpec.from_value("a", value, file=Path("x.mapchete"), line=3), tmp_path, PYRAMID
        )
    assert all(word in str(caught.value) for word in ("x.mapchete:3", *words)), str(caught.value)


def test_options_of_mapchete_without_meaning_here(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("")
    value = {"path": "a.tif", "format": "raster_file", "cache": "memory", "storage_options": {}}
    open_input(InputSpec.from_value("a", value), tmp_path, PYRAMID)
    write(
        {**GTIFF, "stac": {"id": "x"}, "storage_options": {"a": "b"}, "in_memory": True}, tmp_path
    )
