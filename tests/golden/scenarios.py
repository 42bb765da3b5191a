"""The command lines that are recorded, by command."""

from __future__ import annotations

from pathlib import Path

from automap_tiles.cli.main import COMMANDS
from tests.golden import places
from tests.golden.recording import Scenario, Step

RUN = "--concurrency none --no-progress"


def golden_path(name: str) -> Path:
    """Where a scenario is recorded."""
    return Path(__file__).with_name("recorded") / f"{name}.txt"


def _steps(*lines: str | Step) -> tuple[Step, ...]:
    return tuple(Step(line) if isinstance(line, str) else line for line in lines)


_RECORD = "out/run_composite_20201001_20201130_median.json"

HELP = (
    Scenario("help", _steps("--help", "-h", "--version", "")),
    *(Scenario(f"help_{name}", _steps(f"{name} --help")) for name in COMMANDS),
)

USAGE = Scenario(
    "usage",
    _steps(
        "nonsense",
        "--nonsense",
        "execute",
        "execute work.mapchete --nonsense",
        "execute work.mapchete --retry-failed -o",
        "execute work.mapchete -t 2 1 3 -z 2",
        "execute work.mapchete -z two",
        "execute work.mapchete -z 31",
        "execute work.mapchete -p 1 2 -b 0 0 1 1",
        "execute work.mapchete -w 0",
        "execute work.mapchete --concurrency cluster",
        "execute work.mapchete --dask-scheduler tcp://localhost:1",
        "execute work.mapchete --concurrency threads --tile-timeout 3",
        "execute work.mapchete -i a=one -i two",
        "tiles",
        "tiles --grid geodetic",
        "cp tiles",
        "rm",
        "index tiles",
        "verify tiles --seams",
        "convert image.tif",
        "convert image.tif out --bidx 0",
        "convert image.tif out --co COMPRESS",
        "create work.mapchete --out-format BMP",
        "export image.tif",
        "export image.tif -o map --style rescale",
        "samples",
        "train",
        "assess map.tif",
        "assess map.tif points.csv --design",
        "assess map.tif --design",
        "assess map.tif none.csv --drop-training",
        "series -i in",
        "run",
        "run --mode everything",
        "download",
        "serve --port 99999",
        "processes nonsense",
        "demo --concurrency cluster",
    ),
    (places.work,),
)

