"""Checksums: those of zlib, whichever package computes them, at once or piece by piece."""

from __future__ import annotations

import zlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.storage import checksum, checksum_of_chunks, checksum_of_file


@given(st.lists(st.binary(max_size=300)))
def test_as_zlib(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert checksum(whole) == checksum(memoryview(whole)) == zlib.crc32(whole)
    assert checksum_of_chunks(pieces) == (len(whole), zlib.crc32(whole))


def test_of_a_file(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9001
    (tmp_path / "a").write_bytes(content)
    assert checksum_of_file(tmp_path / "a") == (len(content), zlib.crc32(content))


@given(st.binary(min_size=1, max_size=200), st.data())
def test_every_flipped_bit_changes_it(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) * 8 - 1))
    flipped = bytearray(content)
    flipped[place // 8] ^= 1 << place % 8
    assert checksum(bytes(flipped)) != checksum(content)
