"""From the parameters of a request to an order: all that is wrong is told at once.

The rules are the engine's own; here they are asked one by one, so that one that fails hides no
other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from automap_service.costs.sizes import sizes_of
from automap_service.launching.schema import COARSEST, NAMES, ONLY
from automap_service.launching.wanted import Wanted, World
from automap_service.problems import Fault, fault_of, invalid
from automap_tiles.errors import AutomapError, ConfigError
from automap_tiles.scenes.maskers import Masking
from automap_tiles.scenes.masks import parse_flags
from automap_tiles.workflows import order_kind
from automap_tiles.workflows.automap.parameters import (
    Mode,
    check_bands,
    date_problems,
    parse_day,
    parse_grid,
    parse_provenance,
    parse_statistics,
    satellites_of,
)

MODES = tuple(str(mode) for mode in Mode)
COMPOSITE = ("composite", "classification")
CLASSIFICATION = ("classification",)
_REGISTERED = re.compile(r"(?:(EPSG|ESRI|IGNF|OGC):)?(\w{1,40})", re.IGNORECASE | re.ASCII)
"""Coordinate systems by their numbers alone: of other words GDAL would read files and addresses."""
DEAREST = 1e9
"""The largest budget that is taken."""


def read(said: Mapping[str, Any], world: World) -> Wanted:
    """The order that some parameters make; raises `Problem` with all that is wrong."""
    reading = _Reading(said, world)
    reading.all()
    if reading.faults:
        raise invalid(reading.faults)
    return reading.wanted()


class _Reading:
    def __init__(self, said: Mapping[str, Any], world: World) -> None:
        self._given = tuple(said)
        self._said = {key: value for key, value in said.items() if value is not None}
        self._world = world
        self.faults: list[Fault] = []
        self._order: dict[str, Any] = {}
        self._parameters: dict[str, Any] = {}
        self._digests: dict[str, str] = {}
        self._uses: list[str] = []
        self._km2 = 0.0

    def all(self) -> None:
        for name in self._given:  # also of one that is null: it may be misspelt
            if name not in NAMES:
                self._fault(name, "there is no such parameter", remedy=f"one of {', '.join(NAMES)}")
        mode = self._mode()
        self._satellites()
        self._dates()
        self._catalogue()
        self._file("boundary", "boundaries", needed=True)
        self._file("samples", "samples", needed=mode == "classification")
        self._names()
        self._grid()
        self._masking()
        self._text()
        self._choices()
        if mode is not None:
            self._useless(mode)
        if not self.faults:
            self._bands()

    def wanted(self) -> Wanted:
        order, mode = self._order, self._parameters["mode"]
        kept = {key: value for key, value in order.items() if key in _kept(mode)}
        kept["workflow"] = mode
        if mode == "classification":
            kept["overwrite"] = True  # a model of other samples may lie in the workspace
        where = [self._world.user, self._parameters["catalogue"], self._digests["boundary"]]
        where += [
            json.dumps(order.get(key))
            for key in (
                "mask", "masker", "project_shadow", "require_mask", "max_cloud_cover", "provenance",
            )
        ]  # fmt: skip
        where += [name for name in ("brdf", "coregister", "seamless") if order.get(name)]
        # those of another grid would be refused beside them
        where += [f"{name}={order[name]}" for name in ("crs", "resolution") if name in order]
        words = {**self._parameters, "description": "", "budget": None, **self._digests}
        return Wanted(
            order=kept,
            parameters=self._parameters,
            workspace=_digest(*where)[:32],
            digest=_digest(json.dumps(words, sort_keys=True)),
            description=self._parameters.get("description", ""),
            uses=tuple(self._uses),
            sizes=sizes_of(self._parameters, self._km2),
        )

    # -- parameter by parameter -----------------------------------------------------------------

    def _mode(self) -> str | None:
        mode = self._said.get("mode")
        if mode is None:
            self._fault("mode", "is needed", remedy=f"one of {', '.join(MODES)}")
            return None
        if mode not in MODES:
            self._fault("mode", "there is no such mode", mode, f"one of {', '.join(MODES)}")
            return None
        self._parameters["mode"] = str(mode)
        return str(mode)

    def _satellites(self) -> None:
        value = self._said.get("satellites")
        if value is None:
            self._fault("satellites", "is needed", remedy="such as [2, 'landsat'] or 2578")
            return
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str | int) and not isinstance(each, bool) for each in listed):
            self._fault("satellites", "must be numbers or names", value, "such as [2, 'landsat']")
            return
        found = self._asked("satellites", lambda: satellites_of(listed))
        if found is not None:
            self._order["satellites"] = self._parameters["satellites"] = sorted(found)

    def _dates(self) -> None:
        days: dict[str, date] = {}
        for name, key in (("start_date", "start"), ("end_date", "end")):
            value = self._said.get(name)
            if value is None:
                self._fault(name, "is needed", remedy="an ISO date such as 2018-04-01")
            elif not isinstance(value, str):
                self._fault(name, "must be an ISO date", value, "such as 2018-04-01")
            elif (day := self._asked(name, partial(parse_day, key, value))) is not None:
                days[key] = day
                self._order[key] = self._parameters[name] = day.isoformat()
        today = self._world.today or datetime.now(UTC).date()
        for error in date_problems(days.get("start"), days.get("end"), today):
            self.faults.append(fault_of(error, f"{error.key}_date"))

    def _catalogue(self) -> None:
        names = ", ".join(self._world.catalogues)
        value = self._said.get("catalogue")
        if value is None and len(self._world.catalogues) == 1:
            value = next(iter(self._world.catalogues))
        if value is None:
            self._fault("catalogue", "is needed", remedy=f"one of {names}")
        elif not isinstance(value, str) or value not in self._world.catalogues:
            self._fault("catalogue", "there is no such catalogue", value, f"one of {names}")
        else:
            self._order["input"] = self._world.catalogues[value].source
            self._parameters["catalogue"] = value

    def _file(self, name: str, kind: str, *, needed: bool) -> None:
        value = self._said.get(name)
        if value is None:
            if needed:
                self._fault(name, "is needed", remedy=f"the name of one of your {kind}")
            return
        found = self._world.uploads.find(kind, value) if isinstance(value, str) else None
        if found is None:
            remedy = f"upload it first: PUT /files/{kind}/NAME"
            self._fault(name, f"there is no such file among your {kind}", value, remedy)
            return
        self._order[name] = found.path
        self._parameters[name] = found.name
        self._digests[name] = found.sha256
        if name == "boundary":
            self._km2 = float(found.about.get("km2", 0.0))
        self._uses.append(found.id)

    def _names(self) -> None:
        value = self._list("statistics")
        statistics: tuple[str, ...] | None = ("median",)
        if value is not None:
            statistics = self._asked("statistics", partial(parse_statistics, value))
            if statistics == ():
                self._fault("statistics", "names none", value, "such as median")
        if self._parameters.get("mode") in COMPOSITE and statistics:
            self._order["statistics"] = self._parameters["statistics"] = list(statistics)
        value = self._list("provenance")
        if value is not None:
            names = statistics or ("median",)
            found = self._asked("provenance", partial(parse_provenance, value, names))
            if found is not None:
                self._order["provenance"] = self._parameters["provenance"] = list(found)

    def _grid(self) -> None:
        value = self._said.get("crs")
        if value is not None:
            text = _registered(value)
            if text is None:
                self._fault("crs", "must be a registered one", value, "such as EPSG:3035")
            elif self._asked("crs", lambda: parse_grid(text, None)) is not None:
                self._order["crs"] = self._parameters["crs"] = text
        size = self._said.get("resolution")
        if size is None:
            return
        if isinstance(size, bool) or not isinstance(size, int | float):
            self._fault("resolution", "must be a number", size)
        elif not 0 < size <= COARSEST:
            self._fault("resolution", f"must be greater than 0, and at most {COARSEST:g}", size)
        else:
            self._order["resolution"] = self._parameters["resolution"] = float(size)

    def _masking(self) -> None:
        value = self._list("mask")
        if value is not None and self._asked("mask", partial(parse_flags, value)) is not None:
            self._order["mask"] = self._parameters["mask"] = list(value)
        masker = self._said.get("masker")
        if isinstance(masker, str):
            if self._asked("masker", lambda: _masker(masker)):
                self._order["masker"] = self._parameters["masker"] = masker
        elif masker is not None:
            self._fault("masker", "must be a name", masker)

    def _text(self) -> None:
        value = self._said.get("description", "")
        longest = self._world.longest_description
        if not isinstance(value, str):
            self._fault("description", "must be a text", value)
        elif len(value) > longest:
            self._fault("description", f"has more than {longest} characters")
        elif any((ord(each) < 32 and each not in "\n\t") or each == "\x7f" for each in value):
            self._fault("description", "has control characters")
        else:
            self._order["description"] = self._parameters["description"] = value

    def _choices(self) -> None:
        for name in ("project_shadow", "require_mask", "brdf", "coregister", "seamless",
                     "confidence", "probabilities"):  # fmt: skip
            value = self._said.get(name)
            if value is not None and not isinstance(value, bool):
                self._fault(name, "must be true or false", value)
            elif value is not None:
                self._order[name] = self._parameters[name] = value
        for name, kind, low, high in (
            ("max_cloud_cover", "a number", 0.0, 100.0),
            ("budget", "a number", 0.0, DEAREST),
            ("smoothing", "a whole number", 0, 99),
            ("minimum_patch", "a whole number", 0, 1_000_000),
        ):
            value = self._said.get(name)
            if value is None:
                continue
            wanted = int if kind == "a whole number" else (int, float)
            if isinstance(value, bool) or not isinstance(value, wanted):
                self._fault(name, f"must be {kind}", value)
            elif not low <= value <= high:
                self._fault(name, f"must be from {low:g} to {high:g}", value)
            else:
                self._parameters[name] = value
                if name != "budget":  # of the job, not of what is made
                    self._order[name] = value
        window = self._parameters.get("smoothing", 0)
        if window and (window < 3 or window % 2 == 0):
            self._fault("smoothing", "is an odd number of pixels from 3", window)

    def _useless(self, mode: str) -> None:
        """What was given and means nothing in this mode is wrong, not silently ignored."""
        for name, modes in ONLY.items():
            if name in self._said and mode not in modes:
                self._fault(name, f"has no use in the mode {mode}", remedy=" or ".join(modes))

    def _bands(self) -> None:
        statistics = tuple(self._order.get("statistics", ()))
        for satellite in self._order["satellites"]:
            try:
                check_bands(statistics, satellite)
            except ConfigError as error:
                self.faults.append(fault_of(error, error.key or "satellites"))

    # -- helpers --------------------------------------------------------------------------------

    def _asked(self, name: str, rule: Callable[[], Any]) -> Any:
        """What a rule of the engine makes of a value; None when it refuses it."""
        try:
            return rule()
        except ConfigError as error:
            self.faults.append(fault_of(error, name))
        except AutomapError as error:
            self._fault(name, str(error), self._said.get(name))
        return None

    def _list(self, name: str) -> list[str] | None:
        """Texts, or one with commas."""
        value = self._said.get(name)
        listed = [value] if isinstance(value, str) else value
        if listed is None:
            return None
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            self._fault(name, "must be names", value)
            return None
        return [word.strip() for text in listed for word in text.split(",") if word.strip()]

    def _fault(self, name: str, message: str, found: Any = None, remedy: str | None = None) -> None:
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        self.faults.append(Fault(pointer=pointer, message=message, found=found, remedy=remedy))


def _masker(name: str) -> bool:
    Masking(name=name).check([])
    return True


def _registered(value: Any) -> str | None:
    """`EPSG:3035`, also of 3035; None for what is no name of a registered coordinate system."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    found = _REGISTERED.fullmatch(str(value).strip())
    if found is None or (found[1] is None and not found[2].isdecimal()):
        return None
    return f"{(found[1] or 'EPSG').upper()}:{found[2]}"


def _kept(mode: str) -> frozenset[str]:

    return frozenset(each.name for each in fields(order_kind(mode)))  # type: ignore[arg-type]


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()
