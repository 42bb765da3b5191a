"""Every code of every quality layer against a decoder written from the published tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import Confidence, Flag, combine, quality_layers
from automap_tiles.missions import quality_layer as layer
from automap_tiles.missions._common.flags import NAMES, parse

LEVELS = {"low": 1, "medium": 2, "high": 3}
Codes = NDArray[np.int64]
Said = Iterator[tuple[str, NDArray[np.bool_]]]
"""A name, and which of the codes say so."""


def bits(code: Codes, first: int, last: int) -> Codes:
    """Number in the bits first..last, bit 0 the lowest, added up from the binary digits."""
    digits = np.unpackbits(code.astype("<u2").view("u1").reshape(-1, 2), axis=1, bitorder="little")
    found: Codes = digits[:, first : last + 1] @ (2 ** np.arange(last + 1 - first))
    return found


def bit(code: Codes, place: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = bits(code, place, place) == 1
    return found


def qa_pixel(code: Codes, level: int, oli: bool = True) -> Said:
    yield "fill", bit(code, 0)
    yield "dilated", bit(code, 1)
    if oli:
        yield "cirrus", bit(code, 2) | (bits(code, 14, 15) >= level)
    yield "cloud", bit(code, 3) | (bits(code, 8, 9) >= level)
    yield "shadow", bit(code, 4) | (bits(code, 10, 11) >= level)
    yield "snow", bit(code, 5) | (bits(code, 12, 13) >= level)
    yield "water", bit(code, 7)


def bqa_c1(code: Codes, level: int, oli: bool = True) -> Said:
    yield "fill", bit(code, 0)
    yield "terrain" if oli else "dropped", bit(code, 1)
    yield "saturated", bits(code, 2, 3) > 0
    yield "cloud", bit(code, 4) | (bits(code, 5, 6) >= level)
    yield "shadow", bits(code, 7, 8) >= level
    yield "snow", bits(code, 9, 10) >= level
    if oli:
        yield "cirrus", bits(code, 11, 12) >= level


def bqa_pre(code: Codes, level: int) -> Said:
    yield "fill", bit(code, 0)
    yield "dropped", bit(code, 1)
    yield "terrain", bit(code, 2)
    for first, name in ((4, "water"), (10, "snow"), (12, "cirrus"), (14, "cloud")):
        yield name, bits(code, first, first + 1) >= level


def pixel_qa(code: Codes, level: int, oli: bool = True) -> Said:
    for place, name in ((0, "fill"), (2, "water"), (3, "shadow"), (4, "snow")):
        yield name, bit(code, place)
    yield "cloud", bit(code, 5) | (bits(code, 6, 7) >= level)
    if oli:
        yield "cirrus", bits(code, 8, 9) >= level
        yield "terrain", bit(code, 10)


def qa_radsat(code: Codes, level: int, oli: bool = True) -> Said:
    yield "saturated", (bits(code, 0, 6) > 0) | bit(code, 8)
    if oli:
        yield "terrain", bit(code, 11)
    else:
        yield "dropped", bit(code, 9)


def qa60(code: Codes, level: int) -> Said:
    yield "cloud", bit(code, 10)
    yield "cirrus", bit(code, 11)


def cfmask(code: Codes, level: int) -> Said:
    for number, name in ((1, "water"), (2, "shadow"), (3, "snow"), (4, "cloud")):
        yield name, code == number
    yield "fill", code > 4


def dea_fmask(code: Codes, level: int) -> Said:
    for number, name in ((2, "cloud"), (3, "shadow"), (4, "snow"), (5, "water")):
        yield name, code == number
    yield "fill", (code == 0) | (code > 5)


SCL = [
    "fill",
    "saturated",
    "dark",
    "shadow",
    "clear",
    "clear",
    "water",
    "unclassified",
    "cloud",
    "cloud",
    "cirrus",
    "snow",
]


def scl(code: Codes, level: int) -> Said:
    for number, name in enumerate(SCL):
        is_medium = number == 8  # of medium probability
        if name != "clear" and not (is_medium and level > 2):
            yield name, code == number
    yield "fill", code >= len(SCL)


def hls_fmask(code: Codes, level: int) -> Said:
    named = ((1, "cloud"), (2, "dilated"), (3, "shadow"), (4, "snow"), (5, "water"))
    for place, name in named:
        yield name, bit(code, place)
    yield "aerosol", bits(code, 6, 7) == 3
    yield "fill", code == 255


def binary(code: Codes, level: int) -> Said:
    yield "cloud", code == 1
    yield "fill", code > 1


def eopf_classi(code: Codes, level: int) -> Said:
    """The meanings of `flag_masks` of a product: 1 opaque, 2 cirrus, 4 snow, 128 no value."""
    for place, name in ((0, "cloud"), (1, "cirrus"), (2, "snow"), (7, "fill")):
        yield name, bit(code, place)


def automap(code: Codes, level: int) -> Said:
    for place, flag in enumerate(Flag):
        yield flag.name or "", bit(code, place)
    yield "fill", (code >= 1 << 15) & ~bit(code, 0)


DECODERS: dict[str, Callable[[Codes, int], Said]] = {
    "qa_pixel": qa_pixel,
    "qa_pixel_tm": lambda code, level: qa_pixel(code, level, oli=False),
    "bqa_c1": bqa_c1,
    "bqa_c1_tm": lambda code, level: bqa_c1(code, level, oli=False),
    "bqa_pre": bqa_pre,
    "pixel_qa": pixel_qa,
    "pixel_qa_tm": lambda code, level: pixel_qa(code, level, oli=False),
    "qa_radsat": qa_radsat,
    "qa_radsat_tm": lambda code, level: qa_radsat(code, level, oli=False),
    "qa60": qa60,
    "cfmask": cfmask,
    "dea_fmask": dea_fmask,
    "scl": scl,
    "hls_fmask": hls_fmask,
    "eopf_classi": eopf_classi,
    "binary": binary,
    "automap": automap,
}


@pytest.mark.parametrize("confidence", LEVELS)
@pytest.mark.parametrize("name", DECODERS)
def test_every_code(name: str, confidence: Confidence) -> None:
    quality = layer(name)
    codes = np.arange(1 << quality.bits)
    array = codes.astype(f"u{quality.bits // 8}").reshape(16, -1)
    flags = quality.to_flags(array, confidence).reshape(-1)
    expected = np.zeros(codes.shape, np.uint16)
    for word, said in DECODERS[name](codes, LEVELS[confidence]):
        expected += np.where(said, Flag[word.upper()], 0).astype(np.uint16)
    assert flags.dtype == np.uint16
    np.testing.assert_array_equal(flags, expected)


def test_every_layer_is_tested() -> None:
    assert set(quality_layers()) == {*DECODERS, "msk_classi"}
    assert all(quality.source for quality in quality_layers().values())


@pytest.mark.parametrize("pattern", range(8))
def test_msk_classi(pattern: int) -> None:
    bands = np.array([pattern & 1, pattern >> 1 & 1, pattern >> 2 & 1], dtype=np.uint8)
    array = np.broadcast_to(bands[:, None, None], (3, 4, 5))
    expected = sum(
        flag for band, flag in zip(bands, (Flag.CLOUD, Flag.CIRRUS, Flag.SNOW), strict=True) if band
    )
    flags = layer("msk_classi").to_flags(array)
    assert flags.shape == (4, 5)
    assert (flags == expected).all()


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        # remote-sensing.md and the producers' own examples
        ("qa_pixel", 21824, ""),
        ("qa_pixel_tm", 5440, ""),
        ("qa_pixel", 21952, "water"),
        ("qa_pixel", 22280, "cloud"),
        ("qa_pixel", 22080, "cloud"),  # of medium confidence
        ("qa_pixel", 21826, "dilated"),
        ("qa_pixel", 23888, "shadow"),
        ("qa_pixel", 30048, "snow"),
        ("qa_pixel", 54596, "cirrus"),
        ("qa_pixel", 1, "fill"),
        ("bqa_c1", 2720, ""),
        ("bqa_c1_tm", 672, ""),
        ("bqa_c1", 2800, "cloud"),
        ("bqa_c1", 2752, "cloud"),
        ("bqa_c1", 2976, "shadow"),
        ("bqa_c1", 3744, "snow"),
        ("bqa_c1", 6816, "cirrus"),
        ("bqa_c1", 2724, "saturated"),
        ("bqa_pre", 20480, ""),
        ("bqa_pre", 53248, "cloud"),
        ("bqa_pre", 61440, "cloud cirrus"),
        ("pixel_qa", 322, ""),
        ("pixel_qa", 324, "water"),
        ("pixel_qa", 480, "cloud"),
        ("pixel_qa", 328, "shadow"),
        ("pixel_qa", 336, "snow"),
        ("pixel_qa", 834, "cirrus"),
        ("qa60", 1024, "cloud"),
        ("qa60", 2048, "cirrus"),
        ("hls_fmask", 64, ""),
        ("hls_fmask", 194, "cloud aerosol"),
    ],
)
def test_published_codes(name: str, code: int, words: str) -> None:
    dtype = f"u{layer(name).bits // 8}"
    (flags,) = layer(name).to_flags(np.array([code], dtype=dtype))
    assert Flag(int(flags)) == combine(words.split())


WORDS = {
    "fill": "fill",
    "dilated": "dilated",
    "cloud": "cloud",
    "shadow": "shadow",
    "snow": "snow",
    "water": "water",
    "cloud_confidence": "cloud",
    "shadow_confidence": "shadow",
    "snow_confidence": "snow",
    "dropped": "dropped",
    "clear": "",
    "unused": "",
}


@pytest.mark.parametrize("asset", ["qa_pixel", "qa_radsat"])
def test_bits_as_a_real_item_tells(shared: Path, asset: str) -> None:
    """`classification:bitfields` of a STAC item of Landsat 7, which leaves out B6 of high gain."""
    name = "LE07_L1TP_107068_20220310_20220405_02_T1_stac.json"
    item = json.loads((shared / "data/metadata/landsat_eodatasets3" / name).read_text())
    quality = layer(f"{asset}_tm")
    for field in item["assets"][asset]["classification:bitfields"]:
        if (asset, field["offset"]) == ("qa_radsat", 8):
            continue
        word = WORDS.get(field["name"], "saturated")  # band1 … band7
        for value in range(1 << field["length"]):
            code = np.array([value << field["offset"]], dtype=np.uint16)
            is_set = value >= 2 if field["length"] == 2 else value == 1
            expected = combine([word] if word and is_set else [])
            assert Flag(int(quality.to_flags(code)[0])) == expected, field


def test_low_flags_all_clear_pixels_of_landsat() -> None:
    clear = np.array([21824], dtype=np.uint16)
    for name in ("qa_pixel", "bqa_c1", "bqa_pre", "pixel_qa"):
        assert layer(name).lowest == "medium"
    assert layer("qa_pixel").to_flags(clear, "low")[0] & Flag.CLOUD


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "int64"])
def test_types(dtype: str) -> None:
    """Any integer type; what is beyond a layer's width is fill."""
    codes = np.array([0, 4, 9, 11, 100], dtype=dtype)
    flags = layer("scl").to_flags(codes)
    expected = [Flag.FILL, 0, Flag.CLOUD, Flag.SNOW, Flag.FILL]
    assert flags.tolist() == [int(flag) for flag in expected]
    if np.dtype(dtype).itemsize > 1 and dtype != "uint16":
        beyond = np.array([-1, -9999, 260], dtype=dtype)
        assert (layer("cfmask").to_flags(beyond) & Flag.FILL).all()
        assert layer("cfmask").mask(beyond, Flag.FILL).all()
        assert not layer("cfmask").mask(beyond, Flag.SHADOW).any()


