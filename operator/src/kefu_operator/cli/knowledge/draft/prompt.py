"""What a model is asked: questions that a passage answers, and some that it does not."""

from collections.abc import Mapping

from kefu_api.wire.versions import Passage

TOKENS = 160
"""Of an answer: three short questions."""
SHOWN = 1_200
"""Characters of a passage: enough to ask about, and little for a small model on a processor to read."""
WANTED = 2
"""Questions of one answer that are kept."""

_NAMES = {"zh": "Chinese (简体中文)", "en": "English"}
_EXAMPLES = {
    "zh": (
        "换货运费由我们承担，签收后 15 天内申请。",
        "换货要我出运费吗？\n收到货多久以内能换？",
        "换货能换成别的品牌吗？\n海外也能换货吗？",
    ),
    "en": (
        "We pay for exchanges. Ask within 15 days of delivery.",
        "Do I have to pay to swap something?\nHow late can I still exchange it?",
        "Can I exchange it for another brand?\nDo you exchange orders from abroad?",
    ),
}
_ANSWERED = (
    "You help a shop to test its search. Write two different questions that customers would type and that the text answers. "
    "Use other words than the text. Each question stands alone and names what it is about. "
    "Write in {language}. One question a line, nothing else."
)
_UNANSWERED = (
    "You help a shop to test its search. Write two different questions that customers would type, about the same goods or the same "
    "service, which the text does NOT answer. Each question stands alone and names what it is about. "
    "Write in {language}. One question a line, nothing else."
)


def messages(passage: Passage, language: str, *, answered: bool) -> list[Mapping[str, str]]:
    """A chat with one worked example."""
    text, right, beside = _EXAMPLES[language]
    system = (_ANSWERED if answered else _UNANSWERED).format(language=_NAMES[language])
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": text},
        {"role": "assistant", "content": right if answered else beside},
        {"role": "user", "content": _shown(passage)},
    ]


def _shown(passage: Passage) -> str:
    path = " › ".join(dict.fromkeys([passage.title, *passage.headings]))
    return f"{path}\n{passage.text}"[:SHOWN]
