"""Tile directories of features: what all vector tile formats share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import shapely

from automap_tiles import vector
from automap_tiles.errors import InputError, ProcessResultError
from automap_tiles.formats._contents import Feature, OutputKind, StoredFile, Tiled
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.tiles._codec import FeatureCodec
from automap_tiles.formats.tiles._directory import TileDirectory
from automap_tiles.formats.tiles._feature_values import WITH_HEIGHTS, fitting, valid_geometry
from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.formats.tiles._metadata import Metadata, write_metadata
from automap_tiles.formats.tiles._tile_file_writer import TileFileWriter
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import MemoryStorage

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry as Area


@dataclass(frozen=True, kw_only=True)
class FeatureDirectory(TileFileWriter):
    """Writer of feature tiles; see `Writer`."""

    files: TileFiles
    process_pyramid: Pyramid
    codec: FeatureCodec
    metadata: Metadata
    geometry: str
    """Type of all geometries; `Unknown` for any."""
    properties: Mapping[str, str]
    """Type of each property, named as in fiona."""

    kind = OutputKind.VECTOR
    lossless = False
    """Drivers round coordinates and split features."""
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
        """Features with valid geometries, clipped to the extent that will be written."""
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
                content = self.codec.encode(features, schema=schema, crs=self.pyramid.crs)
                stored.append(self.files.put(cut.tile.index, content))
            else:
                self.files.remove(cut.tile.index)
        return tuple(stored)

    def read(self, tile: Tile) -> Tiled | None:
        """The features of all output tiles of a tile; those across an edge are in parts."""
        features: list[Feature] = []
        for cut in self.files.cuts(tile):
            key = self.files.key(cut.tile.index)
            try:
                features += self.codec.decode(self.files.storage.get(key))
            except FileNotFoundError:
                continue
            except InputError as error:
                raise InputError(error.message, self.files.storage.url(key)) from error
        return Tiled(features) if features else None

    def in_memory(self) -> FeatureDirectory:
        return replace(self, files=replace(self.files, storage=MemoryStorage()))

    def reader(self) -> TileDirectory:
        return TileDirectory(
            path=self.path, files=self.files, kind=self.kind, features_codec=self.codec
        )

    def appearance(self) -> Appearance:
        return Appearance(names=("features",), dtype="uint8")

    def _checked(self, number: int, feature: object) -> Feature | None:
        """A feature with a valid geometry and exactly the properties of the schema.

        None if its geometry is empty, as clipped geometries may be.
        """
        if not isinstance(feature, Mapping) or "geometry" not in feature:
            raise ProcessResultError(
                f"feature {number} is not a GeoJSON-like feature: {feature!r:.200}"
            )
        properties = feature.get("properties") or {}
        if unknown := set(properties) - set(self.properties):
            raise ProcessResultError(
                f"feature {number} has properties that the output's schema does not know: "
                f"{', '.join(sorted(map(str, unknown)))}"
            )
        geometry = valid_geometry(number, feature["geometry"])
        if geometry.is_empty:
            return None
        self._tell_unfitting(geometry)
        return {
            "type": "Feature",
            "geometry": vector.to_mapping(geometry),
            "properties": {
                name: fitting(name, properties.get(name), kind)
                for name, kind in self.properties.items()
            },
        }

    def _tell_unfitting(self, geometry: Area) -> None:
        """Note features of another geometry type.

        Remnants of clipping, such as a corner point, are excepted.
        """
        if any(True for _ in vector.fitting_parts(geometry, self.geometry)):
            return
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.FEATURES,
                reason=f"their geometry is no {self.geometry}, as the output's schema asks for",
                examples=(geometry.geom_type,),
                remedy="schema: {geometry: Geometry, …} holds all",
            )
        )

    def _clipped(self, features: Iterable[Feature], output: Tile) -> list[Feature]:
        """The part of the features in an output tile, with the schema's geometry type."""
        found = []
        for feature in features:
            inside = vector.clip_to_box(vector.to_shape(feature), output.bounds)
            found += [
                {**feature, "geometry": vector.to_mapping(part)}
                for part in vector.fitting_parts(inside, self.geometry)
            ]
        return found

    def _held(self, feature: Feature) -> Feature:
        """In 2D if the format would drop the z coordinates or reject the feature."""
        if self.codec.mixes_heights or self.geometry.startswith(WITH_HEIGHTS):
            return feature
        geometry = vector.to_shape(feature)
        if not geometry.has_z:
            return feature
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.FEATURES,
                reason=f"{self.metadata.format} tiles of {self.geometry} have no heights",
                remedy=f"schema: {{geometry: {WITH_HEIGHTS}Polygon, …}}, or GeoJSON",
            )
        )
        return {**feature, "geometry": vector.to_mapping(shapely.force_2d(geometry))}
