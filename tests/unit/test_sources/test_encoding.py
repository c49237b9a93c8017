"""Encodings: what shops write is read, and noise is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources.text import encoding

CHINESE = "签收后七天内可以无理由退货，运费由买家承担。\n"
ENGLISH = "Returns are free within 30 days.\n"
WESTERN = "The café’s crème brûlée costs 5 € – “naïve” prices.\n"


@pytest.mark.parametrize("text", [CHINESE, ENGLISH, WESTERN, CHINESE + ENGLISH, "退货退款 refund 100元。繁體字也有\n"])
@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_and_without_a_mark(text: str, form: str) -> None:
    assert encoding.decode(text.encode(form)) == text


@pytest.mark.parametrize("form", ["gb2312", "gbk", "gb18030", "utf-16-le", "utf-16-be"])
def test_chinese_without_a_mark(form: str) -> None:
    text = CHINESE * 3
    assert encoding.decode(text.encode(form)) == text


@pytest.mark.parametrize("form", ["utf-16-le", "utf-16-be", "cp1252"])
def test_english_without_a_mark(form: str) -> None:
    text = (ENGLISH if form != "cp1252" else WESTERN) * 3
    assert encoding.decode(text.encode(form)) == text


def test_what_the_document_declares_is_believed_where_it_is_a_charset() -> None:
    assert encoding.decode("退貨政策".encode("big5"), "Big5") == "退貨政策"
    assert encoding.decode("退货".encode("gb18030"), "rot13") == "退货"
    assert encoding.decode("退货".encode("gb18030"), "no-such-thing") == "退货"


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 4, b"\xff\xfe\x00\xd8", b"\x00\x01\x02\x03" * 50, b"\x89PNG\r\n\x1a\n\0\0"]
)
def test_noise_is_refused_with_a_remedy(data: bytes) -> None:
    with pytest.raises(DocumentRefused, match="save it as UTF-8"):
        encoding.decode(data)


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text = encoding.decode(data)
    except DocumentRefused:
        return
    assert isinstance(text, str)


@given(
    st.text(alphabet=st.characters(codec="gb2312", exclude_categories=["Cc"]), min_size=1).filter(
        lambda t: not t.isascii()
    )
)
def test_utf_8_is_never_taken_for_anything_else(text: str) -> None:
    assert encoding.decode(text.encode()) == text
