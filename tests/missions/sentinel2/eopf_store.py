"""Small stores in EOPF format, written from the metadata of real ones: all but their pixels.

Where there are no real ones, from metadata that `tests/imagery/eopf.py` writes.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numcodecs import Blosc

PLACE = "data/metadata/eopf"
S2A_L2A = "S2A_MSIL2A_20251008T100041_N0511_R122_T32TQM_20251008T122613"
S2B_L1C = "S2B_MSIL1C_20250113T103309_N0511_R108_T32TLQ_20250113T122458"
S2C_L2A = "S2C_MSIL2A_20250811T112131_N0511_R037_T29TPF_20250811T152216"
SIZE = 240
"""Pixels of 10 m along the edge of a store, in place of 10980."""
CHUNK = 100
PIXELS = ("measurements/reflectance/", "conditions/mask/", "conditions/geometry/")

Metadata = dict[str, dict[str, Any]]
Change = Callable[[Metadata], None]


@cache
def consolidated(shared: Path, name: str) -> Metadata:
    """Of a real store: its metadata as they stand in `.zmetadata`, with smaller arrays.

    Not to be changed: `write_store` takes a copy.
    """
    tree = json.loads((shared / PLACE / f"s2_examples.{name}.json").read_text())
    found: Metadata = {}
    for path, node in _walk(tree):
        prefix = f"{path}/" if path else ""
        found[f"{prefix}.zattrs"] = node["attributes"]
        if "shape" in node:
            keys = ("chunks", "compressor", "dtype", "fill_value", "filters", "order", "shape")
            own = {key: node[key] for key in (*keys, "dimension_separator")}
            found[f"{prefix}.zarray"] = {**own, "zarr_format": 2}
        else:
            found[f"{prefix}.zgroup"] = {"zarr_format": 2}
    for path in [name for name in found if name.endswith(".zarray")]:
        _shrink(found[path], found[f"{path.removesuffix('.zarray')}.zattrs"])
    return found


def write_store(
    folder: Path,
    metadata: Metadata,
    seed: int = 0,
    *,
    change: Change | None = None,
    whole: bool = False,
) -> dict[str, Any]:
    """The store, and its numbers by the names of arrays; `change` is made to its metadata last.

    Files of groups that nobody reads (weather, quicklooks) are there when it is to be `whole`.
    """
    rng = np.random.default_rng(seed)
    metadata = copy.deepcopy(metadata)
    numbers: dict[str, Any] = {}
    for name, array in metadata.items():
        path = name.removesuffix("/.zarray")
        if path != name and path.startswith(PIXELS):
            numbers[path] = _numbers(path, array, metadata, rng)
            write_array(folder / path, numbers[path], array)
    if change is not None:
        change(metadata)
    text = json.dumps({"zarr_consolidated_format": 1, "metadata": metadata})
    (folder / ".zmetadata").write_text(text)
    for name, each in metadata.items():
        if not whole and not name.startswith(PIXELS):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(each))
    return numbers


def write_array(folder: Path, numbers: Any, array: Mapping[str, Any]) -> None:
    """Chunks as Zarr, version 2, has them: those at the edges are whole."""
    folder.mkdir(parents=True, exist_ok=True)
    own = array["compressor"]
    codec = Blosc(own["cname"], own["clevel"], own["shuffle"], own["blocksize"])
    chunks = array["chunks"]
    counts = [-(-size // chunk) for size, chunk in zip(array["shape"], chunks, strict=True)]
    for place in itertools.product(*map(range, counts)):
        part = numbers[tuple(slice(i * n, i * n + n) for i, n in zip(place, chunks, strict=True))]
        whole = np.zeros(chunks, numbers.dtype)
        whole[tuple(slice(0, n) for n in part.shape)] = part
        (folder / ".".join(map(str, place))).write_bytes(codec.encode(whole))


def _walk(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, node
    for name, member in (node.get("members") or {}).items():
        yield from _walk(member, f"{path}/{name}".removeprefix("/"))


def _shrink(array: dict[str, Any], attributes: dict[str, Any]) -> None:
    whole = {10980: SIZE, 5490: SIZE // 2, 1830: SIZE // 6}
    array["shape"] = [whole.get(size, size) for size in array["shape"]]
    array["chunks"] = [
        min(size, CHUNK) if chunk > CHUNK else chunk
        for size, chunk in zip(array["shape"], array["chunks"], strict=True)
    ]
    if "proj:transform" in attributes and len(array["shape"]) == 2:
        pixel, left, top = (attributes["proj:transform"][index] for index in (0, 2, 5))
        height, width = array["shape"]
        attributes["proj:shape"] = array["shape"]
        attributes["proj:bbox"] = [left, top - height * pixel, left + width * pixel, top]


def _numbers(path: str, array: Mapping[str, Any], metadata: Metadata, rng: Any) -> Any:
    shape, dtype, name = array["shape"], array["dtype"], path.rpartition("/")[2]
    if path.startswith("conditions/geometry"):
        return _geometry(name, shape, dtype, metadata)
    if name in ("x", "y"):
        return np.arange(shape[0]).astype(dtype)
    if "detector_footprint" in path:
        return np.broadcast_to(np.where(np.arange(shape[1]) < shape[1] // 2, 3, 4), shape).astype(
            dtype
        )
    if name == "scl":
        return rng.integers(0, 12, shape).astype(dtype)
    if name == "b00":
        return rng.choice([0, 0, 1, 2, 4, 3, 128], shape).astype(dtype)
    found = rng.integers(900, 6000, shape).astype(dtype)
    found[: shape[0] // 8, : shape[1] // 10] = 0
    return found


def _geometry(name: str, shape: list[int], dtype: str, metadata: Metadata) -> Any:
    reflectance = metadata["measurements/reflectance/r10m/b02/.zattrs"]
    left, top = reflectance["proj:transform"][2], reflectance["proj:transform"][5]
    other = metadata[".zattrs"]["other_metadata"]
    mean = other["mean_sun_zenith_angle_in_deg_for_all_bands_all_detectors"]
    steps = np.arange(23)
    if name in ("x", "y"):
        return (left + 5000 * steps if name == "x" else top - 5000 * steps).astype(dtype)
    if name == "detector":
        return np.arange(3, 3 + shape[0]).astype(dtype)
    if name == "sun_angles":
        return np.stack([mean + 0.01 * np.add.outer(steps, steps) - 0.2, np.full((23, 23), 160.0)])
    if name == "viewing_incidence_angles":
        found = np.full(shape, np.nan)
        for band, part in itertools.product(range(shape[0]), range(2)):
            found[band, part, 0] = 2 + band / 10 + part
            found[band, part, 1] = 100 + 180 * part
        return found
    if dtype.startswith("<U"):
        return np.full(shape, "?", dtype)
    return np.zeros(shape, dtype)
