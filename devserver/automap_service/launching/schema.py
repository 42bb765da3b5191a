"""The parameters of a run as JSON Schema: one table for the API, OGC's process and the form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from automap_tiles.analysis.composites.methods import METHODS, PROVENANCE

_COMPOSITE = ("composite", "classification")
_CLASSIFICATION = ("classification",)
ONLY: dict[str, tuple[str, ...]] = {
    "statistics": _COMPOSITE,
    "provenance": _COMPOSITE,
    "crs": _COMPOSITE,
    "resolution": _COMPOSITE,
    "samples": _CLASSIFICATION,
    "confidence": _CLASSIFICATION,
    "probabilities": _CLASSIFICATION,
    "smoothing": _CLASSIFICATION,
    "minimum_patch": _CLASSIFICATION,
}
"""Parameters that mean something in some modes only."""
REQUIRED = ("mode", "satellites", "start_date", "end_date", "boundary")
COARSEST = 1e7
"""Pixel size: a quarter of the way around the Earth."""
_NAMES = {"type": "array", "items": {"type": "string"}}

PROPERTIES: dict[str, dict[str, Any]] = {
    "mode": {
        "title": "Mode",
        "description": "Where to end; each makes first what the one before it makes",
        "type": "string",
        "enum": ["download", "composite", "classification"],
    },
    "satellites": {
        "title": "Satellites",
        "description": "A set: 2578, 'landsat', [2, 'landsat'], 'all'",
        "oneOf": [
            {"type": "array", "items": {"oneOf": [{"type": "integer"}, {"type": "string"}]}},
            {"type": "integer"},
            {"type": "string"},
        ],
    },
    "start_date": {
        "title": "Start",
        "description": "First day, not before 1984-01-01",
        "type": "string",
        "format": "date",
    },
    "end_date": {
        "title": "End",
        "description": "Last day, after the first and not in the future",
        "type": "string",
        "format": "date",
    },
    "boundary": {
        "title": "Boundary",
        "description": "Name of an uploaded boundary: the union of its shapes is the area",
        "type": "string",
    },
    "samples": {
        "title": "Samples",
        "description": "Name of uploaded samples; needed for a classification",
        "type": "string",
    },
    "catalogue": {
        "title": "Catalogue",
        "description": "Where the scenes come from; may be left out where there is one",
        "type": "string",
    },
    "statistics": {
        "title": "Statistics",
        "description": "Of the composite",
        "type": "array",
        "items": {"type": "string", "enum": sorted(METHODS)},
        "default": ["median"],
    },
    "provenance": {
        "title": "Provenance",
        "description": "Bands that say where the pixels are from",
        "type": "array",
        "items": {"type": "string", "enum": list(PROVENANCE)},
    },
    "crs": {
        "title": "Coordinate system",
        "description": "Of the composite, such as EPSG:3035; else that of most scenes",
        "oneOf": [{"type": "string"}, {"type": "integer"}],
    },
    "resolution": {
        "title": "Pixel size",
        "description": "Of the composite in units of its coordinate system; coarser pixels than "
        "those of the scenes are means. Else about that of the scenes",
        "type": "number",
        "minimum": 0,
        "exclusiveMinimum": True,  # as OpenAPI 3.0 writes it
        "maximum": COARSEST,
    },
    "mask": {
        "title": "Mask",
        "description": "What rules a pixel out: cloud, cirrus, shadow, snow, water …",
        **_NAMES,
        "default": ["cloud", "cirrus", "shadow"],
    },
    "masker": {
        "title": "Masker",
        "description": "Makes the masks from the bands, in place of the scenes' own",
        "type": "string",
        "enum": ["csmask", "s2cloudless"],
    },
    "project_shadow": {
        "title": "Look for shadows",
        "description": "Look for the shadows of clouds: for masks that have none",
        "type": "boolean",
        "default": False,
    },
    "require_mask": {
        "title": "Masks are needed",
        "description": "Refuse scenes that lack a requested mask",
        "type": "boolean",
        "default": False,
    },
    "brdf": {
        "title": "Seen from above",
        "description": "Bring reflectance to a view from straight above, by the scenes' angles",
        "type": "boolean",
        "default": False,
    },
    "coregister": {
        "title": "Dates onto each other",
        "description": "Move the dates of a composite onto each other, by parts of a pixel",
        "type": "boolean",
        "default": False,
    },
    "seamless": {
        "title": "Equally bright",
        "description": "Make the scenes of a composite equally bright, by where they overlap",
        "type": "boolean",
        "default": False,
    },
    "max_cloud_cover": {
        "title": "Most clouds",
        "description": "Leave out scenes with more clouds, per cent",
        "type": "number",
        "minimum": 0,
        "maximum": 100,
    },
    "confidence": {
        "title": "Confidence",
        "description": "A band with the lead of the best class, per cent",
        "type": "boolean",
        "default": False,
    },
    "probabilities": {
        "title": "Probabilities",
        "description": "A band for each class with its probability",
        "type": "boolean",
        "default": False,
    },
    "smoothing": {
        "title": "Smoothing",
        "description": "Window (odd) in which pixels listen to their neighbours; 0: none",
        "type": "integer",
        "minimum": 0,
        "maximum": 99,
        "default": 0,
    },
    "minimum_patch": {
        "title": "Smallest patch",
        "description": "Pixels: smaller patches take the class around them",
        "type": "integer",
        "minimum": 0,
        "maximum": 1_000_000,
        "default": 0,
    },
    "budget": {
        "title": "Budget",
        "description": "It is stopped when it costs more, and keeps what is there; see /costs",
        "type": "number",
        "minimum": 0,
        "maximum": 1e9,
    },
    "description": {
        "title": "Description",
        "description": "To find the run again",
        "type": "string",
        "maxLength": 500,
    },
}
"""Name → schema, in the order of the form."""
NAMES = tuple(PROPERTIES)


def schema(catalogues: Iterable[str], description: int) -> dict[str, Any]:
    """Of all parameters, with what this installation has."""
    found = {name: dict(each) for name, each in PROPERTIES.items()}
    found["catalogue"]["enum"] = list(catalogues)
    found["description"]["maxLength"] = description
    return {
        "type": "object",
        "properties": found,
        "required": list(REQUIRED),
        "additionalProperties": False,
    }
