"""Quality layers: the codes of a producer's mask become flags of our own layout.

A layer is a list of rules over its codes, written as the producer's table is. The rules are
evaluated once for every possible code and kept as a look-up table for each confidence.
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
"""As Landsat codes its two-bit confidences; 0 is "not determined"."""

Codes = np.ndarray[Any, Any] | np.ma.MaskedArray[Any, Any]
Flags = np.ndarray[Any, np.dtype[np.uint16]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

_MOST = 2.0**53
"""Beyond it not every whole number is a float."""
_BYTE = 8
_BLOCK = 1 << 15  # codes, flags and table stay in the L2 cache


class Rule(Protocol):
    """Says of codes whether a flag is to be set."""

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
    """A number of two bits, low bit first: at least the confidence that is asked for."""

    bit: int
    flag: Flag
    at_least: int | None = None
    """The same for every confidence."""

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
    """How sure the class is: it counts where no higher confidence is asked for."""

    def holds(self, codes: np.ndarray[Any, Any], level: int) -> Bools:
        result: Bools = codes == self.code
        return result & (level <= LEVELS[self.confidence])


@dataclass(frozen=True)
class NoneOf:
    """Values that the table does not have: whatever they mean, the pixel cannot be trusted."""

    known: frozenset[int]
    flag: Flag = Flag.FILL

    def holds(self, codes: np.ndarray[Any, Any], level: int) -> Bools:
        del level
        return ~np.isin(codes, sorted(self.known))


@dataclass(frozen=True, kw_only=True)
class QualityLayer:
    """One kind of quality layer."""

    name: str
    kind: Literal["bits", "classes", "bands"]
    """`bands`: one mask per band, zero or not; the first band counts as bit 0 of a code."""
    bits: Literal[8, 16]
    """Width of a code."""
    rules: tuple[Rule, ...]
    source: str
    lowest: Confidence = "low"
    """Below it the layer tells nothing: in Landsat's tables every clear pixel is of low confidence
    to be a cloud, so `low` would flag them all."""
    bands: int = field(default=1, repr=False)
    is_added: bool = field(default=False, repr=False)
    """Whether it is added to the best layer of a scene, and no mask by itself: saturation."""

    def to_flags(self, array: Codes, confidence: Confidence = "medium") -> Flags:
        """Flags of codes: (y, x), or (band, y, x) of a layer of bands, to (y, x).

        `confidence` is the lowest that sets a flag, where the layer has confidences. Masked codes
        and codes beyond the layer's width are fill; floats hold codes where they are whole. Raises
        `InputError` for any others (a quality layer is resampled with `nearest`).
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
        """`judge(to_flags(array))` of what makes a number of the flags of a pixel, in one step."""
        if self._is_wide(array):
            return _look_up(judge(_wide_table(self, confidence)), np.asarray(array))
        codes, missing = self._codes(array)
        if missing is not None:
            return judge(self.to_flags(array, confidence))
        return _look_up(judge(_table(self, confidence)), codes)

    def mask(self, array: Codes, flags: Flag, confidence: Confidence = "medium") -> Bools:
        """True where any of `flags` is set; as `to_flags`, in one step."""
        codes, missing = self._codes(array)
        mask: Bools = _look_up((_table(self, confidence) & np.uint16(flags)) != 0, codes)
        if missing is not None and flags & Flag.FILL:
            mask |= missing
        return mask

    def _is_wide(self, array: Codes) -> bool:
        """Whether codes of 8 bits stand in numbers of 16, in one file with bands that need them."""
        if self.bits != _BYTE or self.kind == "bands" or array.dtype != np.uint16:
            return False
        return np.ma.getmask(array) is np.ma.nomask

    def _codes(self, array: Codes) -> tuple[np.ndarray[Any, Any], Bools | None]:
        """Unsigned codes of the layer's width, and where there are none."""
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
        """Codes that stand in a float type, as xarray and others write them; NaN is no code."""
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
    """A layer of classes: code → (flag, how sure); codes that are not listed are fill."""
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
    """Flags of every code."""
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
    """Of a layer of 8 bits, flags of every number of 16 bits: those beyond the codes are fill."""
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
        # Codes cannot be out of bounds; `clip` only spares NumPy a buffer.
        np.take(table, flat_codes[block], out=flat_out[block], mode="clip")
    return out
