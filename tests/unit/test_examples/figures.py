"""The figures of a sentence, in Chinese or English, so that two tellings of one fact can be compared."""

import re

DIGITS = {character: value for value, character in enumerate(" 一二三四五六七八九") if value} | {"两": 2}
COUNTED = "天|日|小时|分钟|秒|元|个月|个工作日|年|次|倍|张|件|期|位|条"
CHINESE = re.compile(rf"([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九两])\s*(?={COUNTED})")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WORDS = {"once": "1", "twice": "2"} | dict(
    zip(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], map(str, range(2, 11)), strict=True)
)
MONTH = re.compile(rf"(?<=\d )({'|'.join(MONTHS)})\b")
WORD = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)
FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def figures(text: str) -> frozenset[str]:
    """Every number in the text as plain digits: `1,000` is `1000`, 七天 is `7`, `once` is `1`, `31 December` is 31 and 12."""
    text = CHINESE.sub(lambda match: f" {chinese(match[1])} ", text)
    text = MONTH.sub(lambda match: str(MONTHS.index(match[1]) + 1), text)
    text = WORD.sub(lambda match: WORDS[match[1].lower()], text)
    return frozenset(figure.replace(",", "") for figure in FIGURE.findall(text))


def chinese(numeral: str) -> int:
    """A Chinese numeral below one hundred; ValueError for anything else."""
    tens, ten, ones = numeral.rpartition("十")
    if any(character not in DIGITS for character in tens + ones):
        raise ValueError(f"not a Chinese numeral below one hundred: {numeral}")
    return (DIGITS[tens] if tens else 1) * 10 * bool(ten) + (DIGITS[ones] if ones else 0)
