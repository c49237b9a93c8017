"""Worked examples in the constant part of the prompt: a small model follows them better than rules, and caching makes
them free after the first turn."""

from typing import NamedTuple

from kefu_serving.prompt.marker import MARKER


class Example(NamedTuple):
    """Evidence, a question, and the answer that we want."""

    evidence: tuple[tuple[str, str], ...]
    """Title and text."""
    question: str
    answer: str
    language: str


EXAMPLES: tuple[Example, ...] = (
    Example(
        evidence=(
            ("雨伞保修多久？", "雨伞自签收起保修 90 天，人为弯折不在保修范围内。"),
            ("雨伞怎么清洗？", "用清水冲洗后撑开晾干，不可机洗。"),
        ),
        question="伞用了两个月骨架松了，还保修吗",
        answer="[1] 保修。雨伞自签收起保修 90 天，但人为弯折造成的损坏不在保修范围内。",
        language="zh",
    ),
    Example(
        evidence=(("How many names can be engraved on one item?", "One name of up to 12 letters fits on each item."),),
        question="can i get both our names on the same one",
        answer="[1] No, only one name of up to 12 letters fits on each item.",
        language="en",
    ),
    Example(
        evidence=(
            ("Can engraved items be returned?", "Engraved items cannot be returned unless they are faulty."),
            ("How long does engraving take?", "Engraving takes 3 working days and costs 20 yuan an item."),
            ("Where can I collect my order?", "Orders can be collected at our desk in Xi'an, 9:00 to 18:00."),
        ),
        question="whats the fee for engraving a name",
        answer="[2] Engraving costs 20 yuan an item.",
        language="en",
    ),
    Example(
        evidence=(
            ("How do I clean the umbrella?", "Rinse it with water and dry it opened; never machine-wash it."),
            ("How long does engraving take?", "Engraving takes 3 working days and costs 20 yuan an item."),
        ),
        question="What does the large umbrella cost?",
        answer=MARKER,
        language="en",
    ),
    Example(
        evidence=(
            ("刻字需要多久？", "刻字需要 3 个工作日，每件收费 20 元。"),
            ("可以上门自提吗？", "可以在西安自提点自提，每天 9:00–18:00。"),
        ),
        question="武汉有自提的地方吗",
        answer=MARKER,
        language="zh",
    ),
)
