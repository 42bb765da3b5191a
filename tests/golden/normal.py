"""Takes out of a text what differs from machine to machine and from day to day, and only that."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?"
_RULES = [
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        # when it happened, and how long it took
        (rf'"time": "{_TIME}"', '"time": "TIME"'),
        (rf"(started|finished) {_TIME}", r"\1 TIME"),
        (r'"seconds": [\d.e-]+', '"seconds": SECONDS'),
        (r"\b(\d+:)?\d+:\d\d (min|h)\b|\b\d+\.\d s\b", "SECONDS"),
        (r"\b[\d.]+ tiles/s", "RATE tiles/s"),
        # where: the process, and the frames of a traceback that are not the user's
        (r'"worker": "[^"]*"', '"worker": "WORKER"'),
        # how large a compressed file, the memory or the disk is
        (r"\b\d+(\.\d+)? (B|kB|MB|GB|TB)\b", "SIZE"),
        (r'"(\w*bytes)": \d+', r'"\1": SIZE'),
        (r"\d+ bytes, \d+ were written", "SIZE, SIZE were written"),
        (r"checksum [0-9a-f]{8}", "checksum CHECKSUM"),
        (r"-[0-9a-f]{16}\b", "-HASH"),
        (rf"--time {_TIME}", "--time TIME"),
        # what a measurement of speed tells, and the choice of a classifier that hangs on it
        (r"^(\s*).*: [\d.]+ µs per pixel, [\d.]+ s CPU per km².$", r"\1COST"),
        (r"^(\s*)Taken: .*$", r"\1Taken: CLASSIFIER"),
        (r"^(\s*)Most useful: .*$", r"\1Most useful: BANDS"),
        # which version
        (r"(automap, version) .*", r"\1 VERSION"),
    )
]
_FRAME = re.compile(r'^  File "(?P<path>[^"]*)", line \d+, in .*\n(^    .*\n)*', re.MULTILINE)


def normal(text: str, folder: Path) -> str:
    """The text with words in capitals for what varies; `folder` is HERE."""
    for path, name in ((folder, "HERE"), (ROOT, "SOURCE"), (Path(sys.prefix), "PYTHON")):
        text = text.replace(str(path), name)
    text = "".join(f"{_line(line).rstrip()}\n" for line in _without_frames(text).splitlines())
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _line(line: str) -> str:
    """A line of JSON without the frames of the tracebacks in it."""
    if not line.startswith("{"):
        return line
    said = json.loads(line)
    if "error" in said:
        said["error"] = _without_frames(said["error"])
    if "message" in said:
        said["message"] = normal(said["message"], ROOT).removesuffix("\n")
    return json.dumps(said)


def _without_frames(text: str) -> str:
    """Frames of the user's file stay; how the house called it is the house's business."""
    return _FRAME.sub(lambda it: it.group() if it["path"].startswith("HERE") else "", text)
