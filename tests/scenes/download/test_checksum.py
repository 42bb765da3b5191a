"""Multihashes against hashlib, and what is none."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import InputError
from automap_tiles.scenes.download._checksum import parse
from tests.scenes.catalogue.conftest import load

# code as it is written (a varint), algorithm
KINDS = {
    "11": "sha1", "12": "sha256", "13": "sha512", "14": "sha3_512", "15": "sha3_384",
    "16": "sha3_256", "17": "sha3_224", "20": "sha384", "9320": "sha224", "d501": "md5",
    "c0e402": "blake2b", "e0e402": "blake2s",
}  # fmt: skip


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=200), st.binary(max_size=200))
def test_against_hashlib(code: str, one: bytes, two: bytes) -> None:
    expected = hashlib.new(KINDS[code], one + two)
    checksum = parse(f"{code}{expected.digest_size:02x}{expected.hexdigest()}")
    running = checksum.start()
    running.update(one)
    running.update(two)
    assert running.digest() == checksum.digest
    running.update(b"more")
    assert running.digest() != checksum.digest


def test_a_short_blake2b() -> None:
    # b220: 32 bytes
    expected = hashlib.blake2b(b"data", digest_size=32)
    checksum = parse(f"a0e40220{expected.hexdigest()}")
    assert checksum.start().digest_size == 32
    running = checksum.start()
    running.update(b"data")
    assert running.digest() == checksum.digest


def test_of_a_real_catalogue(shared: Path) -> None:
    """USGS gives SHA-512."""
    folder = shared / "data" / "metadata" / "stac_odc_stac"
    item = load(folder / "LC08_L2SP_028030_20200114_20200824_02_T1_SR.json")
    sums = [asset["file:checksum"] for asset in item["assets"].values() if "file:checksum" in asset]
    assert len(sums) > 10
    assert {parse(text).start().name for text in sums} == {"sha512"}


@pytest.mark.parametrize(
    "text",
    ["", "zz", "12", "1220", "1220ff", "1340" + "00" * 63, "1220" + "00" * 33, "ff" * 12, "9900"],
)
def test_no_multihash(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)
