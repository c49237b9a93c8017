"""What the columns of a table mean, by the names that shops give them in Chinese and English."""

import re

NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "key", "sku", "code", "编号", "序号", "编码", "商品编号", "货号"),
    "question": ("question", "q", "问题", "标准问题", "标准问", "问", "提问"),
    "variants": (
        "variants",
        "variant",
        "similar",
        "similarquestions",
        "相似问题",
        "相似问",
        "相似问法",
        "扩展问",
        "别名",
    ),
    "answer": ("answer", "a", "reply", "答案", "回答", "答", "回复", "标准答案"),
    "title": ("title", "name", "subject", "headline", "标题", "名称", "商品名称", "品名", "商品", "主题"),
    "tags": ("tags", "tag", "labels", "category", "categories", "标签", "分类", "类别", "类目"),
    "validFrom": ("validfrom", "from", "startdate", "effectivefrom", "生效日期", "生效时间", "开始日期"),
    "validUntil": (
        "validuntil",
        "validto",
        "until",
        "enddate",
        "expires",
        "失效日期",
        "失效时间",
        "截止日期",
        "结束日期",
    ),
}
"""Meaning → names of columns, in lower case without spaces, hyphens and underscores."""
_BETWEEN = re.compile(r"[\s_\-]+")
_SEPARATORS = re.compile(r"[\n|｜;；]+")
_TAG_SEPARATORS = re.compile(r"[\n|｜;；,，、]+")


def meaning(columns: tuple[str, ...]) -> dict[str, str]:
    """Meaning → column, for those that are recognised; the first of several wins."""
    found: dict[str, str] = {}
    for column in columns:
        plain = _BETWEEN.sub("", column).lower()
        for meant, names in NAMES.items():
            if plain in names:
                found.setdefault(meant, column)
    return found


def is_faq(columns: tuple[str, ...]) -> bool:
    """Whether there is a column for questions and one for answers."""
    return {"question", "answer"} <= meaning(columns).keys()


def several(cell: str) -> list[str]:
    """The questions of one cell: on lines of their own, or between `|` or `;`."""
    return [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]


def tags(cell: str) -> list[str]:
    """The tags of one cell: between commas, `|`, `;` or 、."""
    return [part.strip() for part in _TAG_SEPARATORS.split(cell) if part.strip()]