EXECUTE = (
    Scenario(
        "execute",
        _steps(
            "execute work.mapchete --check",
            f"execute work.mapchete {RUN}",
            "execute work.mapchete --check",
            f"execute work.mapchete {RUN}",
            f"execute work.mapchete {RUN} -o -z 1",
            f"execute work.mapchete {RUN} -o -t 2 1 3 -v",
            f"execute work.mapchete {RUN} --output elsewhere -p 16.4 48.2",
            f"execute work.mapchete work.mapchete {RUN} --output twice -z 1",
            "execute work.mapchete --concurrency threads -w 2 --no-progress -o",
        ),
        (places.work,),
    ),
    Scenario(
        "execute_json",
        _steps(
            f"execute work.mapchete {RUN} --log-format json -z 1",
            f"execute work.mapchete {RUN} --log-format json -z 1 -v",
            "execute work.mapchete --check --log-format json",
            Step("two tiles will fail", places.write("bad", "2/1/3 2/2/5")),
            f"execute work.mapchete {RUN} --log-format json -z 2 -b 0 0 90 90 -v",
            f"execute work.mapchete {RUN} --log-format json",
            Step("the file is wrong", places.change("work.mapchete", "bands: 1", "bands: one")),
            f"execute work.mapchete {RUN} --log-format json",
        ),
        (places.work,),
    ),
    Scenario(
        "execute_failures",
        _steps(
            Step("six tiles will fail", places.write("bad", "2/0/1 2/0/2 2/1/3 2/2/5 2/3/1 2/3/2")),
            f"execute work.mapchete {RUN}",
            "info work.mapchete",
            "info work.mapchete --errors",
            "execute work.mapchete --check",
            f"execute work.mapchete {RUN} --fail-fast -o",
            Step("one will fail", places.write("bad", "2/1/3")),
            f"execute work.mapchete {RUN} --retry-failed",
            Step("none will fail", places.remove("bad")),
            f"execute work.mapchete {RUN} --retry-failed",
            "info work.mapchete",
        ),
        (places.work,),
    ),
    Scenario(
        "execute_interrupted",
        _steps(
            f"execute work.mapchete {RUN} -z 1",
            Step("Ctrl-C at the first tile of zoom 2", places.write("interrupt")),
            f"execute work.mapchete {RUN}",
            "info work.mapchete",
            f"execute work.mapchete {RUN} --log-format json",
            Step("no more", places.remove("interrupt")),
            f"execute work.mapchete {RUN}",
        ),
        (places.work,),
    ),
    Scenario(
        "execute_wrong",
        _steps(
            "execute missing.mapchete",
            "execute work.py",
            Step("bands", places.change("work.mapchete", "bands: 1", "bands: one")),
            "execute work.mapchete",
            Step("bands again", places.change("work.mapchete", "bands: one", "bands: 1")),
            Step("grid", places.change("work.mapchete", "geodetic", "mars")),
            "execute work.mapchete",
            Step("grid again", places.change("work.mapchete", "mars", "geodetic")),
            Step("process", places.change("work.mapchete", "./work.py", "./wrok.py")),
            "execute work.mapchete --check",
            Step("process again", places.change("work.mapchete", "./wrok.py", "./work.py")),
            Step("parameter", places.change("work.mapchete", "value:", "valeu:")),
            "execute work.mapchete --check",
            Step("parameter again", places.change("work.mapchete", "valeu:", "value:")),
            "execute work.mapchete -z 17",
            "execute work.mapchete -t 2 99 0",
            "execute work.mapchete -p 500 0",
            "execute work.mapchete -i image=image.tif",
            f"execute work.mapchete {RUN} -z 1",
            Step("another value", places.change("work.mapchete", "value: 7", "value: 8")),
            f"execute work.mapchete {RUN} -z 1",
            f"execute work.mapchete {RUN} -z 1 -o",
            Step("no YAML", places.write("work.mapchete", "a: [1\n")),
            "execute work.mapchete",
        ),
        (places.work,),
    ),
    Scenario(
        "tiles",
        _steps(
            "tiles work.mapchete -z 1",
            "tiles work.mapchete --count",
            "tiles work.mapchete -b 1 1 100 80",
            "tiles --grid mercator -z 0,2 --count",
            "tiles --grid geodetic --metatiling 2 -z 2",
            "tiles missing.mapchete",
        ),
        (places.work,),
    ),
)

