"""Band arithmetic against Python's own, and everything else refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import ConfigError
from automap_tiles.pictures._expression import LONGEST, parse

NAMES = ("blue", "green", "red", "nir")
DATA = np.random.default_rng(7).uniform(0.1, 1, (4, 5, 6)).astype(np.float32)


def evaluated(text: str) -> np.ma.MaskedArray:
    expression = parse(text, NAMES)
    return expression.evaluate(np.ma.MaskedArray(DATA[[band - 1 for band in expression.bands]]))


@st.composite
def formulas(draw: st.DrawFn, depth: int = 4) -> str:
    """Formulas that mean the same in Python."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["b1", "b2", "b3", "b4", "2", "0.5", "1e-1", "3."]))
    one, other = draw(formulas(depth=depth - 1)), draw(formulas(depth=depth - 1))
    return draw(
        st.sampled_from(
            [
                f"{one} + {other}",
                f"{one}-{other}",
                f"{one} * {other}",
                f"({one}) / ({other})",
                f"-({one})",
                f"- {one}",
                f"+{one}",
                f"({one})",
                f"abs({one})**{other}",
                f"where(({one}) >= ({other}), {one}, {other})",
                f"where(({one}) < ({other}), 1, {other})",
                f"max({one}, {other}) - min({one},{other})",
            ]
        )
    )


@given(formulas())
def test_as_python_reads_it(text: str) -> None:
    names = {f"b{number}": plane for number, plane in enumerate(DATA, start=1)}
    functions = {"abs": np.abs, "min": np.minimum, "max": np.maximum, "where": np.where}
    if not any(name in text for name in names):
        with pytest.raises(ConfigError, match="no band"):
            parse(text, NAMES)
        return
    with np.errstate(all="ignore"):
        found = evaluated(text)
        wanted = eval(text, {"__builtins__": {}}, {**names, **functions})
    wanted = np.broadcast_to(np.asarray(wanted, dtype=np.float32), DATA.shape[1:])
    finite = np.isfinite(wanted) & ~np.ma.getmaskarray(found)[0]
    np.testing.assert_allclose(found.data[0][finite], wanted[finite], rtol=1e-4, atol=1e-5)


def test_names_of_bands_and_several_results() -> None:
    expression = parse("(nir-red)/(nir+red); b1 ;blue", NAMES)
    assert expression.bands == (1, 3, 4)
    found = evaluated("(nir-red)/(nir+red); b1 ;blue")
    np.testing.assert_allclose(found[0], (DATA[3] - DATA[2]) / (DATA[3] + DATA[2]), rtol=1e-6)
    np.testing.assert_array_equal(found[1], DATA[0])
    np.testing.assert_array_equal(found[2], DATA[0])


def test_a_comparison_is_one_or_nought() -> None:
    found = evaluated("(b1 < b2) + (b1 >= b2) * 2")
    np.testing.assert_array_equal(found[0], np.where(DATA[0] < DATA[1], 1, 2))


def test_a_power_binds_before_a_sign() -> None:
    np.testing.assert_allclose(evaluated("-b1**2")[0], -(DATA[0] ** 2), rtol=1e-6)
    np.testing.assert_allclose(evaluated("b1**-2")[0], DATA[0] ** -2, rtol=1e-6)
    np.testing.assert_allclose(evaluated("2^3^b1")[0], 2 ** (3 ** DATA[0]), rtol=1e-5)


def test_masked_where_a_band_is_and_where_there_is_no_number() -> None:
    data = np.ma.MaskedArray(DATA[:2].copy(), mask=False)
    data[0, 0, 0] = np.ma.masked
    data.data[1, 1, 1] = 0
    found = parse("b1/b2", ("a", "b")).evaluate(data)
    assert np.argwhere(np.ma.getmaskarray(found)).tolist() == [[0, 0, 0], [0, 1, 1]]
    assert not np.ma.is_masked(parse("b2*2", ("a", "b")).evaluate(data[1:]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b0",
        "b5",
        "b1 b2",
        "b1 +",
        "(b1",
        "b1)",
        "min(b1)",
        "b1;",
        "3",
        "1e999 2",
        "b1.real",
        "__import__('os')",
        "b1[0]",
        "lambda: b1",
        "b1 if b2 else b3",
        "open(b1)",
        "2b1",
        "b1\x00",
        "b1,b2",
        "b" + "9" * 400,
        "(" * 60 + "b1" + ")" * 60,
        "-" * 200 + "b1",
        "b1+" * LONGEST + "b1",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(text, NAMES)
    assert error.value.key == "expression"


@given(st.text(alphabet="b1234()+-*/<>=.,; andr_e", max_size=60) | st.text(max_size=40))
def test_whatever_comes_in(text: str) -> None:
    try:
        expression = parse(text, NAMES)
    except ConfigError:
        return
    found = evaluated(text)
    assert found.shape == (len(expression.results), *DATA.shape[1:])
    assert np.isfinite(found.data).all()
