"""What a run loses, replaces or guesses: told, counted, kept in its record; old pixels never stay.

The products are small stacks that the tests write themselves.
"""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_bounds

from automap_tiles.cli.main import main
from automap_tiles.scenes.funnel import Funnel

LEFT, TOP, PIXEL = 500_000.0, 6_000_000.0, 30.0
BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
CLEAR, CLOUD, MAYBE = 21824, 22280, 22000  # Landsat's QA_PIXEL: clear; high, medium confidence
STACK = f"""
sensor: landsat-8
level: L1TP
time: "%Y%m%d"
path: L8_{{time}}.tif
bands: [{", ".join(BANDS)}]
mask: {{path: "QA_{{time}}.tif", layer: qa_pixel}}
scale: 0.0001
nodata: 0
"""


def write(path: Path, data: np.ndarray, **facts: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", width=data.shape[2], height=data.shape[1], count=len(data),
        dtype=data.dtype, crs="EPSG:32755",
        transform=rasterio.Affine(PIXEL, 0, LEFT, 0, -PIXEL, TOP), **facts,
    ) as file:  # fmt: skip
        file.write(data)


def product(
    folder: Path, day: str, value: int, qa: int = CLEAR, shape: tuple[int, int] = (40, 40)
) -> None:
    """One acquisition with the same number in all pixels of all bands."""
    (folder / "scenes.yaml").parent.mkdir(parents=True, exist_ok=True)
    (folder / "scenes.yaml").write_text(STACK, encoding="utf-8")
    write(folder / f"L8_{day}.tif", np.full((6, *shape), value, np.uint16), nodata=0)
    write(folder / f"QA_{day}.tif", np.full((1, *shape), qa, np.uint16))


