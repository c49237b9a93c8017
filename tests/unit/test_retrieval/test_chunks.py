"""Chunks: nothing is lost, limits hold, equal inputs give equal ids."""

import re
from collections import Counter
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kefu_api.documents.index import Chunking
from kefu_retrieval.chunks import sentences, tokens
from kefu_retrieval.chunks.build import build
from kefu_retrieval.chunks.passages import cut
from kefu_retrieval.sources.document import FaqEntry, Page, Reading

unhurried = settings(deadline=None, max_examples=60)
"""No clock: the machine may be busy."""

WORDS = st.sampled_from(
    [
        "退货",
        "需在7天内。",
        "Refunds take 3 days.",
        "e.g.",
        "免运费！",
        "a",
        "**bold**",
        "¥99",
        "《规则》",
        "J. Smith",
        "x" * 90,
        "。",
        "…",
    ]
)
LINES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
BLOCKS = st.one_of(
    LINES,
    st.tuples(st.integers(1, 6), LINES).map(lambda pair: f"{'#' * pair[0]} {pair[1]}"),
    st.lists(LINES, min_size=1, max_size=5).map(lambda lines: "\n".join(f"- {line}" for line in lines)),
    st.lists(LINES, min_size=1, max_size=6).map(
        lambda rows: "| a | b |\n|---|---|\n" + "\n".join(f"| {row} | 1 |" for row in rows)
    ),
    LINES.map(lambda line: f"```\n# not a heading\n\n{line}\n```"),
)
PAGES = st.lists(BLOCKS, min_size=1, max_size=8).map("\n\n".join)
CHUNKINGS = st.tuples(st.integers(20, 200), st.integers(0, 19)).map(lambda t: Chunking(tokens=t[0], overlap=t[1]))


def visible(text: str) -> str:
    return re.sub(r"\s|^#+|#+$", "", text, flags=re.MULTILINE)


@unhurried
@example("| a | b |\n|---|---|\n| 退货 | 1 |\n\n| a | b |\n|---|---|\n| 退货 | 1 |", Chunking(tokens=28, overlap=0))
@given(PAGES, CHUNKINGS)
def test_no_visible_character_is_lost(page: str, chunking: Chunking) -> None:
    passages = cut(page, chunking)
    kept = Counter("".join(visible(text) for passage in passages for text in (*passage.headings, passage.text)))
    assert not Counter(visible(page)) - kept


@unhurried
@given(PAGES, CHUNKINGS)
def test_passages_are_no_longer_than_asked(page: str, chunking: Chunking) -> None:
    for passage in cut(page, chunking):
        header = tokens.estimate("| a | b |\n|---|---|") if "|---|" in passage.text else 0.0
        assert tokens.estimate(passage.text) <= chunking.tokens + header + 1e-6, passage


@unhurried
@given(PAGES, CHUNKINGS)
def test_equal_inputs_give_equal_ids_and_ids_are_unique(page: str, chunking: Chunking) -> None:
    reading = Reading(pages=[Page("p/a.md", "T", page, "zh"), Page("p/b.md", "T", page, "zh")])
    first, second = build(reading, chunking), build(reading, chunking)
    assert first == second
    assert len({chunk.id for chunk in first}) == len(first)


@unhurried
@given(st.text(max_size=400), st.floats(1, 50))
def test_sentences_are_the_text_again(text: str, limit: float) -> None:
    parts = sentences.split(text, limit)
    assert "".join(parts) == text
    assert all(parts)


@unhurried
@given(st.text(max_size=200), st.text(max_size=200))
def test_the_estimate_adds_up_at_spaces(left: str, right: str) -> None:
    assert abs(tokens.estimate(f"{left} {right}") - tokens.estimate(left) - tokens.estimate(right)) < 1e-6


def test_the_estimate_is_what_it_says() -> None:
    assert tokens.estimate("退货运费") == 4
    assert tokens.estimate("send the item") == 3 * 1.3
    assert tokens.estimate("internationalisation") == 5


def test_cuts_at_headings_and_keeps_their_path() -> None:
    passages = cut("# 退货\n前言\n## 期限\n7 天\n### 例外\n生鲜\n## 运费\n买家承担", Chunking(tokens=100, overlap=0))
    assert [(passage.headings, passage.text) for passage in passages] == [
        (("退货",), "前言"),
        (("退货", "期限"), "7 天"),
        (("退货", "期限", "例外"), "生鲜"),
        (("退货", "运费"), "买家承担"),
    ]


def test_a_lonely_heading_is_kept() -> None:
    passages = cut("# A\n## B\n## C\ntext", Chunking(tokens=100, overlap=0))
    assert [(passage.headings, passage.text) for passage in passages] == [(("A", "B"), "B"), (("A", "C"), "text")]


def test_repeats_a_tables_header_in_every_passage() -> None:
    rows = "\n".join(f"| 地区{number} | 运费 {number} 元 |" for number in range(30))
    passages = cut(f"| 地区 | 运费 |\n|---|---|\n{rows}", Chunking(tokens=80, overlap=0))
    assert len(passages) > 2
    assert all(passage.text.startswith("| 地区 | 运费 |\n|---|---|\n| ") for passage in passages)
    assert sum(passage.text.count("运费 ") for passage in passages) >= 30


def test_neighbours_share_up_to_the_overlap() -> None:
    text = "".join(f"第{number}条规定如下内容。" for number in range(40))
    with_overlap = cut(text, Chunking(tokens=60, overlap=15))
    for before, after in pairwise(with_overlap):
        shared = next((n for n in range(len(after.text), 0, -1) if before.text.endswith(after.text[:n])), 0)
        assert 0 < tokens.estimate(after.text[:shared]) <= 15


def test_does_not_cut_numbers_or_abbreviations() -> None:
    assert sentences.split("It costs 3.50 yuan, J. Smith says. Fine.", 100) == [
        "It costs 3.50 yuan, J. Smith says. ",
        "Fine.",
    ]
    assert sentences.split("可以退。”他说！好的", 100) == ["可以退。”", "他说！", "好的"]


def test_an_faq_entry_is_one_chunk_found_by_each_way_to_ask() -> None:
    entry = FaqEntry("faq/a", "能退吗", ("可以退货吗",), "可以。" * 500, ("x",), "zh")
    (chunk,) = build(Reading(entries=[entry]), Chunking(tokens=50, overlap=5))
    assert chunk.text == entry.answer
    assert chunk.probes == ("能退吗", "可以退货吗", f"能退吗\n{entry.answer}")


def test_a_changed_answer_changes_the_id_and_nothing_else_does() -> None:
    def ids(*answers: str) -> list[str]:
        entries = [FaqEntry(f"faq/{n}", f"q{n}", (), answer, (), "en") for n, answer in enumerate(answers)]
        return [chunk.id for chunk in build(Reading(entries=entries), Chunking(tokens=50, overlap=5))]

    before, after = ids("one", "two", "three"), ids("one", "2", "three")
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_a_passage_is_also_found_by_each_telling_sentence() -> None:
    page = Page("p/a.md", "退货政策", "# 退货政策\n## 期限\n签收后七天内可以退货。生鲜商品不支持退货。好。", "zh")
    (chunk,) = build(Reading(pages=[page]), Chunking(tokens=100, overlap=5))
    assert chunk.probes == (
        "退货政策 › 期限\n签收后七天内可以退货。生鲜商品不支持退货。好。",
        "期限\n签收后七天内可以退货。",
        "期限\n生鲜商品不支持退货。",
    )
