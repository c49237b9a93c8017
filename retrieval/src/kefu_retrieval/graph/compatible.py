"""Compatibility as shops write it: lists of models in a column, and "fits X, Y; not Z" in a sentence."""

import re
from collections.abc import Iterator

from kefu_retrieval.graph.phrases import plain

_SPLIT = re.compile(r"[、,，/;；|\n]|\s+(?:and|or|&)\s+|(?<=[\w)）])\s*[和与及或]\s*(?=[\w])")
_NOT = re.compile(
    r"(?:但|暂)?(?:不支持|不兼容|不适用于?|不适配|不能用于|不含|除外|除了|除)|\b(?:but )?(?:not (?:compatible with|for|the)?|except(?: for)?|excluding|does(?: not|n't) fit)"
)
_TAIL = re.compile(r"\s*(?:系列|全系列?|机型|等机型|等|型号|专用|使用|series|models?|only)\s*$")
_EVERY = re.compile(
    r"^(?:通用|全部|所有(?:机型|型号|设备|产品)?|全机型|任意|universal|all(?: (?:models|devices|products))?|any(?: (?:model|device))?)$"
)
_OF_ALL = re.compile(r"^(?:所有的?|全部|各种|任何|多数|all|any|every|most|the|your|our)\s*(?:the )?(?=\S)")
_SAYS = re.compile(
    r"(?P<no>(?:不|无法|不能|非|并不)\s*)?(?P<zh>适用于|适配|兼容|适合|可用于|支持|专为|匹配)(?P<a>[^。；;！!？?\n]{1,120})"
    r"|(?P<not>(?:not|n't|never)\s+(?:\w+\s+)?)?(?P<en>compatible with|fits?\b|works? with|suitable for|designed for|made for)(?P<b>[^.;!?\n]{1,120})"
)


def listed(cell: str) -> Iterator[tuple[str, bool]]:
    """What a column of models lists, and whether it fits: `X200、X300(不支持 A3)`; `*` is everything."""
    written = plain(cell)
    fits = True
    position = 0
    for match in _NOT.finditer(written):
        yield from _items(written[position : match.start()], fits)
        fits, position = False, match.end()
    yield from _items(written[position:], fits)


def said(text: str) -> Iterator[tuple[str, bool]]:
    """What sentences say that something fits, and whether it does; names are checked by whoever knows them."""
    for match in _SAYS.finditer(plain(text)):
        holds = not (match["no"] or match["not"])
        for name, fits in listed(match["a"] or match["b"]):
            yield name, fits and holds


def _items(text: str, fits: bool) -> Iterator[tuple[str, bool]]:
    for part in _SPLIT.split(re.sub(r"[()（）\[\]【】:：。.]+(?:\s|$)|[()（）\[\]【】]", ",", text)):
        name = part.strip()
        if _EVERY.match(name):
            yield "*", fits
            continue
        name = _OF_ALL.sub("", _TAIL.sub("", name)).strip()
        if name:
            yield name, fits
