"""Values as they are written: numbers with units, ranges, yes and no, in Chinese and English, in one unit for each dimension.

Lengths are millimetres, masses grams, times hours (a working day counts as a day), charges mAh, money is of its own currency.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kefu_retrieval.graph.phrases import plain

_UNITS: dict[str, tuple[str, ...]] = {
    "g 1000": ("kg", "kgs", "千克", "公斤", "kilograms", "kilogram", "kilos", "kilo"),
    "g 500": ("斤",),
    "g 1": ("g", "克", "grams", "gram"),
    "g 453.592": ("lb", "lbs", "磅", "pounds", "pound"),
    "g 28.3495": ("oz", "盎司", "ounces", "ounce"),
    "mm 1": ("mm", "毫米", "millimetres", "millimeters"),
    "mm 10": ("cm", "厘米", "公分", "centimetres", "centimeters"),
    "mm 1000": ("m", "米", "metres", "meters", "metre", "meter"),
    "mm 25.4": ("inch", "inches", "英寸", "寸", '"', "″"),
    "mah 1": ("mah", "毫安时", "毫安"),
    "mah 1000": ("ah", "安时"),
    "wh 1": ("wh", "瓦时"),
    "w 1": ("w", "瓦", "watts", "watt"),
    "w 1000": ("kw", "千瓦"),
    "v 1": ("v", "伏", "volts", "volt"),
    "hz 1": ("hz", "赫兹"),
    "db 1": ("db", "分贝", "decibels"),
    "l 1": ("l", "升", "litres", "liters", "litre", "liter"),
    "l 0.001": ("ml", "毫升", "millilitres", "milliliters"),
    "gb 1": ("gb", "g内存"),
    "gb 1024": ("tb",),
    "h 0.0166667": ("min", "mins", "minutes", "minute", "分钟"),
    "h 1": ("h", "hours", "hour", "hrs", "小时", "个小时", "钟头"),
    "h 24": (
        "天",
        "日",
        "days",
        "day",
        "个工作日",
        "工作日",
        "working days",
        "business days",
        "working day",
        "business day",
    ),
    "h 168": ("周", "weeks", "week", "个星期", "星期"),
    "h 720": ("月", "个月", "months", "month"),
    "h 8760": ("年", "years", "year"),
    "cny 1": ("元", "块", "块钱", "yuan", "rmb", "cny", "人民币"),
    "usd 1": ("usd", "美元", "dollars", "dollar"),
    "eur 1": ("eur", "欧元", "euros", "euro"),
    "% 1": ("%", "percent"),
}
"""`<dimension> <factor>` → the ways to write the unit."""
_OF = {word: (key.split()[0], float(key.split()[1])) for key, words in _UNITS.items() for word in words}
_SIGNS = {"¥": "cny", "$": "usd", "€": "eur"}
_CHINESE = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_ENGLISH = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}

_NUMBER = rf"\d+(?:,\d{{3}})*(?:\.\d+)?|[{''.join(_CHINESE)}](?=\s*个?[天日周月年小工星])|\b(?:{'|'.join(_ENGLISH)})\b(?=\s+[a-z])"
_UNIT = "|".join(sorted(map(re.escape, _OF), key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?<![a-z\d.])(?P<sign>[¥$€])?\s*(?P<low>{_NUMBER})(?:\s*(?:-|–|~|至|到|to)\s*[¥$€]?\s*(?P<high>\d+(?:,\d{{3}})*(?:\.\d+)?))?"
    rf"(?:[\s-]*(?P<unit>{_UNIT})(?![a-z]))?(?![a-z]*\d)"
)
_IP = re.compile(r"\bip[x\d]\d\b")
_YES = frozenset(
    [
        "是",
        "有",
        "支持",
        "可以",
        "可",
        "能",
        "yes",
        "y",
        "true",
        "✓",
        "✔",
        "√",
        "supported",
        "有货",
        "现货",
        "available",
    ]
)
_NO = frozenset(
    [
        "否",
        "无",
        "没有",
        "不支持",
        "不可以",
        "不可",
        "不能",
        "不",
        "no",
        "n",
        "false",
        "✗",
        "✘",
        "×",
        "x",
        "none",
        "unsupported",
        "缺货",
        "无货",
        "unavailable",
    ]
)
NEGATION = re.compile(
    r"(?:不|非|没有|没|无需|not|n't|non|without|no)[\s-]*(?:支持|带|可以|能|是|具备|a|an|be|support)?\s*\Z"
)


@dataclass(frozen=True)
class Quantity:
    """A number, or a range of numbers, in a text."""

    start: int
    end: int
    """Of the text in its `plain` form."""
    low: float
    high: float
    unit: str
    """Dimension (`g`, `mm`, `h`, `cny`, …); empty for a bare number."""


@dataclass(frozen=True)
class Value:
    """What a cell says."""

    text: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    flag: bool | None = None
    """Yes or no, where it says that."""


def quantities(text: str) -> Iterator[Quantity]:
    """Every number of `text` that stands by itself: not those inside names such as X200."""
    for match in _QUANTITY.finditer(plain(text)):
        unit, factor = _OF.get(match["unit"] or "", ("", 1.0))
        unit = _SIGNS.get(match["sign"] or "", unit)
        low = _number(match["low"])
        high = _number(match["high"]) if match["high"] else low
        yield Quantity(match.start(), match.end(), low * factor, max(low, high) * factor, unit)


def value(text: str) -> Value:
    """A cell, read: `5000mAh`, `5 kg`, `3-7 天`, `¥1,299`, `IP68`, `支持`, `48 小时内`."""
    written = plain(text).strip()
    if written in _YES or written in _NO:
        return Value(text, flag=written in _YES)
    rating = _IP.search(written)
    if rating:
        return Value(text, flag=not rating.group().endswith("0"))
    found = list(quantities(written))
    if len(found) == 1 or (found and found[0].start == 0 and found[0].unit):
        return Value(text, found[0].low, found[0].high, found[0].unit)
    first = re.split(r"[\s,，。;；(（]", written, maxsplit=1)[0]
    return Value(text, flag=first in _YES) if first in _YES or first in _NO else Value(text)


def _number(text: str) -> float:
    if text in _CHINESE:
        return float(_CHINESE[text])
    if text in _ENGLISH:
        return float(_ENGLISH[text])
    return float(text.replace(",", ""))