DIRECTORIES = (
    Scenario(
        "cp",
        _steps(
            "cp work.mapchete copy",
            f"execute work.mapchete {RUN}",
            "cp work.mapchete part -z 2 -b 1 1 50 40",
            "cp tiles part",
            "cp tiles part",
            "cp tiles part --overwrite -z 1",
            f"execute work.mapchete {RUN} --output part",
            "cp tiles tiles",
            "cp tiles none -z 7",
            "cp nowhere copy",
            Step("another grid", places.change("work.mapchete", "geodetic", "mercator")),
            f"execute work.mapchete {RUN} --output other -z 1",
            "cp tiles other",
        ),
        (places.work,),
    ),
    Scenario(
        "rm",
        _steps(
            f"execute work.mapchete {RUN}",
            Step("rm tiles", typed="n\n"),
            Step("rm tiles -z 1", typed="y\n"),
            Step("rm tiles", typed=""),
            "rm work.mapchete -f -b -180 0 -90 90",
            "rm tiles -f -z 7",
            "rm tiles -f -p 500 0",
            f"execute work.mapchete {RUN}",
            "rm tiles --force",
            "rm nowhere -f",
        ),
        (places.work,),
    ),
    Scenario(
        "index",
        _steps(
            f"execute work.mapchete {RUN}",
            "index tiles --txt --geojson --gpkg --fgb --vrt",
            "index work.mapchete --txt --idx-out-dir lists -z 2 -b 1 1 50 40",
            "index tiles --txt --basepath http://tiles --idx-out-dir web -z 1",
            "index tiles --txt -z 7",
            "index nowhere --txt",
            "index work.mapchete --qgis project.qgz --live http://localhost:8080",
            "index tiles --qml --idx-out-dir lists",
            "index tiles --live http://localhost:8080 --txt",
        ),
        (places.work,),
    ),
    Scenario(
        "info",
        _steps(
            "info work.mapchete",
            f"execute work.mapchete {RUN}",
            "info work.mapchete",
            "info tiles",
            "info tiles/journal.sqlite",
            f"convert image.tif out.tif --output-pyramid geodetic {RUN}",
            "info out.tif",
            "info nowhere",
            "info work.py",
        ),
        (places.work, places.image),
    ),
    Scenario(
        "verify",
        _steps(
            f"execute work.mapchete {RUN}",
            "verify tiles",
            "verify tiles --log-format json",
            "verify work.mapchete --seams --sample 3",
            Step("one is cut off", places.truncate("tiles/2/1/3.tif", 100)),
            Step("one is gone", places.remove("tiles/2/2/5.tif")),
            Step("one is nobody's", places.write("tiles/2/0/0.tif", "mine")),
            "verify tiles --no-mark",
            "verify tiles --no-mark --log-format json --failures damage.json",
            "verify work.mapchete",
            "info tiles",
            f"execute work.mapchete {RUN}",
            "verify tiles",
            f"convert image.tif out.tif --output-pyramid geodetic {RUN}",
            "verify out.tif",
            Step("the file is cut off", places.truncate("out.tif", 1000)),
            "verify out.tif",
            "verify nowhere",
            "verify work.py",
        ),
        (places.work, places.image),
    ),
    Scenario(
        "verify_seams",
        _steps(
            f"execute work.mapchete {RUN} -z 2",
            "verify work.mapchete --seams --sample 2 --log-format json",
            "verify work.mapchete --seams --sample 2",
        ),
        (
            places.work,
            places.change("work.py", "value, np.uint8", "tile.shape[0] // 8 % 256, np.uint8"),
        ),
    ),
    Scenario(
        "convert",
        _steps(
            f"convert image.tif tiles --output-pyramid geodetic {RUN}",
            f"convert image.tif tiles --output-pyramid geodetic {RUN}",
            f"convert tiles png --output-format PNG {RUN} -z 7 --scale-ratio 0.05 "
            "--output-dtype uint8",
            f"convert tiles one.tif --bidx 3,1 {RUN}",
            f"convert image.tif cog.tif --output-pyramid mercator --cog -r bilinear {RUN} "
            "--log-format json",
            f"convert fields.geojson features --output-pyramid geodetic -z 5 {RUN}",
            f"convert image.tif clipped.tif --output-pyramid geodetic -c fields.geojson {RUN}",
            f"convert tiles more --output-metatiling 4 -z 5,6 {RUN} -v",
            "info tiles",
            "info one.tif",
        ),
        (places.image, places.fields),
    ),
    Scenario(
        "convert_wrong",
        _steps(
            f"convert image.tif out {RUN}",
            f"convert nowhere.tif out --output-pyramid geodetic {RUN}",
            f"convert image.tif out --output-pyramid mars.json {RUN}",
            f"convert image.tif out --output-pyramid geodetic --output-format BMP {RUN}",
            f"convert image.tif out --output-pyramid geodetic --output-format GeoJSON {RUN}",
            f"convert image.tif out --output-pyramid geodetic --cog {RUN}",
            f"convert image.tif out --output-pyramid geodetic --bidx 4 {RUN}",
            f"convert image.tif out --output-pyramid geodetic -b 90 0 100 10 {RUN}",
            f"convert fields.geojson out --output-pyramid geodetic {RUN}",
            Step("the picture is cut off", places.truncate("image.tif", 3000)),
            f"convert image.tif out --output-pyramid geodetic {RUN}",
        ),
        (places.image, places.fields),
    ),
)

