"""Quality layers: translation of a producer's mask codes to common flags.

A layer is a list of rules over its codes, written like the producer's table. The rules are
evaluated once for every possible code and kept as one look-up table per confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol

import numpy as np

from automap_tiles.errors import InputError
from automap_tiles.missions._common.flags import Flag

Confidence = Literal["low", "medium", "high"]
LEVELS: dict[Confidence, int] = {"low": 1, "medium": 2, "high": 3}
"""Two-bit confidences as Landsat codes them; 0 is "not determined"."""

Codes = np.ndarray[Any, Any] | np.ma.MaskedArray[Any, Any]
Flags = np.ndarray[Any, np.dtype[np.uint16]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

_MOST = 2.0**53
"""Above this, not every integer is representable as a float."""
_BYTE = 8
_BLOCK = 1 << 15  # codes, flags and table stay in the L2 cache


class Rule(Protocol):
    """Decides for which codes a flag is set."""

    @property
    def flag(self) -> Flag: ...

    def holds(self, codes: np.ndarray[Any, Any], level: int) -> Bools: ...


@dataclass(frozen=True)
class Bit:
    """One bit, set or not."""

    bit: int
    flag: Flag

    def holds(self, codes: np.ndarray[Any, Any], level: int) -> Bools:
        del level
        return (codes >> self.bit & 1).astype(bool)


@dataclass(frozen=True)
class TwoBits:
    """A two-bit number, low bit first: at least the requested confidence."""

    bit: int
    flag: Flag
    at_least: int | None = None
    """Fixed threshold, independent of the requested confidence."""

    def holds(self, codes: np.ndarray[Any, Any], level: int) -> Bools:
        least = level if self.at_least is None else self.at_least
        result: Bools = (codes >> self.bit & 3) >= least
        return result


@dataclass(frozen=True)
class Code:
    """One value of a classification."""

    code: int
    flag: Flag
    confidence: Confidence = "high"
    """Confidence of the class: it counts unless a higher confidence is requested."""

    def holds(self, codes: np.ndarray[Any, Any], level: int) -> Bools:
        result: Bools = codes == self.code
        return result & (level <= LEVELS[self.confidence])


@dataclass(frozen=True)
class NoneOf:
    """Codes missing from the table: their meaning is unknown, so the pixel is not trusted."""

    known: frozenset[int]
    flag: Flag = Flag.FILL

    def holds(self, codes: np.ndarray[Any, Any], level: int) -> Bools:
        del level
        return ~np.isin(codes, sorted(self.known))


@dataclass(frozen=True, kw_only=True)
class QualityLayer:
    """One type of quality layer."""

    name: str
    kind: Literal["bits", "classes", "bands"]
    """`bands`: one mask per band, zero or not; the first band counts as bit 0 of a code."""
    bits: Literal[8, 16]
    """Width of a code."""
    rules: tuple[Rule, ...]
    source: str
    lowest: Confidence = "low"
    """The lowest meaningful confidence: Landsat gives every clear pixel a low cloud confidence, so
    `low` would flag all pixels."""
    bands: int = field(default=1, repr=False)
    is_added: bool = field(default=False, repr=False)
    """Whether it only complements a scene's best layer, and is no mask by itself: saturation."""

    def to_flags(self, array: Codes, confidence: Confidence = "medium") -> Flags:
        """Flags (y, x) from codes (y, x), or (band, y, x) for a layer of bands.

        `confidence` is the lowest that sets a flag, where the layer has confidences. Masked codes
        and codes beyond the layer's width become fill; float codes are accepted if they are
        integers. Raises `InputError` for others (resample quality layers with `nearest`).
        """
        if self._is_wide(array):
            return _look_up(_wide_table(self, confidence), np.asarray(array))
        codes, missing = self._codes(array)
        flags: Flags = _look_up(_table(self, confidence), codes)
        if missing is not None:
            flags[missing] |= np.uint16(Flag.FILL)
        return flags

    def judged(
        self,
        array: Codes,
        judge: Callable[[Flags], np.ndarray[Any, np.dtype[np.uint8]]],
        confidence: Confidence = "medium",
    ) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """`judge(to_flags(array))` in one step; `judge` maps each pixel's flags to a number."""
        if self._is_wide(array):
            return _look_up(judge(_wide_table(self, confidence)), np.asarray(array))
        codes, missing = self._codes(array)
        if missing is not None:
            return judge(self.to_flags(array, confidence))
        return _look_up(judge(_table(self, confidence)), codes)

    def mask(self, array: Codes, flags: Flag, confidence: Confidence = "medium") -> Bools:
        """True where any of `flags` is set; like `to_flags`, in one step."""
        codes, missing = self._codes(array)
        mask: Bools = _look_up((_table(self, confidence) & np.uint16(flags)) != 0, codes)
        if missing is not None and flags & Flag.FILL:
            mask |= missing
        return mask

    def _is_wide(self, array: Codes) -> bool:
        """Whether 8-bit codes are stored as 16 bits, in one file with bands that need them."""
        if self.bits != _BYTE or self.kind == "bands" or array.dtype != np.uint16:
            return False
        return np.ma.getmask(array) is np.ma.nomask

    def _codes(self, array: Codes) -> tuple[np.ndarray[Any, Any], Bools | None]:
        """Unsigned codes of the layer's width, and where they are missing."""
        data = np.ma.getdata(array)
        missing: Bools | None = None
        if np.ma.getmask(array) is not np.ma.nomask:
            missing = np.array(np.ma.getmaskarray(array))
        if data.dtype.kind == "f":
            data, missing = self._whole(data, missing)
        if data.dtype.kind not in "iub":
            raise InputError(f"codes of {self.name} are whole numbers, not {data.dtype}")
        if self.kind == "bands":
            if data.ndim != 3 or data.shape[0] < self.bands:
                raise TypeError(f"{self.name} has {self.bands} bands, not shape {data.shape}")
            if missing is not None:
                missing = np.logical_or.reduce(missing[: self.bands])
            return _pack(data[: self.bands]), missing
        dtype = np.dtype(f"u{self.bits // 8}")
        if data.dtype.itemsize == dtype.itemsize:
            return np.ascontiguousarray(data).view(dtype), missing
        if data.dtype.itemsize > dtype.itemsize:
            beyond: Bools = (data < 0) | (data >> self.bits).astype(bool)
            if beyond.any():
                missing = beyond if missing is None else missing | beyond
                data = np.where(beyond, 0, data)
        return data.astype(dtype), missing

    def _whole(
        self, data: np.ndarray[Any, Any], missing: Bools | None
    ) -> tuple[np.ndarray[Any, Any], Bools | None]:
        """Integer codes from a float array, as written by xarray and others; NaN is missing."""
        nowhere = np.isnan(data) if missing is None else missing | np.isnan(data)
        codes = np.where(nowhere, 0, data)
        wrong = (codes != np.floor(codes)) | (np.abs(codes) > _MOST)
        if wrong.any():
            raise InputError(
                f"codes of {self.name} are whole numbers, and {codes[wrong][0]:g} is not: the "
                "layer has been scaled, or resampled otherwise than with nearest"
            )
        return codes.astype(np.int64), nowhere


