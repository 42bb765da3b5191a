"""The form of a launch: all parameters, and nothing replaced without a word."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from automap_service.launching.schema import NAMES
from automap_service.pages._form import GROUPS, read_form, several


def test_every_parameter_of_the_schema_stands_in_the_form_once() -> None:
    assert sorted(name for group in GROUPS for name in group.names) == sorted(NAMES)


def test_what_is_said_is_what_json_would_say() -> None:
    form = MultiDict([
        ("mode", "classification"), ("satellites", ""), ("satellites", "landsat-8"),
        ("satellites", "sentinel-2"), ("confidence", "on"), ("smoothing", "3"),
        ("max_cloud_cover", "12.5"), ("minimum_patch", "many"), ("description", " a "),
        ("crs", "3035"), ("resolution", "60"),
    ])  # fmt: skip
    assert read_form(form) == {
        "mode": "classification",
        "satellites": ["landsat-8", "sentinel-2"],
        "confidence": True,
        "smoothing": 3,
        "max_cloud_cover": 12.5,
        "crs": "3035",
        "resolution": 60.0,
        "minimum_patch": "many",
        "description": "a",
    }


def test_what_has_no_use_in_the_mode_is_not_sent() -> None:
    form = MultiDict([("mode", "download"), ("statistics", "median"), ("samples", "x")])
    assert read_form(form) == {"mode": "download"}


def test_nothing_ticked_is_not_the_default() -> None:
    form = MultiDict([("mode", "composite"), ("mask", ""), ("statistics", ""), ("provenance", "")])
    assert read_form(form) == {"mode": "composite", "mask": [], "statistics": []}
    assert "cloud" in several()["mask"]
