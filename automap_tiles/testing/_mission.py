"""What every mission promises."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from automap_tiles import missions
from automap_tiles.missions import Flag, Item, Mission, ProductLayout, Scene, Sensor
from automap_tiles.scenes.catalogue.convert import sketch, to_scene
from automap_tiles.scenes.catalogue.item import read_item
from automap_tiles.scenes.containers import folder_of, list_place

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""A satellite gives its folder its name, on every kind of file system and in object stores."""

_OF_NOBODY = ("README.txt", "pictures/my_red.tif", "area.geojson", "x/metadata.xml", "B1.tif")

_NOBODY = {
    "type": "Feature",
    "id": "nothing-that-is-known",
    "properties": {"datetime": "2020-06-01T10:00:00Z", "platform": "nobody-1"},
    "assets": {"red": {"href": "https://example.org/red.tif", "roles": ["data"]}},
}


class MissionContract:
    """Inherit it, set `mission`, and as much of the rest as the mission has."""

    mission: ClassVar[Mission]
    products: ClassVar[Sequence[Sequence[str]]] = ()
    """Names of the files of one product each, beginning with its folder."""
    folders: ClassVar[Sequence[Path]] = ()
    """Folders with one product each, whose metadata and bands can be read."""
    items: ClassVar[Sequence[Mapping[str, Any]]] = ()
    """STAC items that can be used without a file besides."""

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """All of the mission."""
        return tuple(each for own in self.mission.satellites for each in own.sensors)

    def test_it_is_known(self) -> None:
        """By the entry point of its package, or in the table of this one."""
        assert any(self.mission is each for each in missions.missions())

    def test_satellites(self) -> None:
        """Their names are folders, and the sensors know which satellite they are of."""
        assert self.mission.satellites
        assert self.mission.group == self.mission.group.lower()
        for satellite in self.mission.satellites:
            assert _NAME.fullmatch(satellite.name), satellite.name
            assert satellite.sensors, satellite.name
            assert all(alias == alias.lower() for alias in satellite.aliases)
            assert {sensor.satellite for sensor in satellite.sensors} == {satellite.name}
            for word in (satellite.name, *satellite.aliases):
                assert missions.parse_satellites(word) == {satellite.name}
            assert satellite.common_bands == missions.common_bands(satellite.name)
            assert satellite.resolution > 0

    def test_bands(self) -> None:
        """Every name leads to one band; wavelengths lie where they are said to."""
        for sensor in self.sensors:
            assert sensor.key == sensor.key.lower()
            assert missions.sensor_of(sensor.key) is sensor
            assert pickle.loads(pickle.dumps(sensor)) == sensor
            for band in sensor.bands:
                assert band.span[0] < band.wavelength < band.span[1], (sensor.key, band.name)
                assert all(sensor.find(name) is band for name in band.names)
            waves = [sensor.band(name).wavelength for name in sensor.common_bands]
            assert waves == sorted(waves)
            sizes = [sensor.band(name).resolution for name in sensor.common_bands]
            assert sensor.resolution == min(sizes)

    def test_quality(self) -> None:
        """The layers that sensors name are there; every code of a layer has flags."""
        for name in {name for sensor in self.sensors for name in sensor.quality}:
            assert missions.quality_layer(name).name == name
        for layer in self.mission.quality:
            assert missions.quality_layer(layer.name) is layer
            assert layer.source, f"{layer.name}: where is its table from?"
            shape = (layer.bands, 2, 256) if layer.kind == "bands" else (2, 256)
            codes = np.broadcast_to(np.arange(256, dtype=f"u{layer.bits // 8}"), shape)
            flags = layer.to_flags(codes)
            assert flags.shape == (2, 256)
            masked = np.ma.MaskedArray(codes, mask=np.ones(shape, dtype=bool))
            assert (layer.to_flags(masked) & Flag.FILL).all()

    def test_names_of_others(self) -> None:
        """It takes no file for its own that says nothing of it."""
        assert list(self.mission.products.find([])) == []
        assert list(self.mission.products.find(sorted(_OF_NOBODY))) == []

    def test_products(self) -> None:
        """A product is found among its files, whatever else lies there, and by nobody else."""
        for names in self.products:
            (layout,) = self._found([*names, *_OF_NOBODY])
            assert layout.bands
            assert layout.missing(layout.like.common_bands) == ()
            assert {layout.like.band(name).name for name in layout.bands} == set(layout.bands)
            used = {*layout.bands.values(), *layout.quality.values(), *layout.metadata.values()}
            assert used <= set(names)
            assert all(missions.quality_layer(name) for name in layout.quality)
            if layout.sensor is not None:
                assert missions.sensor_of(layout.sensor) in self.sensors

    def test_scenes_of_folders(self) -> None:
        """What its metadata say is enough for reflectance, at a time that has a zone."""
        for folder in self.folders:
            place = folder_of(str(folder), list_place(str(folder))[0])
            (layout,) = self._found(place.names())
            self._check(self.mission.products.scene(layout, place))

    def test_items_of_others(self) -> None:
        """It leaves items of satellites that are not its own to others."""
        item = read_item(_NOBODY, "https://example.org/item.json")
        assert all(dialect.identify(item) is None for dialect in self.mission.dialects)

    def test_items(self) -> None:
        """An item becomes a scene of this mission, and no other mission takes it for its own."""
        for data in self.items:
            item = read_item(data, "https://example.org/item.json")
            dialect, identity = missions.recognise(item)
            assert any(dialect is own for own in self.mission.dialects), data["id"]
            assert identity.sensor in self.sensors
            assert self._others(item) == []
            drawn = sketch(item)
            assert all(identity.sensor.find(name) is not None for name in drawn.bands)
            scene = to_scene(drawn, _no_file)
            assert scene.id == data["id"]
            self._check(scene)

    def test_deliveries(self) -> None:
        """Deliveries are compared by the same words, whatever is known of them."""
        deliveries = self.mission.deliveries
        for sensor in self.sensors:
            bare = Scene(id="a", sensor=sensor.key, time=datetime(2020, 1, 1, tzinfo=UTC), bands={})
            assert deliveries.tolerance(bare) > timedelta()
            words = [merit.word for merit in deliveries.merits(bare)]
            assert len(set(words)) == len(words)
            assert missions.utc(deliveries.processed(bare)) == ""

    def test_tiles(self) -> None:
        """A tile as scenes have it means itself."""
        tiles = self.mission.tiles
        if tiles is not None:
            word = tiles.example.partition(" ")[0]
            own = tiles.parse(word)
            assert own is not None
            assert tiles.parse(own) == own
            assert missions.parse_tile(word) == own

    def _found(self, names: Sequence[str]) -> list[ProductLayout]:
        found = missions.find_products(names)
        assert all(mission is self.mission for mission, _ in found), names
        assert missions.find_products(sorted(names, reverse=True)) == found
        return [layout for _, layout in found]

    def _others(self, item: Item) -> list[Mission]:
        others = (each for each in missions.missions() if each is not self.mission)
        return [
            each
            for each in others
            if any(dialect.identify(item) is not None for dialect in each.dialects)
        ]

    def _check(self, scene: Scene) -> None:
        sensor = missions.sensor_of(scene.sensor)
        assert sensor in self.sensors
        assert scene.time.tzinfo is not None
        assert scene.bands
        scalings = {name: file.scaling for name, file in scene.bands.items()}
        assert all(scalings[name] for name in scene.bands if sensor.band(name).is_reflective)
        assert all(missions.quality_layer(file.layer) for file in scene.quality)
        assert pickle.loads(pickle.dumps(scene)) == scene


def _no_file(href: str) -> bytes:
    raise AssertionError(f"an item that is to be used without a file asks for {href}")
