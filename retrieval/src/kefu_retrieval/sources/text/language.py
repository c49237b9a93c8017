"""Which language a text is in, told by its script alone: enough to choose between Chinese and English, and cheap."""

import re
import unicodedata

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN = re.compile(f"[{HAN}]")
_KANA_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+")


def detect(text: str) -> str:
    """`zh`, `en` or `und`.

    One Han character weighs as much as half a Latin word, so "iPhone 15 怎么退货" is Chinese and "What does 七天 mean?"
    English. Kana or hangul in a good part of the text means neither.
    """
    text = unicodedata.normalize("NFKC", text)
    han = len(_HAN.findall(text))
    other = len(_KANA_HANGUL.findall(text))
    latin = len(_LATIN_WORD.findall(text))
    if other > han / 4 and other > 0:
        return "und"
    if han >= 2 * latin and han > 0:
        return "zh"
    if han >= latin and han > 0:
        return "zh"
    return "en" if latin else "und"
