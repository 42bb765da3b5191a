"""Features as tile directories of GeoJSON or FlatGeobuf."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from automap_tiles import vector
from automap_tiles.errors import InputError, ProcessResultError
from automap_tiles.formats.options import Options
from automap_tiles.formats.protocols import Feature, OutputKind, StoredFile, Tiled, Writer
from automap_tiles.formats.spec import OutputSpec
from automap_tiles.formats.tiles._files import TileFiles, output_pyramid
from automap_tiles.formats.tiles._metadata import Metadata, write_metadata, write_summary
from automap_tiles.grid import Pyramid, Tile, TileIndex
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import Cleaned, open_storage

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry as Area

_EXTENSIONS = {"GeoJSON": "geojson", "FlatGeobuf": "fgb"}

# Names of geometry types in schemas, with those that mapchete takes, as OGR knows them.
_GEOMETRIES = {
    "Geometry": "Unknown",
    "Unknown": "Unknown",
    "Point": "Point",
    "MultiPoint": "MultiPoint",
    "Line": "LineString",
    "LineString": "LineString",
    "MultiLine": "MultiLineString",
    "MultiLineString": "MultiLineString",
    "Polygon": "Polygon",
    "MultiPolygon": "MultiPolygon",
    "GeometryCollection": "GeometryCollection",
}
# How fiona names types with heights.
_3D = "3D "

# Types of properties that a format has no place for, and what becomes of their values there.
_AS_TEXT = {
    "GeoJSON": {"bytes": "hexadecimal text"},
    "FlatGeobuf": {
        "date": "text",
        "time": "text",
        "json": "text of JSON",
        "List[str]": "text of JSON",
    },
}


def open_writer(spec: OutputSpec, process_pyramid: Pyramid) -> Writer:
    """Writer of a directory of GeoJSON or FlatGeobuf tiles."""
    options = Options(spec)
    pyramid = output_pyramid(spec, process_pyramid)
    options.pick(("metatiling", "pixelbuffer", "tile_size"))
    layout = options.layout(_EXTENSIONS[spec.format])
    geometry, properties = _schema(spec, options)
    options.finish()
    return FeatureDirectory(
        files=TileFiles(storage=open_storage(spec.path), layout=layout, pyramid=pyramid),
        process_pyramid=process_pyramid,
        metadata=Metadata(pyramid=pyramid, format=spec.format, options=spec.options),
        geometry=geometry,
        properties=properties,
    )


def _schema(spec: OutputSpec, options: Options) -> tuple[str, dict[str, str]]:
    """Geometry type and types of the properties; raises `ConfigError`."""
    schema = options.mapping("schema")
    remedy = "schema: {geometry: Polygon, properties: {name: str}}"
    geometry, properties = str(schema.get("geometry")), schema.get("properties")
    flat = geometry.removeprefix(_3D)
    if flat not in _GEOMETRIES:
        raise spec.error(
            f"must be one of {', '.join(_GEOMETRIES)}",
            key="schema.geometry",
            found=schema.get("geometry"),
            remedy=remedy,
        )
    if not isinstance(properties, Mapping):
        raise spec.error(
            "must be a mapping", key="schema.properties", found=properties, remedy=remedy
        )
    name = _GEOMETRIES[flat]
    with_heights = flat != geometry and name != "Unknown"
    types = {str(name): str(kind) for name, kind in properties.items()}
    return f"{_3D}{name}" if with_heights else name, _held(spec.format, types)


def _held(name: str, types: Mapping[str, str]) -> dict[str, str]:
    """The types as which a format holds properties; those that become texts are told."""
    held = dict(types)
    for wanted, becomes in _AS_TEXT[name].items():
        changed = [each for each, kind in types.items() if kind.partition(":")[0] == wanted]
        held |= dict.fromkeys(changed, "str")
        if changed:
            tell(
                Note(
                    fate=Fate.REPLACED,
                    subject=Subject.ATTRIBUTES,
                    count=len(changed),
                    examples=tuple(changed),
                    reason=f"{name} has no {wanted}; it is stored as {becomes}",
                )
            )
    return held


@dataclass(frozen=True, kw_only=True)
class FeatureDirectory:
    """Writer of feature tiles; see `Writer`."""

    files: TileFiles
    process_pyramid: Pyramid
    metadata: Metadata
    geometry: str
    """Type that all geometries have; `Unknown` for any."""
    properties: Mapping[str, str]
    """Type of each property, as fiona names them."""

    kind = OutputKind.VECTOR
    lossless = False
    """Drivers round coordinates and take features apart."""
    nodata = None
    bytes_per_pixel = 0

    @property
    def path(self) -> str:
        return self.files.storage.root

    @property
    def pyramid(self) -> Pyramid:
        return self.files.pyramid

    def prepare(
        self,
        *,
        area: Area | None = None,  # noqa: ARG002 a directory has no extent
        overwrite: bool = False,
    ) -> None:
        write_metadata(self.files.storage, self.metadata, overwrite=overwrite)

    def convert(self, tile: Tile, result: object) -> Tiled | None:
        """Features with valid geometries, clipped to what will be written."""
        if result is None:
            raise ProcessResultError(
                "the process returned None; raise automap_tiles.Empty where there is nothing"
            )
        if isinstance(result, Mapping) and result.get("type") == "FeatureCollection":
            result = result.get("features")
        if isinstance(result, str | bytes | Mapping) or not isinstance(result, Iterable):
            raise ProcessResultError(
                f"the process returned {type(result).__name__}, not a list of features"
            )
        checked = (self._checked(number, feature) for number, feature in enumerate(result))
        features = [feature for feature in checked if feature is not None]
        if not any(self._clipped(features, cut.tile) for cut in self.files.cuts(tile)):
            return None
        return Tiled(features)

    def write(self, tile: Tile, data: Tiled) -> tuple[StoredFile, ...]:
        stored = []
        schema = {"geometry": self.geometry, "properties": dict(self.properties)}
        for cut in self.files.cuts(tile):
            features = [self._held(each) for each in self._clipped(data.data, cut.tile)]
            if features:
                content = vector.encode_features(
                    features, driver=self.metadata.format, schema=schema, crs=self.pyramid.crs
                )
                stored.append(self.files.put(cut.tile.index, content))
            else:
                self.files.storage.delete(self.files.key(cut.tile.index))
        return tuple(stored)

    def read(self, tile: Tile) -> Tiled | None:
        """The features of all output tiles of a tile; those on a cut come in parts."""
        features: list[Feature] = []
        for cut in self.files.cuts(tile):
            key = self.files.key(cut.tile.index)
            try:
                content = self.files.storage.get(key)
                features += vector.decode_features(content, driver=self.metadata.format)
            except FileNotFoundError:
                continue
            except InputError as error:
                raise InputError(error.message, self.files.storage.url(key)) from error
        return Tiled(features) if features else None

    def exists(self, tile: Tile) -> bool:
        return self.files.exists(tile)

    def exists_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        return self.files.exists_many(tiles)

    def whole_many(self, tiles: Sequence[Tile]) -> set[TileIndex]:
        return self.files.whole_many(tiles)

    def stored(self, names: Sequence[str]) -> set[str]:
        return self.files.storage.exists_many(names)

    def delete(self, tile: Tile) -> None:
        self.files.delete(tile)

    def finish(self, summary: Mapping[str, Any] | None = None) -> tuple[StoredFile, ...]:
        write_summary(self.files.storage, summary or {})
        return ()

    def clean(self) -> Cleaned:
        return self.files.storage.clean_parts()

    def fingerprint(self) -> str:
        return hashlib.sha256(self.metadata.to_json()).hexdigest()

    def _checked(self, number: int, feature: object) -> Feature | None:
        """A feature with a valid geometry and just the properties of the schema.

        None when its geometry is empty, as geometries that were cut may be.
        """
        if not isinstance(feature, Mapping) or "geometry" not in feature:
            raise ProcessResultError(
                f"feature {number} is no GeoJSON-like feature: {feature!r:.200}"
            )
        properties = feature.get("properties") or {}
        if unknown := set(properties) - set(self.properties):
            raise ProcessResultError(
                f"feature {number} has properties that the output's schema does not know: "
                f"{', '.join(sorted(map(str, unknown)))}"
            )
        geometry = _valid(number, feature["geometry"])
        if geometry.is_empty:
            return None
        return {
            "type": "Feature",
            "geometry": vector.to_mapping(geometry),
            "properties": {
                name: _fitting(name, properties.get(name), kind)
                for name, kind in self.properties.items()
            },
        }

    def _clipped(self, features: Iterable[Feature], output: Tile) -> list[Feature]:
        """What of the features an output tile holds, as the schema's type of geometry."""
        found = []
        for feature in features:
            inside = vector.clip_to_box(vector.to_shape(feature), output.bounds)
            found += [
                {**feature, "geometry": vector.to_mapping(part)}
                for part in vector.fitting_parts(inside, self.geometry)
            ]
        return found

    def _held(self, feature: Feature) -> Feature:
        """Without heights where FlatGeobuf would leave them out or refuse the feature."""
        if self.metadata.format == "GeoJSON" or self.geometry.startswith(_3D):
            return feature
        geometry = vector.to_shape(feature)
        if not geometry.has_z:
            return feature
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.FEATURES,
                reason=f"FlatGeobuf tiles of {self.geometry} have no heights",
                remedy=f"schema: {{geometry: {_3D}Polygon, …}}, or GeoJSON",
            )
        )
        return {**feature, "geometry": vector.to_mapping(shapely.force_2d(geometry))}


