"""The XML parser: what it reads, and what it refuses."""

from __future__ import annotations

import pytest

from automap_tiles.errors import InputError
from automap_tiles.missions._common.xml import MAX_DEPTH, parse

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><lolz>&i;</lolz>"
)


def test_reads_without_namespaces() -> None:
    root = parse('<n:A xmlns:n="urn:x" n:id="1">t<B>\u00b5<n:C/></B>u</n:A>')
    assert (root.tag, root.attrib, root.text) == ("A", {"id": "1"}, "t")
    assert [child.tag for child in root.iter()] == ["A", "B", "C"]
    assert root[0].text == "\u00b5"
    assert root[0].tail == "u"


def test_encodings_and_padding() -> None:
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><A>\u00b5</A>'
    assert parse(latin.encode("latin-1")).text == "\u00b5"
    assert parse(latin).text == "\u00b5"
    assert parse(b"<A/>" + b"\0" * 900).tag == "A"
    assert parse("\ufeff<A/>".encode()).tag == "A"


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE A SYSTEM "file:///etc/passwd"><A/>',
        '<!DOCTYPE A [<!ENTITY x SYSTEM "file:///etc/passwd">]><A>&x;</A>',
        '<!DOCTYPE A [<!ENTITY % p SYSTEM "http://127.0.0.1/p"> %p;]><A/>',
        "<!DOCTYPE A><A/>",
    ],
    ids=["bomb", "external subset", "external entity", "parameter entity", "empty"],
)
def test_refuses_document_types(text: str) -> None:
    with pytest.raises(InputError, match="document type"):
        parse(text)
    with pytest.raises(InputError, match="document type"):
        parse(text.encode())


@pytest.mark.parametrize(
    "data",
    ["", "\0\0", "<A>", "<A></B>", "<A>&unknown;</A>", b"<A>\xff</A>", "no XML", "<A/><B/>"],
)
def test_refuses_what_is_not_well_formed(data: str | bytes) -> None:
    with pytest.raises(InputError, match="not well-formed XML"):
        parse(data)


def test_refuses_unknown_encoding() -> None:
    with pytest.raises(InputError):
        parse(b'<?xml version="1.0" encoding="klingon"?><A/>')


def test_refuses_depth() -> None:
    deep = "<A>" * MAX_DEPTH + "</A>" * MAX_DEPTH
    assert sum(1 for _ in parse(deep).iter()) == MAX_DEPTH
    with pytest.raises(InputError, match="nested"):
        parse(f"<A>{deep}</A>")
    with pytest.raises(InputError, match="nested"):
        parse("<A>" * 10**6)
    assert len(parse(f"<A>{'<B/>' * 1000}</A>")) == 1000