@pytest.mark.parametrize("name", ["scl", "cfmask"])
def test_codes_of_8_bits_in_numbers_of_16(name: str) -> None:
    """One look-up gives what the way of any other type gives, for every number there is."""
    numbers = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    flags = layer(name).to_flags(numbers.astype(np.int32))
    np.testing.assert_array_equal(layer(name).to_flags(numbers), flags)
    codes = numbers[0].astype(np.uint8)
    masked = np.ma.MaskedArray(codes, mask=codes % 3 == 0)
    for stored in (numbers, numbers.astype(np.int32), codes, masked):
        found = layer(name).judged(stored, low_bits)
        np.testing.assert_array_equal(found, low_bits(layer(name).to_flags(stored)))


def low_bits(flags: np.ndarray) -> np.ndarray:
    return (flags & 255).astype(np.uint8) ^ np.uint8(90)


def test_signed_codes_are_bits() -> None:
    codes = np.array([-10940, 21824], dtype=np.int16)  # 54596 as int16
    assert layer("qa_pixel").to_flags(codes).tolist() == [Flag.CIRRUS, 0]


def test_masked_codes_are_fill() -> None:
    codes = np.ma.MaskedArray(np.array([[4, 9]], dtype=np.uint8), [[True, False]])
    flags = layer("scl").to_flags(codes)
    assert type(flags) is np.ndarray
    assert flags.tolist() == [[Flag.FILL, Flag.CLOUD]]
    bands = np.ma.zeros((3, 1, 2), dtype=np.uint8)
    bands[1, 0, 1] = np.ma.masked
    assert layer("msk_classi").to_flags(bands).tolist() == [[0, Flag.FILL]]