def _fitting(name: str, value: Any, kind: str) -> Any:
    """A value of a property as the schema's type; None, told, where it does not fit."""
    if isinstance(value, np.generic):
        value = value.item()
    kind = kind.partition(":")[0]
    if value is None:
        return None
    if kind == "str":
        return _text(value)
    if kind == "float" or kind.startswith("float"):
        fits = isinstance(value, int | float)
        value = float(value) if fits else value
    elif kind.startswith("int"):
        fits = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        value = int(value) if fits else value
    elif kind == "bool":
        fits = isinstance(value, bool) or value in (0, 1)
        value = bool(value) if fits else value
    else:
        fits = True
    if fits:
        return value
    tell(
        Note(
            fate=Fate.LOST,
            subject=Subject.ATTRIBUTES,
            examples=(f"{name}: {value!r:.40}",),
            reason=f"values that are no {kind} in a column of the schema's type {kind}",
            remedy="output.schema.properties",
        )
    )
    return None


def _text(value: Any) -> str:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return vector.as_text(value) if isinstance(value, list | tuple | Mapping) else str(value)


def _valid(number: int, geometry: Any) -> BaseGeometry:
    try:
        return vector.repaired(vector.to_shape(geometry))
    except (ShapelyError, AttributeError, TypeError, KeyError, ValueError) as error:
        raise ProcessResultError(f"feature {number} has no geometry: {error}") from error
