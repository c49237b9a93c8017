"""Holding back the first words until it is clear that they are an answer and not the model's "I do not know".

Only openings that could become the marker or a usual refusal are held, at most for one sentence; all else flows at once.
"""

import re

from kefu_serving.prompt.marker import MARKER

MAX_HELD = 160
"""Longest hedged opening that is waited for, in characters."""

_MARKERS = (MARKER.lower(), MARKER.lower().strip("[]"), "【unknown】", "[未知]", "未知")
_HEDGES = (
    "抱歉", "很抱歉", "非常抱歉", "对不起", "不好意思", "根据", "资料", "提供的", "以上", "目前", "暂", "我不", "我无法", "我没有",
    "无法", "没有", "未", "不清楚", "关于", "您好", "你好", "尊敬的", "该问题", "这个问题", "文中", "上述",
    "sorry", "i'm sorry", "i am sorry", "i apologize", "apologies", "i don", "i do not", "i can", "i'm not", "i am not",
    "i'm unable", "i am unable", "unfortunately", "the evidence", "the provided", "the information", "the given",
    "the document", "the context", "the material", "based on", "according to", "there is no", "there's no", "no information",
    "it is not", "it's not", "evidence", "unknown", "not ",
)  # fmt: skip
_SENTENCE_END = re.compile(r"[。！？!?\n]|\.(?=\s|$)")
_NOTHING = (
    r"(没有|未|并未|没|无|尚未)(能|有|明确|具体|直接|详细)*(提到|提及|提供|说明|找到|涉及|包含|列出|记载|给出|查到|指明|显示|规定)",
    r"(没有|没|无|缺乏|缺少)(相关|这方面|这个|该|关于|任何|足够|具体|明确|对应).{0,16}(信息|资料|内容|说明|规定|答案)",
    r"(无法|不能)(直接|准确|从|为您|根据)?.{0,8}(回答|确定|确认|得知|判断|查到|找到|得出)",
    r"(我|暂)不(太)?(知道|清楚|确定|了解)",
)
_SUBJECT = r"\b(evidence|information|context|materials?|documents?|sources?|faqs?|pages?|texts?|polic(?:y|ies)|passages?|answers?)\b"
_NO_WORDS = (
    rf"{_SUBJECT}.{{0,60}}\b(do(es)?|did)(n't| not) (\w+ )?(mention|provide|specify|contain|include|cover|say|state|give|answer|address|have|list)",
    rf"{_SUBJECT}.{{0,60}}\b(is|are|was|were)(n't| not) (\w+ )?(mentioned|provided|specified|covered|available|included|stated|listed)",
    rf"\b(no|any|enough|not enough) (\w+ )?{_SUBJECT}.{{0,40}}\b(about|on|regarding|for|that|to|available|provided)\b",
    r"\b(is|are)(n't| not) (\w+ )?(mentioned|provided|specified|stated|listed) in\b",
    r"\bi (do not|don't|cannot|can't|could not|couldn't|am unable to|'m unable to|am not able to) (know|answer|determine|find|have (any |enough )?information)",
    r"\bi('m| am) (not sure|unable to|not able to)\b",
)
_REFUSAL = re.compile("|".join((*_NOTHING, *_NO_WORDS)), re.IGNORECASE)


def is_refusal(text: str) -> bool:
    """Whether a whole opening sentence says that there is no answer: the marker, or a usual phrasing."""
    head = text.strip().lower()
    return head.startswith(_MARKERS) or MARKER.lower() in head or (_hedged(head) and bool(_REFUSAL.search(head)))


def _hedged(head: str) -> bool:
    return head.startswith(_HEDGES)


def _may_become(head: str, openings: tuple[str, ...]) -> bool:
    return any(opening.startswith(head) for opening in openings)


class UnknownGate:
    """Fed the model's pieces, releases text once it is an answer; `unknown` turns True when it is a refusal."""

    def __init__(self) -> None:
        self._held = ""
        self._open = False
        self.unknown = False

    def feed(self, piece: str) -> str:
        """The text that may be shown now; empty while in doubt, and for good once `unknown`."""
        if self._open:
            return piece
        if self.unknown:
            return ""
        self._held += piece
        head = self._held.lstrip()
        folded = head.lower()
        if folded.startswith(_MARKERS):
            self.unknown = True
            return ""
        if not head or self._in_doubt(folded):
            return ""
        return self._settle()

    def close(self) -> str:
        """What is still held when the model has ended: an answer, unless it is a refusal."""
        return "" if self._open or self.unknown else self._settle()

    def _in_doubt(self, folded: str) -> bool:
        if _may_become(folded, _MARKERS) or _may_become(folded, _HEDGES):
            return True
        if not _hedged(folded) or len(folded) >= MAX_HELD:
            return False
        end = _SENTENCE_END.search(folded)
        # A full stop at the very end may be a decimal point: wait for what follows.
        return end is None or (end.group() == "." and end.end() == len(folded))

    def _settle(self) -> str:
        head = self._held.lstrip()
        self._held = ""
        if is_refusal(head):
            self.unknown = True
            return ""
        self._open = True
        return head