def classes(
    name: str,
    codes: Mapping[int, tuple[Flag, Confidence]],
    source: str,
) -> QualityLayer:
    """A layer of classes: code → (flag, confidence); codes that are not listed are fill."""
    rules = tuple(Code(code, flag, level) for code, (flag, level) in codes.items() if flag)
    unknown = NoneOf(frozenset(codes))
    return QualityLayer(name=name, kind="classes", bits=8, rules=(*rules, unknown), source=source)


def _pack(bands: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    codes = np.zeros(bands.shape[1:], dtype=np.uint8)
    for bit, band in enumerate(bands):
        codes |= (band != 0).astype(np.uint8) << np.uint8(bit)
    return codes


@lru_cache(maxsize=64)
def _table(layer: QualityLayer, confidence: Confidence) -> Flags:
    """Flags for every code."""
    if confidence not in LEVELS:
        raise ValueError(f"confidence is low, medium or high, not {confidence!r}")
    codes = np.arange(1 << layer.bits)
    table = np.zeros(codes.shape, dtype=np.uint16)
    for rule in layer.rules:
        table[rule.holds(codes, LEVELS[confidence])] |= np.uint16(rule.flag)
    table.flags.writeable = False
    return table


@lru_cache(maxsize=16)
def _wide_table(layer: QualityLayer, confidence: Confidence) -> Flags:
    """Flags for every 16-bit number of an 8-bit layer; numbers beyond the codes are fill."""
    table = _table(layer, confidence)
    wide = np.full(1 << 16, table[0] | np.uint16(Flag.FILL), dtype=np.uint16)
    wide[: len(table)] = table
    wide.flags.writeable = False
    return wide


def _look_up(table: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """`table[codes]`, block by block."""
    out = np.empty(codes.shape, dtype=table.dtype)
    flat_codes, flat_out = codes.reshape(-1), out.reshape(-1)
    for start in range(0, flat_codes.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        # Codes are always in bounds; `clip` saves NumPy a buffer.
        np.take(table, flat_codes[block], out=flat_out[block], mode="clip")
    return out