def test_views_and_blocks() -> None:
    """A large array that is not contiguous: the blocks are put together rightly."""
    codes = np.random.default_rng(3).integers(0, 65536, (700, 900)).astype(np.uint16)
    table = layer("qa_pixel").to_flags(np.arange(65536, dtype=np.uint16))
    np.testing.assert_array_equal(layer("qa_pixel").to_flags(codes.T), table[codes.T])
    np.testing.assert_array_equal(
        layer("qa_pixel").to_flags(codes[::3, 1::2]), table[codes[::3, 1::2]]
    )
    wanted = Flag.CLOUD | Flag.SHADOW
    np.testing.assert_array_equal(
        layer("qa_pixel").mask(codes, wanted), (table[codes] & wanted) != 0
    )
    assert layer("qa_pixel").to_flags(np.zeros((0, 5), np.uint16)).shape == (0, 5)


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match=r"whole numbers, and 3\.5 is not"):
        layer("scl").to_flags(np.full((2, 2), 3.5, np.float32))
    with pytest.raises(InputError, match="whole numbers, and inf is not"):
        layer("scl").to_flags(np.full((2, 2), np.inf))
    with pytest.raises(InputError, match="whole numbers, not complex"):
        layer("scl").to_flags(np.zeros((2, 2), np.complex64))
    with pytest.raises(TypeError, match="3 bands"):
        layer("msk_classi").to_flags(np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="low, medium or high"):
        layer("scl").to_flags(np.zeros((2, 2), np.uint8), "sure")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"scl\?"):
        layer("sc")


