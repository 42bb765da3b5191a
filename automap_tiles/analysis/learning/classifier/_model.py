"""A trained classifier in one file.

The file is a zip of its members (`booster.ubj`, trees in XGBoost's own format, or several files
under `members/`), `model.json` (everything else) and `positions.bin` (the positions of the training
samples). It contains no code, and is read without XGBoost. The same training gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._classes import LandClass
from automap_tiles.analysis.learning.classifier._confidence import Confidence
from automap_tiles.analysis.learning.classifier._members import Member, MemberKind
from automap_tiles.analysis.learning.classifier._training_domain import TrainingDomain
from automap_tiles.analysis.learning.pca import Pca
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.errors import InputError
from automap_tiles.storage import Address

__all__ = ["FORMAT", "LandClass", "Model", "TrainingSamples"]

FORMAT = 4
"""Version of the file format, increased when older versions of this package could not read it
correctly. A model is written in the oldest format that can hold it: 1 for trees alone that use all
features, 3 if all votes have the same weight."""

_OF_TREES = 1
_OF_EQUALS = 3
_READ = (_OF_TREES, 2, _OF_EQUALS, FORMAT)

_KIND = "automap-tiles classifier"
_BOOSTER = "booster.ubj"
_FACTS = "model.json"
_POSITIONS = "positions.bin"

# The earliest time in a zip file: the time of writing must not be part of the bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class TrainingSamples:
    """Facts about the training samples that are needed later."""

    fingerprint: str
    """SHA-256 of the table of samples."""
    crs: str
    """WKT or EPSG:n of `positions`."""
    positions: NDArray[np.float64]
    """(sample, 2): x and y of the centres of the training pixels. A reference sample must not lie
    on one of them: otherwise accuracy would be measured on training data."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """Everything needed to classify a raster."""

    members: tuple[Member, ...]
    """The voting classifiers."""
    recipe: Recipe
    """How features are computed from a raster."""
    classes: tuple[LandClass, ...]
    """In ascending order, that of the columns of the probabilities."""
    training: TrainingSamples
    pca: Pca | None = None
    """Applied to the features before the members use them."""
    report: Mapping[str, Any]
    """The training report; see `training._report`."""
    versions: Mapping[str, str]
    """Package -> version used for training."""
    familiar: TrainingDomain | None = None
    """The raster that it was trained on; None in models of earlier versions."""
    confidence: Confidence | None = None
    """Confidence measures; None in models of earlier versions, and if nothing could be held out."""

    @property
    def values(self) -> NDArray[np.uint8]:
        """(class,) numbers of the classes."""
        return np.array([one.value for one in self.classes], dtype=np.uint8)

    @property
    def inputs(self) -> int:
        """Number of columns that the trees use."""
        return len(self.recipe.names) if self.pca is None else len(self.pca.components)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that determines a map: members, recipe, components, classes."""
        facts = self._facts()
        keys = ("booster", "members", "recipe", "pca", "classes")
        decisive = {key: facts[key] for key in keys if key in facts}
        return hashlib.sha256(_json(decisive)).hexdigest()

    def save(self, path: Path | str) -> None:
        """Write the file atomically; raises `OutputError`."""
        Address.of(path).write(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The content of the file."""
        positions = np.ascontiguousarray(self.training.positions, dtype="<f8")
        members = {
            _FACTS: _json(self._facts(), indent=1),
            **dict(zip(self._files(), (one.content for one in self.members), strict=True)),
            _POSITIONS: positions.tobytes(),
            **({} if self.confidence is None else self.confidence.files()),
        }
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name, content in members.items():
                entry = zipfile.ZipInfo(name, _NO_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                entry.create_system = 3  # Unix on every platform: Python writes the current one
                archive.writestr(entry, content)
        return buffer.getvalue()

    @property
    def _is_of_trees(self) -> bool:
        first = self.members[0]
        plain = first.kind is MemberKind.TREES and first.columns is None and not first.roots
        return len(self.members) == 1 and plain

    @property
    def _format(self) -> int:
        if self._is_of_trees:
            return _OF_TREES
        return _OF_EQUALS if all(one.weight == 1 for one in self.members) else FORMAT

    def _files(self) -> list[str]:
        if self._is_of_trees:
            return [_BOOSTER]
        return [f"members/{place}.{one.file}" for place, one in enumerate(self.members)]

    def _facts(self) -> dict[str, Any]:
        each = [one.facts(self.inputs) for one in self.members]
        members: dict[str, Any]
        if self._is_of_trees:
            members = {"booster": {key: each[0][key] for key in ("sha256", "inputs")}}
        else:
            files = zip(self._files(), each, strict=True)
            members = {"members": [{"file": file, **facts} for file, facts in files]}
        return {
            "kind": _KIND,
            "format": self._format,
            "versions": dict(self.versions),
            "classes": [
                {"value": one.value, "name": one.name, "colour": one.colour} for one in self.classes
            ],
            "features": list(self.recipe.names),
            "recipe": self.recipe.to_dict(),
            "pca": None if self.pca is None else self.pca.to_dict(),
            **members,
            "training": {
                "fingerprint": self.training.fingerprint,
                "crs": self.training.crs,
                "samples": len(self.training.positions),
            },
            **({} if self.familiar is None else {"picture": self.familiar.to_dict()}),
            **({} if self.confidence is None else {"confidence": self.confidence.to_dict()}),
            "report": dict(self.report),
        }

    @classmethod
    def open(cls, path: Path | str) -> Model:
        """Read a file; raises `InputError` with the reason if it is invalid."""
        data = Address.of(path).read()
        if data is None:
            raise InputError("there is no such model", path)
        return cls.from_bytes(data, path)

    @classmethod
    def from_bytes(cls, data: bytes, path: Path | str | None = None) -> Model:
        """The model in a file's content; `path` is used in the message of `InputError`."""
        facts, contents, others = _contents(data, path)
        try:
            model = cls(
                members=_members(facts, contents),
                recipe=Recipe.from_dict(facts["recipe"]),
                classes=tuple(LandClass(**one) for one in facts["classes"]),
                training=TrainingSamples(
                    fingerprint=facts["training"]["fingerprint"],
                    crs=facts["training"]["crs"],
                    positions=np.frombuffer(others[_POSITIONS], dtype="<f8").reshape(-1, 2),
                ),
                pca=None if facts["pca"] is None else Pca.from_dict(facts["pca"]),
                report=facts["report"],
                versions=facts["versions"],
                familiar=TrainingDomain.from_dict(facts["picture"]) if "picture" in facts else None,
                confidence=Confidence.from_dict(facts["confidence"], others)
                if "confidence" in facts
                else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"is a damaged model: {error!r} in {_FACTS}", path) from error
        _check(model, facts, path)
        return model


def _contents(
    data: bytes, path: Path | str | None
) -> tuple[dict[str, Any], list[bytes], dict[str, bytes]]:
    """JSON content, members and other files, after checking the kind and format of the file."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            facts = json.loads(archive.read(_FACTS))
            if not isinstance(facts, dict) or facts.get("kind") != _KIND:
                raise InputError("is not a model of `automap train`", path)
            if facts.get("format") not in _READ:
                raise InputError(_other_format(facts), path)
            files = [str(one["file"]) for one in facts.get("members", [])] or [_BOOSTER]
            contents = [archive.read(file) for file in files]
            others = [_POSITIONS, *facts.get("confidence", {}).get("files", [])]
            return facts, contents, {name: archive.read(name) for name in others}
    # RuntimeError: damaged bytes may look like encryption or an unknown compression
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        kind = "is a damaged model" if data.startswith(b"PK") else "is not a model"
        raise InputError(f"{kind}: {error}; train it again with `automap train`", path) from error
    except KeyError as error:
        raise InputError(f"is not a model of `automap train`: {error.args[0]}", path) from error
    except (TypeError, ValueError) as error:
        raise InputError(
            f"is a damaged model: {_FACTS} is not valid JSON: {error}", path
        ) from error


def _members(facts: Mapping[str, Any], contents: list[bytes]) -> tuple[Member, ...]:
    """Raises `KeyError`, `TypeError` or `ValueError`."""
    if "members" not in facts:
        return (Member(kind=MemberKind.TREES, content=contents[0]),)
    return tuple(
        Member(
            kind=MemberKind(one["kind"]),
            content=content,
            columns=None if one["columns"] is None else tuple(int(at) for at in one["columns"]),
            roots=bool(one.get("roots", False)),
            weight=float(one.get("weight", 1.0)),
        )
        for one, content in zip(facts["members"], contents, strict=True)
    )


def _other_format(facts: Mapping[str, Any]) -> str:
    made_by = facts.get("versions", {}).get("automap-tiles", "another version")
    return (
        f"is a model of format {facts.get('format')!r}, made by automap-tiles {made_by}; "
        f"this version reads format {FORMAT} and older ones: update automap-tiles, or train the "
        "model again"
    )


def _check(model: Model, facts: Mapping[str, Any], path: Path | str | None) -> None:
    """Raise `InputError` if the parts of a file do not match."""
    told = facts.get("members") or [facts["booster"]]
    for one, member in zip(told, model.members, strict=True):
        found = member.facts(model.inputs)
        if one["sha256"] != found["sha256"]:
            raise InputError("is a damaged model: its trees are not those it was saved with", path)
        if list(model.recipe.names) != facts["features"] or one["inputs"] != found["inputs"]:
            raise InputError(
                f"was trained on other features than this version computes from its recipe "
                f"({len(facts['features'])} then, {len(model.recipe.names)} now); train it again",
                path,
            )


def _json(value: object, indent: int | None = None) -> bytes:
    """JSON with deterministic bytes: floats by their shortest representation, no NaN."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False, sort_keys=False)
    return text.encode()
