"""Reports: whole in themselves, readable, and true to the numbers they show."""

from __future__ import annotations

import builtins
import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.analysis.learning.classifier.training._fit import TrainingTask, train
from automap_tiles.analysis.learning.classifier.training._options import TrainOptions
from automap_tiles.analysis.learning.classifier.training._search import Budget
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import Loss, Reason, SampleTable
from automap_tiles.errors import ConfigError, MissingExtra
from automap_tiles.workflows.assess import ReferenceRequest, assess
from automap_tiles.workflows.report import _page as pages
from automap_tiles.workflows.report import _plots as plots
from automap_tiles.workflows.report import check_name, write_assessment, write_training
from automap_tiles.workflows.train import Trained, report_of
from tests.workflows.assess.maps import NAMES, classes, write_map

_VOID = {"meta", "br", "path", "use", "line", "rect", "image", "link"}


class Page(HTMLParser):
    """What a page shows, and what it asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.asked: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            is_local = value is None or value.startswith("#")
            if name in ("src", "href", "xlink:href", "srcset", "action") and not is_local:
                self.asked.append(value or "")
            if name == "style":
                assert "url(" not in (value or "").replace("url(#", "")
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        assert "{{" not in data
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)
        if self.rows and self.rows[-1] and any(tag in self.open for tag in ("td", "th")):
            self.rows[-1][-1] += data.strip()

    def row(self, *first: str) -> list[str]:
        """The row that begins with these cells."""
        return next(row for row in self.rows if row[: len(first)] == list(first))


def table() -> SampleTable:
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(24), 8)
    place = groups % 3
    values = rng.normal(0, 0.6, (len(groups), 3)) + rng.normal(0, 0.5, (24, 3))[groups]
    values[:, 0] += place
    return SampleTable(
        values=values.astype(np.float32),
        classes=np.array([1, 2, 5], dtype=np.uint8)[place],
        groups=groups.astype(np.int64),
        x=np.linspace(5, 2000, len(groups)),
        y=np.full(len(groups), 5.0),
        crs="EPSG:32633",
        features=("red", "nir", "swir1"),
        names={1: "forest", 2: "<b>water & ice</b>"},
        losses=(
            Loss(value=1, reason=Reason.MIXED, count=17),
            Loss(value=0, reason=Reason.EMPTY, count=3),
        ),
    )


@pytest.fixture(scope="module")
def training() -> dict[str, Any]:
    recipe = Recipe(bands=("red", "nir", "swir1"))
    options = TrainOptions(budget=Budget(trials=3), folds=3, holdout=0.25, threads=1)
    made = train(table(), TrainingTask(recipe=recipe, optional={}, options=options))
    return report_of(
        Trained(
            path="model.zip",
            model=made.model,
            costs=made.costs,
            pixel_area=100.0,
            is_new=True,
        )
    )


def written(report: dict[str, Any], path: Path) -> str:
    write_training(report, path)
    return path.read_text(encoding="utf-8")


def test_the_page_of_a_training(training: dict[str, Any], tmp_path: Path) -> None:
    text = written(training, tmp_path / "report.html")
    page = Page(text)
    assert page.asked == []
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", text)
    assert "<script" not in text
    shown = " ".join(" ".join(page.text).split())
    for section in ("random", "holdout"):
        assert f"{100 * training[section]['accuracy']:.1f} %" in shown
    estimate = training["estimate"]
    for key in ("value", "low", "high"):
        assert f"{100 * estimate['accuracy'][key]:.1f} %" in shown
    assert f"{estimate['polygons']} polygons tell little of others" in shown
    assert "None of these is the accuracy of a map" in shown
    assert "automap assess" in shown
    # names are text, not markup
    assert "<b>water & ice</b>" in shown
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_what_is_extrapolated_is_named(training: dict[str, Any], tmp_path: Path) -> None:
    def shown(grown: dict[str, float]) -> str:
        told = copy.deepcopy(training)
        for key in ("accuracy", "macro_f1"):
            del told["estimate"][key]["grown"]
            told["estimate"][key] |= grown
        return " ".join(" ".join(Page(written(told, tmp_path / "report.html")).text).split())

    assert "part of the figures: 3.4 % of the accuracy, 0.034 of the macro-F1" in shown(
        {"grown": 0.034}
    )
    for nothing in ({"grown": 0.0}, {}):  # models of earlier versions do not tell
        assert "extrapolated" not in shown(nothing)


def test_its_tables(training: dict[str, Any], tmp_path: Path) -> None:
    page = Page(written(training, tmp_path / "report.html"))
    blocked = training["blocked"]
    assert page.row("class", "precision") == ["class", "precision", "recall", "F1"]
    forest = next(row for row in page.rows if row[0] == "forest" and "%" in row[1])
    assert forest[1:] == [
        f"{100 * blocked['precision'][0]:.1f} %",
        f"{100 * blocked['recall'][0]:.1f} %",
        f"{blocked['f1'][0]:.3f}",
    ]
    matrix = [row[1:] for row in page.rows if re.match(r"[125] ?[a-z<]", row[0])]
    means = [[f"{count:,.0f}" for count in row] for row in blocked["confusion"]]
    assert [[cell.replace("\u202f", ",") for cell in row] for row in matrix] == means
    samples = next(row for row in page.rows if row[0] == "forest" and "%" not in row[1])
    counts, shapes = training["samples"]["counts"], training["samples"]["polygons"]
    assert samples[1:] == [str(counts[0]), str(shapes[0]), "17"]
    costs = {row[0]: row[-1] for row in page.rows if row[-1] in ("taken", "to compare")}
    assert costs[training["costs"][0]["name"]] == "taken"
    for decision in training["decisions"]:
        assert page.row(decision["question"])[2].endswith("%")


def test_plots_take_the_colours_of_the_page(training: dict[str, Any], tmp_path: Path) -> None:
    text = written(training, tmp_path / "report.html")
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(plots) == 5
    for plot in plots:
        assert "currentColor" in plot
        assert "var(--accent)" in plot
        # no ink of their own that would be lost on dark paper
        assert not re.search(r"(fill|stroke): ?(#000|black)", plot)
        assert "<metadata" not in plot
    assert "ndvi" not in plots[1]
    assert "swir1" in plots[1]


def test_the_page_tells_how_sure_the_model_may_be(training: dict[str, Any], tmp_path: Path) -> None:
    page = Page(written(training, tmp_path / "report.html"))
    shown = " ".join(" ".join(page.text).split())
    found, sets = training["calibration"], training["sets"]
    assert "Whether probabilities mean what they say" in shown
    titles = ["as they are", f"temperature {found['temperature']:.2f}"]
    for title, one in zip(titles, (found["before"], found["after"]), strict=True):
        (row,) = (cells for cells in page.rows if cells[:1] == [title])
        assert row[1:4] == [f"{one[key]:.3f}" for key in ("log_loss", "brier", "error")]
    assert "It is promised" in shown  # of polygons kept from the training
    (row,) = (cells for cells in page.rows if cells[:1] == ["80 %"] or cells[:1] == ["80.0 %"])
    assert len(row) == (2 if sets["levels"][0]["quantile"] is None else 4)
    alone = copy.deepcopy(training)
    alone["calibration"] |= {"temperature": 1.0, "found": 1.58}
    alone["calibration"]["gain"] = {"gain": -0.0005, "standard_error": 0.0136}
    said = " ".join(Page(written(alone, tmp_path / "alone.html")).text)
    said = " ".join(said.split())
    assert "a temperature of 1.58 gains -0.001 of log loss on polygons" in said
    assert "no more than twice the standard error of that, 0.014" in said
    del alone["calibration"]["found"], alone["calibration"]["gain"]  # of an earlier version
    said = " ".join(Page(written(alone, tmp_path / "earlier.html")).text)
    assert "polygons do not agree on a temperature" in " ".join(said.split())
    by_folds = copy.deepcopy(training)
    by_folds["sets"] |= {"promise": False}
    assert "Nothing is promised" in written(by_folds, tmp_path / "folds.html")


def test_the_same_training_gives_the_same_page(training: dict[str, Any], tmp_path: Path) -> None:
    first = written(training, tmp_path / "one.html")
    assert written(copy.deepcopy(training), tmp_path / "other.html") == first


def test_a_training_that_tells_less(training: dict[str, Any], tmp_path: Path) -> None:
    less = copy.deepcopy(training) | {"costs": [], "doubtful": [], "learning_curve": []}
    less |= {"holdout": None, "curves": []}
    less |= {"search": [], "strategies": None, "decisions": [], "estimate": None, "blocked": None}
    del less["calibration"], less["sets"]  # an earlier version wrote it
    page = Page(written(less, tmp_path / "report.html"))
    shown = " ".join(" ".join(page.text).split())
    assert "Not measured" in shown
    assert "mean what they say" not in shown
    assert "There are none." in shown
    assert "too few polygons" in shown
    assert "No accuracy can be told" in shown


def test_json(training: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert json.loads(written(training, path)) == json.loads(json.dumps(training))


def test_the_page_of_a_map(tmp_path: Path) -> None:
    values = classes()
    path = write_map(tmp_path / "map.tif", values, names=NAMES | {2: "<i>water</i>"})
    rng = np.random.default_rng(3)
    lines = ["X,Y,class"]
    from rasterio.warp import transform

    from tests.workflows.assess.maps import LON_LAT, UTM, centres

    rows, cols = rng.integers(30, 300, 250), rng.integers(30, 400, 250)
    x, y = centres(rows, cols)
    lon, lat = transform(UTM, LON_LAT, x.tolist(), y.tolist())
    truth = np.where(rng.random(250) < 0.2, 1, values[rows, cols]).tolist()
    lines += [f"{a:.9f},{b:.9f},{label}" for a, b, label in zip(lon, lat, truth, strict=True)]
    reference = tmp_path / "reference.csv"
    reference.write_text("\n".join(lines), encoding="utf-8")
    found = assess(str(path), ReferenceRequest(path=str(reference), class_field="class"))
    report = found.to_dict()
    write_assessment(report, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.asked == []
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", text)
    shown = " ".join(" ".join(page.text).split())
    overall = found.accuracy.overall
    assert f"{100 * overall.value:.1f} ± {100 * overall.half_width:.1f} %" in shown
    assert "<i>water</i>" in shown
    assert all(remark in shown for remark in report["remarks"])
    assert all(note["reason"] in shown for note in report["notes"])
    assert report["notes"]
    matrix = [row[1:] for row in page.rows if re.match(r"[125] ?[a-z<]", row[0])]
    assert [[int(cell) for cell in row] for row in matrix] == found.counts.tolist()
    write_assessment(report, tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report


def test_names_with_dollars_and_areas_without_intervals() -> None:
    plot = plots.intervals(["$a_$", "water"], [1.0, 2.0], [1.5, None], [None, None])
    assert "$a_$" in plot
    assert "interval" not in plot
    assert "95 % interval" in plots.intervals(["a"], [1.0], [1.5], [0.2])


def test_names_of_reports() -> None:
    with pytest.raises(ConfigError, match="neither HTML nor JSON"):
        check_name(Path("report.pdf"))
    check_name(Path("report.HTML"))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "jinja2":
            raise ImportError(name=name)
        return real(name, *args, **options)

    pages.environment.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"automap-tiles\[classify\]"):
        check_name(Path("report.html"))
    check_name(Path("report.json"))
