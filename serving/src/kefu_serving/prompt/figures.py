"""The figures that a text names, however they are written: a wrong number of days is the dearest thing a bot can say."""

import re
import unicodedata
from decimal import Decimal

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_HAN_NUMBER = "[零〇一二两三四五六七八九十百千万]+"
_ANY_HAN = re.compile(_HAN_NUMBER)
_COUNTED_HAN = re.compile(
    rf"百分之({_HAN_NUMBER})|({_HAN_NUMBER})(?=\s*(?:个工作日|个月|小时|分钟|天|日|周|年|元|块|折|公斤))"
)
_UNITS = {"十": 10, "百": 100, "千": 1000}
_ONES = {han: number for number, han in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_COUNTING = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = {word: number for number, word in enumerate(_COUNTING, start=2)}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b")
_ONE = re.compile(r"\b(?:one|a|an|once)\b")
_ITEM = re.compile(r"^\s*\d{1,2}[.)、]\s*(?=\D|$)")


def plain(text: str) -> str:
    """Half-width, case-folded, and without separators of thousands."""
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).casefold())


def claimed(text: str) -> frozenset[Decimal]:
    """What a sentence asserts: its digits, counting words from two to twelve, and Chinese numerals before a unit.

    A Chinese numeral elsewhere (一般, 十分, 万一) is mostly no figure; neither is the number that opens a list's item.
    """
    text = _ITEM.sub("", plain(text))
    han = {_han(a or b) for a, b in _COUNTED_HAN.findall(text)}
    return frozenset(_digits(text) | _words(text) | han)


def offered(text: str) -> frozenset[Decimal]:
    """What a source can vouch for: all that `claimed` finds, and every Chinese numeral besides, and "one" and "a"."""
    text = plain(text)
    found = _digits(text) | _words(text) | {_han(run) for run in _ANY_HAN.findall(text)}
    if _ONE.search(text):
        found.add(Decimal(1))
    return frozenset(found)


def _digits(text: str) -> set[Decimal]:
    return {Decimal(run) for run in _DIGITS.findall(text)}


def _words(text: str) -> set[Decimal]:
    return {Decimal(_WORDS[word]) for word in _WORD.findall(text)}


def _han(run: str) -> Decimal:
    """The value of a numeral such as 二十一, 一百零五, 三万 or, digit by digit, 二〇二六."""
    if len(run) > 1 and all(han in _ONES for han in run):
        return Decimal("".join(str(_ONES[han]) for han in run))
    whole = section = digit = 0
    for han in run:
        if han in _ONES:
            digit = _ONES[han]
        elif han == "万":
            whole, section, digit = (whole + section + digit or 1) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _UNITS[han], 0
    return Decimal(whole + section + digit)
