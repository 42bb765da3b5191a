"""Multihashes: checksums that name their own algorithm.

Codes: the table of https://github.com/multiformats/multicodec. STAC's `file:checksum` is a
multihash in hexadecimal digits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from automap_tiles.errors import InputError

_ALGORITHMS = {
    0x11: "sha1",
    0x12: "sha256",
    0x13: "sha512",
    0x14: "sha3_512",
    0x15: "sha3_384",
    0x16: "sha3_256",
    0x17: "sha3_224",
    0x20: "sha384",
    0xD5: "md5",
    0x1013: "sha224",
}
_BLAKE2B = 0xB200  # plus the length of the digest in bytes, 1 to 64
_BLAKE2S = 0xB240  # plus the length of the digest in bytes, 1 to 32


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """Expected checksum of a file."""

    code: int
    """Algorithm."""
    digest: bytes

    def start(self) -> Any:
        """A new hash object of that algorithm."""
        if _BLAKE2B < self.code <= _BLAKE2B + 64:
            return hashlib.blake2b(digest_size=self.code - _BLAKE2B)
        if _BLAKE2S < self.code <= _BLAKE2S + 32:
            return hashlib.blake2s(digest_size=self.code - _BLAKE2S)
        return hashlib.new(_ALGORITHMS[self.code], usedforsecurity=False)


def parse(text: str) -> Checksum:
    """Parse a multihash in hexadecimal digits.

    Raises `InputError` if it is invalid, or if the algorithm is not supported.
    """
    try:
        data = bytes.fromhex(text)
        code, rest = _varint(data)
        length, digest = _varint(rest)
    except (ValueError, IndexError) as error:
        raise InputError(f"not a multihash: {text[:80]!r}") from error
    if not _is_known(code):
        raise InputError(f"checksum of an unknown kind: 0x{code:x}")
    checksum = Checksum(code=code, digest=digest)
    if len(digest) != length or length != checksum.start().digest_size:
        raise InputError(f"not a multihash, its length is wrong: {text[:80]!r}")
    return checksum


def _is_known(code: int) -> bool:
    return code in _ALGORITHMS or _BLAKE2B < code <= _BLAKE2S + 32


def _varint(data: bytes) -> tuple[int, bytes]:
    """An unsigned varint of 7 bits per byte, lowest first, and the remaining data."""
    value = 0
    for place in range(9):
        value |= (data[place] & 0x7F) << (7 * place)
        if data[place] < 0x80:
            return value, data[place + 1 :]
    raise ValueError("number too long")
