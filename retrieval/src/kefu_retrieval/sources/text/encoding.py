"""From bytes to text, where nobody says in which encoding: what Chinese and English shops really write."""

import codecs
import re

from kefu_retrieval.errors import DocumentRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SAMPLE = 64 * 1024
_TELLING_SHARE = 0.9
"""Share of the characters beyond ASCII that must be everyday ones before a guess is trusted."""
_MIXED_SHARE = 0.3
_COMMON = re.compile("[\u4e00-\u9fa5\u3000-\u303f\uff00-\uffef\u2010-\u2040\u2100-\u22ff\u25a0-\u25ff\u00b0-\u00d7]")


def decode(data: bytes, declared: str | None = None) -> str:
    """The text: by its byte order mark, as UTF-8, as declared, as UTF-16 without a mark, as GB18030, as Windows-1252.

    Args:
        data: the file.
        declared: an encoding that the document itself names.

    Raises:
        DocumentRefused: it is none of these.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = _try(data, encoding)
            if text is None:
                raise DocumentRefused(f"damaged {encoding.removesuffix('-sig').upper()} text; save it as UTF-8")
            return text
    for guess in (_utf8(data), _declared(data, declared), _utf16(data), _gb18030(data), _western(data)):
        if guess is not None:
            return guess
    raise DocumentRefused("in no known encoding (UTF-8, UTF-16, GB18030, Windows-1252); save it as UTF-8")


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _utf8(data: bytes) -> str | None:
    text = _try(data, "utf-8")
    return None if text is None or _is_binary(text) else text


def _declared(data: bytes, declared: str | None) -> str | None:
    try:
        found = codecs.lookup(declared or "utf-8").name
    except LookupError:
        return None
    # GB2312 pages hold GBK characters, as browsers know; other codecs of Python are no text encodings.
    encoding = "gb18030" if found in ("gb2312", "gbk") else found
    return None if encoding.startswith("utf") or not _is_charset(encoding) else _try(data, encoding)


def _is_charset(encoding: str) -> bool:
    return encoding.startswith(("gb", "big5", "iso8859", "cp12", "latin", "shift_jis", "euc"))


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: one byte order gives common characters, the other gives noise."""
    if len(data) % 2 or len(data) < 4:
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _try(data, encoding)
        if text is None or _is_binary(text):
            continue
        sample = text[:_SAMPLE]
        plain = sum(1 for character in sample if character.isascii())
        common = len(_COMMON.findall(sample))
        # Two ASCII bytes make a rare or common Han character too: some real ASCII must be there, spaces or line ends.
        if plain and plain + common >= _TELLING_SHARE * len(sample):
            return text
    return None


def _gb18030(data: bytes) -> str | None:
    text = _try(data, "gb18030")
    if text is None or _is_binary(text):
        return None
    beyond = [character for character in text[:_SAMPLE] if not character.isascii()]
    everyday = sum(1 for character in beyond if _is_everyday(character))
    return text if everyday >= _TELLING_SHARE * len(beyond) else None


def _is_everyday(character: str) -> bool:
    """Whether GB2312, which holds the 6,763 common characters, has it."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _western(data: bytes) -> str | None:
    text = _try(data, "cp1252")
    if text is None or _is_binary(text):
        return None
    beyond = [character for character in text[:_SAMPLE] if not character.isascii()]
    letters = sum(1 for character in beyond if character.isalpha() or character in "–—‘’“”•…€£©®°«»")
    trusted = len(beyond) <= _MIXED_SHARE * len(text[:_SAMPLE]) and letters >= _TELLING_SHARE * len(beyond)
    return text if trusted else None


def _is_binary(text: str) -> bool:
    """Whether control characters show that this is no text."""
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) * 200 > len(sample)
