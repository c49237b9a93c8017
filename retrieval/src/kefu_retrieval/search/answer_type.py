"""What kind of answer a question expects, and which kinds a text can give: "how many days" wants a figure of days.

Expected answer types as in Li and Roth, "Learning question classifiers", COLING 2002, reduced to the kinds of figures that
customers ask for; both sides are told by patterns, in Chinese and English.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

_NUMBER = r"[0-9零一二两三四五六七八九十百千半]+"
_WORDS = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|thirty)"
_SPAN = r"(?:工作日|自然日|自然月|小时|分钟|钟头|星期|周岁|天|日|月|年|周|秒)"
_SPAN_EN = r"(?:calendar |working |business )?(?:days?|hours?|hrs?|minutes?|mins?|seconds?|weeks?|months?|years?)"
_THINGS = r"[次件张位人回期字倍种只单]"


class _Kind(NamedTuple):
    asked: re.Pattern[str]
    held: re.Pattern[str]


def _kind(asked: str, held: str) -> _Kind:
    return _Kind(re.compile(asked, re.IGNORECASE), re.compile(held, re.IGNORECASE))


_KINDS = {
    "duration": _kind(
        rf"多久|多长时间|[几多少]+个?{_SPAN}|什么时候|何时|啥时候|时限|期限|有效期|来得及|最晚|最迟"
        r"|how long|how (?:soon|quickly|fast|late)|\bwhen\b|deadline|latest|time limit|run out|expire"
        r"|how (?:many|few) (?:calendar |working |business )?(?:days|hours|weeks|months|minutes|years)|still (?:ask|return)",
        rf"{_NUMBER}\s*个?{_SPAN}|\b{_WORDS}[- ]?{_SPAN_EN}\b",
    ),
    "clock": _kind(
        r"几点|什么时间|what time|when .*(?:open|start|close|begin)",
        r"\d{1,2}[:：]\d{2}|\d{1,2}\s*[点點]|\b\d{1,2}\s*(?:am|pm|a\.m\.|p\.m\.)|o.clock",
    ),
    "price": _kind(
        r"多少钱|几块|几元|价格|押金|多少(?:\S{0,3})费|how much|price|cost\b|\bfee\b|min(?:imum)? order",
        r"\d[\d,.]*\s*(?:元|块|角)|[¥￥$€£]\s?\d|\d[\d,.]*\s*(?:yuan|rmb|cny|usd|dollars?|euros?)\b",
    ),
    "charge": _kind(
        r"收费|要钱|加钱|花钱|付钱|免费|邮费|运费|包邮|\bcharged?\b|\bpay\b|\bfree\b|postage",
        r"\d[\d,.]*\s*(?:元|块)|免费|包邮|不收|[¥￥$€£]\s?\d|\d[\d,.]*\s*(?:yuan|rmb|dollars?)\b|\bfree\b|no charge",
    ),
    "percent": _kind(
        r"百分之几|百分比|几成|几个点|[打几多少]+折|percent|\brate\b",
        r"\d[\d.]*\s*[%％]|百分之|[一二三四五六七八九]成|\d[\d.]*\s*折|\bper ?cent\b",
    ),
    "figure": _kind(r"多少[呢啊呀]?(?=$|[\s，。？！,.?!])", r"\d"),
    "count": _kind(
        rf"[几多少]+(?:{_THINGS}|个(?!月|工作日|小时|点))|how often"
        r"|how many (?!(?:calendar |working |business )?(?:days|hours|weeks|months|minutes|years))",
        rf"{_NUMBER}\s*(?:{_THINGS}|个(?!工作|小时|月))"
        rf"|\b{_WORDS} (?:new |free |more )*(?:times?|items?|pieces?|orders?|coupons?|people|relatives|returns?|attempts?|invoices?|photos?)\b",
    ),
}

_ASKING = re.compile(
    rf"多久|多长时间|[几多少]+个?{_SPAN}|什么时候|何时|啥时候|多少钱|几块|几元|百分之几|几成|几个点|几点|几{_THINGS}|怎么办"
    r"|how long|how (?:many|few) (?:calendar |working |business )?(?:days|hours|weeks|months|minutes|years)"
    r"|how (?:soon|quickly|fast|much|many|often)|\bwhen\b|what time|something|anything|\bget\b|\bdo i\b",
    re.IGNORECASE,
)


def expected(question: str) -> frozenset[str]:
    """The kinds of figures that `question` asks for; often none: not every number answers 多少分贝, as it may 要买多少."""
    return frozenset(name for name, kind in _KINDS.items() if kind.asked.search(question))


def held(text: str, among: Collection[str] = _KINDS.keys()) -> frozenset[str]:
    """The kinds of figures that `text` holds; it is looked through for those `among` alone, which are mostly none."""
    return frozenset(name for name in among if _holds(text, name))


@lru_cache(maxsize=16_384)
def _holds(text: str, kind: str) -> bool:
    return _KINDS[kind].held.search(text) is not None


def subject(question: str) -> str:
    """`question` without the words that only ask: they are found in every FAQ, and say nothing about what is asked for."""
    return _ASKING.sub(" ", question)