LISTS = (
    Scenario(
        "create",
        _steps(
            "create mine.mapchete",
            "create mine.mapchete",
            "create mine.mapchete --force --pyramid-type geodetic",
            "create features.mapchete --out-format GeoJSON --process-file mine2.py --out-path f",
            f"execute features.mapchete {RUN} -z 0,2",
            "create nowhere/mine.mapchete",
            Step("a picture", places.image),
            "create picture.mapchete --from image.tif -pt geodetic",
            "execute picture.mapchete --check",
            f"execute picture.mapchete {RUN}",
            "create picture.mapchete --from image.tif --out-format PNG -f",
            "create other.mapchete --from images",
        ),
    ),
    Scenario("formats", _steps("formats", "formats -i", "formats -o")),
    Scenario("processes", _steps("processes", "processes composite", "processes convert")),
)

EXPORT = Scenario(
    "export",
    _steps(
        "export image.tif -o map.pmtiles -z 7,8 --html -w 1 --style bidx=1,2,3 "
        "--style rescale=0,4000",
        "export image.tif -o map.pmtiles -z 7,8 --html -w 1",
        "export image.tif -o xyz -z 7,8 -w 1 --stac --image png",
        "export image.tif -o map.mbtiles -z 7 -w 1 --title Fields",
        f"execute work.mapchete {RUN} -z 1",
        "export work.mapchete -o tiles.pmtiles -w 1",
        "export image.tif -o map --style colour=red",
        "export image.tif -o map.mbtiles --html",
        "export nowhere.tif -o map",
    ),
    (places.image, places.work),
)

CLASSES = (
    Scenario(
        "samples",
        _steps(
            "samples samples.gpkg picture.tif --class-field kind --per-polygon 5 --out table.csv",
            "samples samples.gpkg picture.tif --class-field kind --out table.fgb --bands nir,red",
            "samples samples.gpkg picture.tif --class-field kind --erode 2",
            "samples samples.gpkg picture.tif",
            "samples samples.gpkg picture.tif --class-field sort",
            "samples samples.gpkg picture.tif --class-field kind --out table.xls",
            "samples samples.gpkg picture.tif --class-field kind --out t.csv --bands swir9",
            "samples nowhere.gpkg picture.tif --class-field kind",
        ),
        (places.scene_and_fields,),
    ),
    Scenario(
        "train",
        _steps(
            "train --samples samples.gpkg --class-field kind --picture picture.tif "
            "--model model.zip --trials 2 -w 1 --per-polygon 20 --report report.json",
            "train --samples samples.gpkg --class-field kind --picture picture.tif "
            "--model model.zip --trials 2 -w 1 --per-polygon 20",
            "train --samples samples.gpkg --class-field kind --picture picture.tif "
            "--model model.zip --trials 2 -w 1 --per-polygon 20 --seed 7",
            "train --samples samples.gpkg --class-field kind --picture nowhere.tif --model m.zip",
            "train --samples samples.gpkg --class-field sort --picture picture.tif --model m.zip",
        ),
        (places.scene_and_fields,),
    ),
    Scenario(
        "assess",
        _steps(
            "assess map.tif --design --target-se 0.03 --out points.csv --expect 1=0.9 --minimum 40",
            Step("an interpreter finds forest everywhere", places.interpreted("points.csv")),
            "assess map.tif points.csv --class-field class --report report.json",
            "assess map.tif points.csv --class-field sort",
            "assess map.tif nowhere.csv",
            "assess nowhere.tif points.csv",
            "assess map.tif --design --out points.doc",
            "assess map.tif --design --out more.csv --expect 9=0.7",
        ),
        (places.class_map,),
    ),
)

_WHERE = "--satellites 8 --start 2020-10-01 --end 2020-11-30 --boundary area.geojson"
_SCENES = f"{_WHERE} -i in -o out --no-progress -w 1"

