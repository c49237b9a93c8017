"""Sentences in documents that speak to the language model instead of the customer (indirect prompt injection).

OWASP's LLM01 and MITRE ATLAS AML.T0051.001 describe the attack. The patterns name a model's instructions or its role, so
that "ignore the old price list" is no finding; what is found is reported, and a person may word it otherwise.
"""

import re
import unicodedata
from collections.abc import Iterator

_WHAT = r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|messages?|context|training|programming|commands?)"
_WHICH = (
    r"(?:(?:all|any|the|of|your|my|these|those|previous|prior|above|earlier|preceding|foregoing|existing|initial|original"
    r"|system|other)\s+)"
)
_OBEY_NOT = r"(?:ignore|disregard|forget|override|bypass|neglect|do\s+not\s+follow|don't\s+follow|stop\s+following)"
_SHOW = r"(?:reveal|print|show|repeat|output|display|leak|disclose|expose)"
_PROMPT = r"(?:system\s+prompt|initial\s+prompt|hidden\s+prompt|system\s+message|initial\s+instructions)"
_MODEL = r"(?:AI\s+assistants?|AI\s+agents?|AI|LLM|language\s+models?|chatbots?)"
_ENGLISH = (
    rf"\b{_OBEY_NOT}\s+{_WHICH}{{1,5}}{_WHAT}\b",
    r"\b(?:ignore|disregard|forget)\s+(?:everything|anything|all)\s+(?:above|before|prior|previous|you\s+were\s+told)",
    r"\byou\s+are\s+(?:now|no\s+longer)\s+(?:an?\s+|in\s+)?(?:DAN\b|jailbroken|unrestricted|unfiltered|developer\s+mode)",
    r"\byou\s+are\s+now\s+an?\s+(?:different|new|evil|other)\s+(?:AI|assistant|model|chatbot|bot|persona)",
    rf"\b{_SHOW}\s+(?:me\s+)?(?:(?:your|the|its|this|entire|full|whole)\s+)+{_PROMPT}",
    rf"\b(?:new|updated|real|important)\s+(?:system\s+)?instructions?\s+for\s+(?:the\s+)?{_MODEL}\b",
    rf"\b(?:attention|note|message|notice)\s*(?:to|for)?\s+(?:the\s+|all\s+|any\s+)?{_MODEL}\s*[:,]",
    rf"\b(?:if|when)\s+you\s+are\s+(?:an?\s+)?{_MODEL}\b",
    r"\b(?:enable|enter|activate)\s+(?:developer|DAN|jailbreak|god)\s+mode\b",
)
_ALL = r"(?:以上|上述|上面|前面|之前|先前|此前|原来|原有|所有|全部|一切|任何|你的|系统|其他|的|这些|那些|收到)"
_ZH_WHAT = r"(?:指令|指示|提示词?|规则|设定|命令|约束|限制|系统消息|角色设定)"
_ZH_OBEY_NOT = (
    r"(?:忽略|无视|忘记|忘掉|抛开|不要理会|不用理会|不必理会|不要遵守|不再遵守|停止遵守|跳过|覆盖|绕过)(?:掉|了)?"
)
_ZH_MODEL = r"(?:AI|人工智能|大?语言模型|大模型|聊天机器人|智能助手)"
_ZH_FREE = r"(?:不受(?:任何)?(?:限制|约束)|没有(?:任何)?(?:限制|约束)|开发者模式|越狱|DAN)"
_ZH_SHOW = r"(?:输出|显示|泄露|透露|告诉我|重复|打印|说出|公开)(?:一下)?"
_CHINESE = (
    rf"{_ZH_OBEY_NOT}\s*{_ALL}{{1,6}}\s*{_ZH_WHAT}",
    r"(?:忽略|无视|忘记|忘掉)(?:掉|了)?(?:以上|上述|之前|前面|此前)的?(?:所有|全部|一切)?(?:内容|对话|信息|要求)",
    rf"你(?:现在)?(?:是|扮演|变成|进入)了?(?:一个|一名)?{_ZH_FREE}",
    rf"{_ZH_SHOW}(?:你的|您的|完整的?|全部的?|系统的?|初始的?|原始的?)+\s*(?:系统)?(?:提示词|系统提示|指令|设定|system\s*prompt)",
    rf"(?:如果|假如|若)你是(?:一个|一名)?{_ZH_MODEL}",
    rf"(?:致|提醒)(?:所有|各位)?{_ZH_MODEL}(?:助手|模型)?\s*[:,]",
)
_MARKUP = (
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>",
    r"\[/?INST\]|<</?SYS>>",
    r"(?:^|\n)\s*(?:#{1,4}\s*)?(?:system|assistant)\s*(?:prompt|message)?\s*:\s*(?:you\s+(?:are|must|will)|ignore|你(?:是|必须|将))",
)
"""How chat templates mark whose turn it is."""
_INSTRUCTION = re.compile("|".join((*_ENGLISH, *_CHINESE, *_MARKUP)), re.IGNORECASE)
_WORDS = (
    "ignore", "disregard", "forget", "override", "bypass", "neglect", "follow", "you are", "prompt", "instruction", "system",
    "assistant", "developer mode", "jailbreak", "dan mode", "god mode", "<|", "[inst]", "[/inst]", "<<", " ai", "llm", "chatbot",
    "language model", "忽略", "无视", "忘", "抛开", "理会", "遵守", "跳过", "覆盖", "绕过", "提示", "指令", "限制", "约束",
    "越狱", "开发者模式", "设定", "如果你是", "假如你是", "若你是", "人工智能", "大模型", "语言模型", "智能助手",
)  # fmt: skip
"""One of them is in every match: looked for first, since that is a hundred times as fast."""
_SENTENCE = re.compile(r"(?:<\|\w+\|>|[^。！？!?；;\n|])*(?:[。！？!?；;]+[”’」』\"')）]*|\n|\||\Z)")
_DOT = re.compile(r"(?<=[a-z)\"'])\.(?=\s)", re.IGNORECASE)


def drop(text: str) -> tuple[str, list[str]]:
    """The text without sentences that give instructions to a model, and those sentences."""
    plain = _plain(text)
    if not any(word in plain for word in _WORDS) or not _INSTRUCTION.search(plain):
        return text, []
    kept: list[str] = []
    dropped: list[str] = []
    pieces = list(_sentences(text))
    skip = False
    for number, piece in enumerate(pieces):
        following = pieces[number + 1] if number + 1 < len(pieces) else ""
        if skip or _INSTRUCTION.search(_plain(piece)):
            skip = False
        elif following and _spans(piece, following):
            skip = True
        else:
            kept.append(piece)
            continue
        dropped.append(piece.strip())
        kept.append("\n" if piece.endswith("\n") else "|" if piece.endswith("|") else "")
    return "".join(kept), [sentence for sentence in dropped if sentence]


def _spans(piece: str, following: str) -> bool:
    """Whether an instruction begins in one piece, which a line break ends, and goes on in the next."""
    if not piece.endswith("\n") or _INSTRUCTION.search(_plain(following)):
        return False
    return bool(_INSTRUCTION.search(_plain(f"{piece.rstrip()} {following}")))


def _sentences(text: str) -> Iterator[str]:
    """Pieces that together are the text: sentences, lines, table cells."""
    for match in _SENTENCE.finditer(text):
        piece, start = match[0], 0
        for dot in _DOT.finditer(piece):
            yield piece[start : dot.end()]
            start = dot.end()
        if piece[start:]:
            yield piece[start:]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
