"""Runs whose scenes and results lie in an object store, against the same run on a disk."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import fiona
import pytest
from fiona.transform import transform

from automap_tiles.engine.journal import place_of
from automap_tiles.storage import Address
from automap_tiles.workflows import run
from automap_tiles.workflows.automap import AutomapOutcome, ClassificationOrder, CompositeOrder
from automap_tiles.workflows.automap.scratch import Scratch
from automap_tiles.workflows.events import Failed, Finished
from automap_tiles.workflows.learning import Learning
from tests.storage.s3 import BUCKET, S3Server

VALUES = {"urban": 1, "vegetation": 2, "water": 3}
NAME = "20180401_20180830_median"
RESULTS = (
    f"composite_{NAME}.tif", f"composite_{NAME}.scenes.json", f"model_{NAME}.zip",
    f"classes_{NAME}.tif", f"classes_{NAME}.tif.aux.xml",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the boundary and the samples."""
    folder = tmp_path_factory.mktemp("place")
    ring = [[-75.5, 39.3], [-72.2, 39.3], [-72.2, 41.6], [-75.5, 41.6], [-75.5, 39.3]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    collection = {"type": "FeatureCollection", "features": [feature]}
    (folder / "area.geojson").write_text(json.dumps(collection))
    source = shared / "data" / "labels" / "gdalcubes_ny_samples.gpkg"
    with fiona.open(source) as points, (folder / "samples.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["X", "Y", "2018"])
        for point in points:
            x, y = point["geometry"]["coordinates"]
            (lon,), (lat,) = transform(points.crs, "EPSG:4326", [x], [y])
            writer.writerow([lon, lat, VALUES[point["properties"]["class"]]])
    return folder


@pytest.fixture(scope="module")
def products(shared: Path) -> Path:
    """Landsat 8 around New York, 3 km pixels."""
    return shared / "data" / "landsat" / "gdalcubes_L8NY18"


def words(place: Path, source: object, output: object, **more: Any) -> dict[str, Any]:
    return {
        "satellites": ("8",),
        "start": "2018-04-01",
        "end": "2018-08-30",
        "boundary": str(place / "area.geojson"),
        "input": str(source),
        "output": str(output),
        "workers": 2,
        **more,
    }


def classification(place: Path, source: object, output: object, **more: Any) -> ClassificationOrder:
    own = {"samples": str(place / "samples.csv"), "learn": Learning(trials=2), "confidence": True}
    return ClassificationOrder(**words(place, source, output, **own, **more))


def outcome_of(order: CompositeOrder) -> AutomapOutcome:
    *events, last = run(order)
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, AutomapOutcome)
    assert not last.outcome.failed, [one.item for one in events if isinstance(one, Failed)]
    return last.outcome


def results(output: Address) -> dict[str, bytes]:
    """Bytes of what was made of the scenes, and of the scenes themselves, by name."""
    folder = output / "landsat-8"
    keys = [f"scenes/{key}" for key in (folder / "scenes").as_folder().list()]
    found = {key: (folder / key).read() for key in (*RESULTS, *keys)}
    return {key: _comparable(key, content or b"") for key, content in found.items()}


def _comparable(key: str, content: bytes) -> bytes:
    """Without the fingerprint of products: the same file has another stamp in another place."""
    if not key.startswith("scenes/LC08") or not key.endswith(".json"):
        return content
    item = json.loads(content)
    del item["properties"]["automap:product"]
    return json.dumps(item).encode()


@pytest.fixture(scope="module")
def local(
    place: Path, products: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What comes of it on a disk."""
    output = Address.of(tmp_path_factory.mktemp("local"))
    outcome_of(classification(place, products, output))
    return results(output)


@pytest.fixture
def bucket(s3: S3Server, request: pytest.FixtureRequest) -> Address:
    """An address below which nothing is."""
    assert s3.endpoint
    return Address.of(f"s3://{BUCKET}/{request.node.name}")


def put_folder(folder: Path, address: Address) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            (address / path.relative_to(folder).as_posix()).write(path.read_bytes())


def test_a_classification_in_a_store(
    place: Path, products: Path, bucket: Address, local: dict[str, bytes]
) -> None:
    """Scenes from a store, everything else into it: the bytes of a run on a disk."""
    source, output = bucket / "in" / products.name, bucket / "out"
    put_folder(products, source)
    order = classification(place, source, output)
    assert outcome_of(order).output == output.text
    found = results(output)
    assert found.keys() == local.keys()
    assert all(found.values())
    assert not [key for key, content in found.items() if content != local[key]]
    # everything lies with the output, nothing is left on this machine
    assert not Scratch(output).folder.exists()
    assert place_of(output.text).lock_key not in set(output.as_folder().list())
    before = stamps(output)
    outcome_of(order)
    after = stamps(output)
    changed = {key for key in before if before[key] != after.get(key)}
    assert not [key for key in changed if key.endswith((".tif", ".zip"))]


def stamps(output: Address) -> dict[str, str]:
    storage = output.as_folder()
    return {key: storage.stamp(key) for key in storage.list()}


@pytest.mark.parametrize("concurrency", ["none", "threads", "loky", "dask"])
def test_every_executor_makes_the_same_bytes(
    concurrency: Any, place: Path, products: Path, bucket: Address, local: dict[str, bytes]
) -> None:
    """Those of processes on a disk, which `local` is."""
    pytest.importorskip(
        {"dask": "distributed"}.get(concurrency, concurrency), reason="an extra"
    ) if concurrency in ("loky", "dask") else None
    output = bucket / "out"
    outcome_of(classification(place, products, output, concurrency=concurrency))
    found = results(output)
    assert found.keys() == local.keys()
    assert not [key for key, content in found.items() if content != local[key]]