SCENES = (
    Scenario(
        "run_check",
        _steps(
            f"run --mode download --check {_SCENES}",
            f"run --mode composite --check {_SCENES} --statistics median,std",
            f"run --mode composite --check {_SCENES} --log-format json",
            f"run --mode classification --check {_SCENES} --samples samples.csv",
            f"download --check {_SCENES} --max-cloud-cover 50",
        ),
        (places.scenes,),
    ),
    Scenario(
        "run",
        _steps(
            f"download {_SCENES}",
            f"run --mode composite {_SCENES} -v",
            f"run --mode composite {_SCENES}",
            f"run --mode composite {_SCENES} --statistics max_ndvi,count "
            "--provenance valid_count,day_of_year --log-format json -v",
            f"run --mode composite --check {_SCENES}",
            "run out/run_composite_20201001_20201130_median.yaml --check --satellites 9",
            Step("a slip", places.write("order.yaml", "mode: composite\nsatelites: 8\n")),
            "run order.yaml",
            "info out/landsat-8/composite_20201001_20201130_median.tif",
            "verify out/landsat-8/composite_20201001_20201130_median.tif",
        ),
        (places.scenes,),
    ),
    Scenario(
        "reproduce",
        _steps(
            f"run --mode composite {_SCENES}",
            f"reproduce {_RECORD} -o again --check",
            f"reproduce {_RECORD} -o again --no-progress -w 1",
            Step("a day is gone", places.move("in", "20201006", "later")),
            f"reproduce {_RECORD} -o other --check",
            f"reproduce {_RECORD} -o other --check --log-format json",
            f"reproduce {_RECORD} -o other",
            f"reproduce {_RECORD} -o out",
            "reproduce none.json -o again",
            "reproduce",
        ),
        (places.scenes,),
    ),
    Scenario(
        "run_update",
        _steps(
            Step("a day is missing", places.move("in", "20201006", "later")),
            f"run --mode composite {_SCENES}",
            Step("it comes", places.move("later", "20201006", "in")),
            f"run --mode composite --check {_SCENES} --update",
            f"run --mode composite {_SCENES}",
            f"run --mode composite {_SCENES} --update",
            f"run --mode composite {_SCENES} --update --overwrite",
        ),
        (places.scenes,),
    ),
    Scenario(
        "run_classification",
        _steps(
            f"run --mode classification {_SCENES} --samples samples.csv --trials 2 --confidence",
            f"run --mode classification {_SCENES} --samples samples.csv --trials 2 --confidence "
            "--log-format json",
        ),
        (places.scenes,),
    ),
    Scenario(
        "run_wrong",
        _steps(
            f"run --mode composite {_SCENES} --statistics mode",
            f"run --mode composite {_SCENES} --statistics median --provenance score",
            f"run --mode composite {_SCENES} --provenance colour",
            f"run --mode composite {_SCENES} --mask clud",
            f"run --mode composite {_SCENES} --satellites 3",
            f"run --mode composite {_SCENES} --end 2020-10-01",
            f"run --mode composite {_SCENES} --start 1983-01-01",
            f"run --mode composite {_SCENES} --start someday",
            f"run --mode composite {_SCENES} --boundary nowhere.geojson",
            f"run --mode composite {_SCENES} -i nowhere",
            f"run --mode composite {_SCENES} -o area.geojson",
            f"run --mode composite {_SCENES} -o ftp://bucket/out",
            f"run --mode composite {_SCENES} --samples samples.csv",
            f"run --mode classification {_SCENES}",
            f"run --mode classification {_SCENES} --samples nowhere.csv",
            f"run --mode composite {_WHERE} -i bad -o broken --no-progress -w 1",
            f"run --mode composite {_WHERE} -i bad -o broken --no-progress -w 1 --log-format json",
        ),
        (places.scenes,),
    ),
    Scenario(
        "series",
        _steps(
            "series -i in -p 147.003 -36.15",
            "series -i in -a area.geojson --values ndvi,red -o series.csv --plot series.png",
            "series -i in -a area.geojson --time 2020-10-06/2020-10-07 --max-cloud-cover 50",
            "series -i in -a area.geojson --values green9",
            "series -i in -a area.geojson --time someday",
            "series -i nowhere -p 147 -36",
        ),
        (places.scenes,),
    ),
)

SERVE = Scenario(
    "serve",
    _steps(
        "serve nowhere.mapchete",
        "serve --memory nowhere.tif",
    ),
    (places.work,),
)

SCENARIOS = (*HELP, USAGE, *EXECUTE, *DIRECTORIES, *LISTS, EXPORT, *CLASSES, *SCENES, SERVE)