def boundary(folder: Path, shape: tuple[int, int] = (40, 40), shrink: int = 2) -> Path:
    rows, cols = shape
    edges = transform_bounds(
        "EPSG:32755", "EPSG:4326", LEFT + shrink * PIXEL, TOP - (rows - shrink) * PIXEL,
        LEFT + (cols - shrink) * PIXEL, TOP - shrink * PIXEL,
    )  # fmt: skip
    left, bottom, right, top = edges
    ring = [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    path = folder / "area.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    boundary(tmp_path)
    return tmp_path


def run(place: Path, *more: str, mode: str = "composite", source: str = "in") -> int:
    return main(
        [
            *("run", "--mode", mode, "--satellites", "8", "--no-progress", "-w", "1"),
            *("--start", "2020-10-01", "--end", "2020-11-30"),
            *("--boundary", str(place / "area.geojson")),
            *("-i", str(place / source), "-o", str(place / "out"), *more),
        ]
    )


def composite(place: Path) -> dict[str, np.ndarray]:
    """Bands by name; nothing where there is none."""
    (path,) = (place / "out").rglob("composite*.tif")
    with rasterio.open(path) as file:
        return dict(zip(file.descriptions, file.read(), strict=True))


def middle(place: Path) -> int:
    values = composite(place)["median_blue"]
    return int(np.median(values[values != -32768]))


def record(place: Path) -> dict[str, Any]:
    (path,) = (place / "out").glob("run_*.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def notes(place: Path, subject: str) -> list[dict[str, Any]]:
    return [note for note in record(place)["notes"] if note["subject"] == subject]


def test_a_removed_product_leaves_the_composite(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for day, value in (("20201005", 1000), ("20201006", 2000), ("20201007", 7000)):
        product(place / "in", day, value)
    assert run(place) == 0
    assert middle(place) == 2000
    (place / "in/L8_20201005.tif").unlink()
    (place / "in/QA_20201005.tif").unlink()
    capsys.readouterr()
    assert run(place, "--overwrite") == 0
    assert middle(place) == 4500
    told = "not among the scenes that are asked for by name"
    assert told in capsys.readouterr().err
    assert [note["count"] for note in notes(place, "scenes") if note["reason"] == told] == [1]
    assert composite(place)["valid_count"].max() == 2


def test_a_product_that_is_replaced_is_read_anew(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    product(place / "in", "20201005", 1000)
    product(place / "in", "20201006", 3000)
    assert run(place) == 0
    product(place / "in", "20201005", 5000)  # as many bytes as before
    capsys.readouterr()
    assert run(place, "--overwrite") == 0
    assert middle(place) == 4000
    said = capsys.readouterr()
    assert "Replaced: 1 scene" in said.err
    assert "2 scenes: 1 written, 0 without a pixel in the area, 1 done before" in said.out
    (note,) = [note for note in notes(place, "scenes") if note["fate"] == "replaced"]
    assert note["examples"] == ["L8_20201005"] or "20201005" in note["examples"][0]


def test_another_mask_layer_is_another_product(place: Path) -> None:
    product(place / "in", "20201005", 1000)
    product(place / "in", "20201006", 3000)
    assert run(place) == 0
    product(place / "in", "20201006", 3000, qa=CLOUD)
    assert run(place, "--overwrite") == 0
    assert middle(place) == 1000


def test_a_product_that_was_moved_is_the_same(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    product(place / "in" / "stack", "20201005", 1000)
    assert run(place, mode="download") == 0
    (place / "in").rename(place / "elsewhere")
    capsys.readouterr()
    assert run(place, mode="download", source="elsewhere") == 0
    assert "1 done before" in capsys.readouterr().out


def test_what_earlier_versions_prepared_goes_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a fingerprint: taken, and told as a guess."""
    product(place / "in", "20201005", 1000)
    assert run(place, mode="download") == 0
    (item,) = (place / "out").rglob("scenes/*2020*.json")
    content = json.loads(item.read_text(encoding="utf-8"))
    assert content["properties"].pop("automap:product")
    item.write_text(json.dumps(content), encoding="utf-8")
    capsys.readouterr()
    assert run(place) == 0
    said = capsys.readouterr()
    assert "1 done before" in said.out
    assert "Guessed: 1 scene" in said.err
    assert middle(place) == 1000


def test_nothing_but_clouds(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The true reason, with counts; and what an earlier run left there goes."""
    product(place / "in", "20201005", 1000)
    assert run(place) == 0
    assert middle(place) == 1000
    for day in ("20201005", "20201006"):
        product(place / "in", day, 9000, qa=CLOUD)
    capsys.readouterr()
    assert run(place, "--overwrite") == 1
    said = capsys.readouterr().err
    assert "no pixel is left: the mask (cloud, cirrus, shadow) rules out all that 2 scenes" in said
    assert "no such file" not in said
    assert list((place / "out").rglob("composite*.tif")) == []
    kept = record(place)
    assert kept["results"]["landsat-8"]["composite"] is None
    assert Funnel.from_json(kept["funnel"]).used == 0


def test_medium_confidence_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    product(place / "in", "20201005", 1000)
    product(place / "in", "20201006", 9000, qa=MAYBE)
    assert run(place) == 0
    assert "medium or high confidence is masked" in capsys.readouterr().err
    assert record(place)["mask_confidence"] == "medium"
    (note,) = notes(place, "masks")
    assert note["fate"] == "guessed"


def test_the_funnel_is_everywhere(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the terminal, in JSON lines, in the record: from found to used."""
    product(place / "in", "20200805", 1000)  # too early
    product(place / "in", "20201005", 1000)
    product(place / "in", "20201006", 1000, qa=CLOUD)  # gives nothing
    product(place / "in", "20201007", 1000)
    (place / "in/L8_20201007.tif").write_bytes(b"no picture")
    assert run(place) == 0
    said = capsys.readouterr().err
    assert "Scenes: 4 found → 4 of these satellites → 3 in time" in said
    assert "2 readable → 1 used" in said
    funnel = Funnel.from_json(record(place)["funnel"])
    assert (funnel.found, funnel.used) == (4, 1)
    assert {note["reason"] for note in notes(place, "scenes")} >= {
        note.reason for note in funnel.notes
    }
    assert run(place, "--overwrite", "--log-format", "json") == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    funnels = [event for event in events if event["event"] == "funnel"]
    assert [event["used"] for event in funnels] == [2, 1]
    assert Funnel.from_json(funnels[-1]["steps"]) == funnel


def test_the_record_tells_nothing_of_the_machine(place: Path) -> None:
    product(place / "in", "20201005", 1000)
    assert run(place) == 0
    kept = record(place)
    named = kept["results"]["landsat-8"]["composite"]
    assert (place / "out" / named).is_file()
    assert kept["source"] == "../in"
    assert str(place) not in json.dumps(kept)


@pytest.mark.parametrize("shape", [(37, 37), (70, 41), (31, 100)])
def test_no_empty_edges(tmp_path: Path, shape: tuple[int, int]) -> None:
    """The picture ends where the area does, not where its tiles do."""
    boundary(tmp_path, shape, 0)
    product(tmp_path / "in", "20201005", 1000, shape=shape)
    assert run(tmp_path) == 0
    values = composite(tmp_path)["median_blue"]
    seen = values != -32768
    assert seen.any(axis=0).all()
    assert seen.any(axis=1).all()
    assert values.shape == shape
    second = run(tmp_path)
    assert second == 0


@pytest.mark.parametrize("description", ["", "spring"])
def test_items_are_valid(place: Path, description: str) -> None:
    """By the schemas that pystac brings along."""
    import pystac
    from pystac.validation import validate_dict
    from pystac.validation.local_validator import get_local_schema_cache

    product(place / "in", "20201005", 1000)
    assert run(place, "--description", description) == 0
    (path,) = (place / "out").rglob("composite*median.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["properties"].get("description", "") == description
    assert get_local_schema_cache()
    pystac.Item.from_dict(content)
    content["stac_extensions"] = []  # their schemas would have to be fetched
    content["stac_version"] = "1.1.0"
    validate_dict(content, stac_object_type=pystac.STACObjectType.ITEM)
    with pytest.raises(pystac.STACValidationError):
        validate_dict(
            {**content, "properties": {**content["properties"], "description": ""}},
            stac_object_type=pystac.STACObjectType.ITEM,
        )


def test_a_boundary_in_metres(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A GeoJSON that says no CRS is in degrees; these are not."""
    product(place / "in", "20201005", 1000)
    ring = [[5e5, 5.99e6], [5.1e5, 5.99e6], [5.1e5, 6e6], [5e5, 5.99e6]]
    (place / "area.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    assert run(place) == 2
    said = capsys.readouterr().err
    assert "area.geojson" in said
    assert "boundary" in said
    assert "not longitudes and latitudes" in said
    assert "500000 5990000 510000 6000000" in said
    assert "EPSG:4326" in said


def test_a_scene_that_fails_says_why_in_the_record(place: Path) -> None:
    """And only that one; the others have no error."""
    product(place / "in", "20201005", 1000)
    product(place / "in", "20201006", 2000)
    write(place / "in/QA_20201006.tif", np.full((1, 40, 40), 21824.5, np.float32))
    assert run(place) == 1
    good, bad = sorted(record(place)["results"]["landsat-8"]["scenes"], key=lambda one: one["id"])
    assert "error" not in good
    assert bad["status"] == "failed"
    assert "whole numbers, and 21824.5 is not" in bad["error"]
    assert middle(place) == 1000


def test_nothing_is_left_beside_the_results(place: Path) -> None:
    """Part files of a run that was killed go; no hidden folder stays empty."""
    product(place / "in", "20201005", 1000)
    assert run(place, mode="download") == 0
    (picture,) = (place / "out").rglob("scenes/*.tif")
    host = re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())
    dead = picture.with_name(f".{picture.name}.{host}-4194304-0badbeef-1.part")
    dead.write_bytes(b"half of a picture")
    product(place / "in", "20201006", 2000)
    assert run(place, mode="download") == 0
    assert not dead.exists()
    assert [path for path in (place / "out").rglob(".*") if path.is_dir()] == []


def test_scenes_that_are_gone_leave_no_result(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The composite of an earlier run is none of this one, and nothing is trained on it."""
    product(place / "in", "20201005", 1000)
    assert run(place) == 0
    product(place / "in", "20201005", 0)  # no data anywhere
    capsys.readouterr()
    assert run(place) == 0
    said = capsys.readouterr()
    assert "no composite: no prepared scene has a pixel in the area" in said.err
    assert "Composite of landsat-8" not in said.out
    assert record(place)["results"]["landsat-8"]["composite"] is None
