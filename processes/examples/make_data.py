"""Data for the examples of the built-in processes.

    python processes/examples/make_data.py FOLDER

writes them into FOLDER/data, with a copy of the examples beside it, so that they run as they are:

    automap execute FOLDER/hillshade.mapchete

There are five dates of a made-up scene of four bands and a class band (dates/), hills (hills.tif)
and the outline of a park (park.geojson), all around 16.4 E 47.8 N, in UTM zone 33 at 30 m.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

EXAMPLES = ("basemap", "clip", "composite", "contours", "convert", "hillshade", "steps")
MODULES = ("majority.py",)
SIZE = 400
LEFT, TOP = 600_000, 5_300_000


def main(folder: Path) -> None:
    data = folder / "data"
    (data / "dates").mkdir(parents=True, exist_ok=True)
    heights = hills()
    write(data / "hills.tif", heights[None], nodata=-9999)
    rng = np.random.default_rng(2018)
    for number, date in enumerate(("04-02", "05-07", "06-11", "07-31", "08-25")):
        write(data / "dates" / f"2018-{date}.tif", scene(heights, number, rng), nodata=0)
    (data / "park.geojson").write_text(json.dumps(park()), encoding="utf-8")
    for name in EXAMPLES:
        example = Path(__file__).with_name(f"{name}.mapchete")
        shutil.copyfile(example, folder / example.name)
    for name in MODULES:
        shutil.copyfile(Path(__file__).with_name(name), folder / name)


def hills() -> np.ndarray:
    """Heights in metres."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE * 2 * np.pi
    heights = 400 + 120 * np.sin(3 * x + np.cos(2 * y)) + 80 * np.cos(5 * y - x)
    return heights.astype("float32")


def scene(heights: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Blue, green, red, near infrared (reflectance x 10000) and a class: 4 clear, 9 cloud."""
    green_up = 1 + 0.2 * np.sin(number)
    bands = [600 + heights / 2, 800 + heights, 700 + heights, (2200 + 3 * heights) * green_up]
    pixels = np.stack(bands) + rng.normal(0, 30, (4, SIZE, SIZE))
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    cloudy = np.sin(9 * x + 2 * number) * np.cos(7 * y - 3 * number) > 0.4
    pixels[:, cloudy] += 5000
    classes = np.where(cloudy, 9, 4)[None]
    return np.concatenate([pixels, classes]).round().clip(1, 10_000).astype("uint16")


def park() -> dict:
    ring = [[16.37, 47.80], [16.45, 47.79], [16.47, 47.83], [16.40, 47.845], [16.37, 47.80]]
    feature = {
        "type": "Feature",
        "properties": {"name": "park"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return {"type": "FeatureCollection", "features": [feature]}


def write(path: Path, pixels: np.ndarray, nodata: float) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=pixels.shape[0],
        height=SIZE,
        width=SIZE,
        dtype=pixels.dtype,
        crs="EPSG:32633",
        transform=from_origin(LEFT, TOP, 30, 30),
        nodata=nodata,
        tiled=True,
        compress="zstd",
    ) as file:
        file.write(pixels)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