def test_flag_names() -> None:
    assert parse(" Cloud ") is Flag.CLOUD
    assert combine(["cloud", Flag.SNOW, "shadow"]) == Flag.CLOUD | Flag.SNOW | Flag.SHADOW
    assert [parse(name) for name in NAMES] == list(Flag)
    assert max(Flag) < 1 << 16
    with pytest.raises(ConfigError, match=r"shadow\?"):
        parse("shadows")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["scl", "qa_pixel", "msk_classi"])
def test_codes_in_a_float_type(name: str, dtype: type) -> None:
    """As xarray writes them, with NaN where there is none."""
    shape = (3, 8, 32) if name == "msk_classi" else (16, 16)
    codes = np.arange(np.prod(shape)).reshape(shape).astype(np.uint16) % 12
    floats: np.ndarray = codes.astype(dtype)
    np.testing.assert_array_equal(layer(name).to_flags(floats), layer(name).to_flags(codes))
    floats[..., 3, 5] = np.nan
    holes = np.isnan(floats)
    masked = np.ma.MaskedArray(np.where(holes, 0, codes), mask=holes)
    expected = layer(name).to_flags(masked)
    assert expected[3, 5] & Flag.FILL
    np.testing.assert_array_equal(layer(name).to_flags(floats), expected)
    flags = Flag.CLOUD | Flag.FILL
    np.testing.assert_array_equal(layer(name).mask(floats, flags), layer(name).mask(masked, flags))
    assert codes.dtype == np.uint16  # what was handed in is left as it is
