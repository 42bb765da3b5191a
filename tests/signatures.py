"""`python -m tests.signatures [--write]`: the typed words of `automap_tiles.run` and `check`.

`automap_tiles/runs.pyi` is made from the orders: a call for each workflow, with its words. A test
says when it is out of date.
"""

from __future__ import annotations

import argparse
import importlib
import types
from collections.abc import Iterator
from dataclasses import MISSING, fields
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from automap_tiles.workflows import WORKFLOWS, order_kind
from automap_tiles.workflows._order import Part
from automap_tiles.workflows.keywords import keywords_of

PATH = Path(__file__).parents[1] / "automap_tiles" / "runs.pyi"
OUTCOMES = {
    "download": "automap_tiles.workflows.automap:AutomapOutcome",
    "composite": "automap_tiles.workflows.automap:AutomapOutcome",
    "classification": "automap_tiles.workflows.automap:AutomapOutcome",
    "samples": "automap_tiles.workflows.samples.workflow:SamplesOutcome",
    "train": "automap_tiles.workflows.train:TrainOutcome",
    "assess": "automap_tiles.workflows.assess:AssessOutcome",
    "design": "automap_tiles.workflows.assess:DesignOutcome",
    "series": "automap_tiles.workflows.series:SeriesOutcome",
    "suggest": "automap_tiles.workflows.samples.suggesting:SuggestOutcome",
    "clusters": "automap_tiles.workflows.clusters:ClustersOutcome",
    "coregister": "automap_tiles.workflows.coregister:CoregisterOutcome",
    "timelapse": "automap_tiles.workflows.timelapse:TimelapseOutcome",
    "export": "automap_tiles.workflows.export:ExportOutcome",
    "execute": "automap_tiles.engine.events:Summary",
    "convert": "automap_tiles.engine.events:Summary",
    "info": "automap_tiles.workflows.tiles.info:Info",
    "index": "automap_tiles.workflows.tiles.index:IndexOutcome",
    "copy": "automap_tiles.workflows.tiles.copy:CopyOutcome",
    "remove": "automap_tiles.workflows.tiles.remove:RemoveOutcome",
    "reproduce": "automap_tiles.workflows.reproduce:ReproduceOutcome",
    "verify": "automap_tiles.workflows.verify:VerifyOutcome",
}
"""Class of the outcome of each workflow; the contract of workflows holds them to it."""
PATHS = {
    "area", "boundary", "classes", "clip", "failures", "folder", "input", "map", "model", "out",
    "output", "path", "picture", "plot", "process", "recipe", "record", "reference", "report",
    "samples",
    "samples_folder", "source", "target", "tiles", "training",
}  # fmt: skip
"""Words that are places."""
DAYS = {"start", "end"}
_HEAD = '''"""Words of the workflows, from their orders: `python -m tests.signatures --write`."""

from collections.abc import Mapping, Sequence
from datetime import date
from os import PathLike
from typing import Any, Literal, overload

'''


def outcome_of(workflow: str) -> type:
    """The class of its outcome."""
    module, _, name = OUTCOMES[workflow].partition(":")
    kind: type = getattr(importlib.import_module(module), name)
    return kind


def report_of(workflow: str) -> type:
    """The class of what its check answers."""
    module = importlib.import_module(WORKFLOWS[workflow].partition(":")[0])
    found: type = get_type_hints(module.check)["return"]
    return found


def stub() -> str:
    """The text of the file."""
    classes = {kind for name in WORKFLOWS for kind in (outcome_of(name), report_of(name))}
    lines = sorted(f"from {kind.__module__} import {kind.__name__}" for kind in classes)
    lines += [
        "from automap_tiles.workflows.events import Serialisable",
        "from automap_tiles.workflows._order import Order",
        "from automap_tiles.workflows.running_order import RunningOrder",
        "",
        '__all__ = ["check", "run"]',
        "",
    ]
    for function in ("run", "check"):
        for workflow in WORKFLOWS:
            found = outcome_of(workflow) if function == "run" else report_of(workflow)
            answer = f"RunningOrder[{found.__name__}]" if function == "run" else found.__name__
            lines += ["@overload", f"def {function}(", f'    workflow: Literal["{workflow}"],']
            lines += ["    /,", "    *,", *(f"    {word}," for word in _words(workflow))]
            lines += [f") -> {answer}: ..."]
        answer = "RunningOrder[Serialisable]" if function == "run" else "Serialisable"
        lines += ["@overload", f"def {function}(workflow: Order, /) -> {answer}: ..."]
    return _HEAD + "\n".join(lines) + "\n"


def _words(workflow: str) -> Iterator[str]:
    """Those that must be said first."""
    kind = order_kind(workflow)
    found = [(word, *_field(kind, way)) for word, way in keywords_of(kind).items()]
    for word, wanted, is_needed in sorted(found, key=lambda each: not each[2]):
        text = _text(wanted, word)
        if not is_needed and not text.endswith("| None"):
            text += " | None"
        yield f"{word}: {text}" if is_needed else f"{word}: {text} = ..."


def _field(kind: type[Part], way: tuple[str, ...]) -> tuple[Any, bool]:
    """(type, whether it must be said)."""
    for name in way[:-1]:
        kind = get_type_hints(kind)[name]
    (field,) = (each for each in fields(kind) if each.name == way[-1])  # type: ignore[arg-type]
    needed = field.default is MISSING and field.default_factory is MISSING
    return get_type_hints(kind)[way[-1]], needed and len(way) == 1


def _text(wanted: Any, word: str) -> str:  # noqa: PLR0911 - one for each kind of type
    """A type as a caller may give it."""
    origin, args = get_origin(wanted), get_args(wanted)
    if origin is Annotated:
        return _text(args[0], word)
    if origin in (Union, types.UnionType):
        each = [_text(one, word) for one in args if one is not types.NoneType]
        parts = list(dict.fromkeys(part for text in each for part in text.split(" | ")))
        return " | ".join(parts + (["None"] if types.NoneType in args else []))
    if origin is Literal:
        return f"Literal[{', '.join(map(_quoted, args))}]"
    if origin is tuple and args[-1] is Ellipsis:
        return _several(args[0], word)
    if origin is tuple:
        return f"tuple[{', '.join(_text(one, word) for one in args)}]"
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return "str"
    if wanted is str and word in PATHS:
        return "str | PathLike[str]"
    if wanted is str and word in DAYS:
        return "str | date"
    return str(wanted.__name__)


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _several(item: Any, word: str) -> str:
    pair = get_args(item)
    if get_origin(item) is tuple and len(pair) == 2:
        key, value = (_text(one, word) for one in pair)
        return f"Mapping[{key}, {value}] | Sequence[tuple[{key}, {value}]]"
    text = _text(item, word)
    return f"{'str' if text == 'str' else 'str | ' + text} | Sequence[{text}]"


def main() -> int:
    """Exit code: 1 when the file is out of date and is not to be written."""
    parser = argparse.ArgumentParser(prog="python -m tests.signatures", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file anew")
    if parser.parse_args().write:
        PATH.write_text(formatted(stub()), encoding="utf-8")
        return 0
    return int(PATH.read_text(encoding="utf-8") != formatted(stub()))


def formatted(text: str) -> str:
    """As ruff would have it."""
    import subprocess
    import sys

    for command in (["check", "--fix-only", "--quiet"], ["format"]):
        line = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(PATH), "-"]
        text = subprocess.run(line, input=text, capture_output=True, text=True, check=True).stdout
    return text


if __name__ == "__main__":
    raise SystemExit(main())
