"""Chunks that say nearly the same: pairs are found, their share is near the true one, and strangers are left alone."""

import itertools
import random
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from kefu_retrieval.chunks.likeness import SHINGLE, Likeness, sketch

WORDS = [a + b for a in "退换运费商品支付订单发票会员" for b in "期限规则说明时间方式范围金额"]


@pytest.fixture
def likeness() -> Iterator[Likeness]:
    with closing(Likeness()) as made:
        yield made


def text(seed: int, words: int = 80) -> str:
    chooser = random.Random(seed)  # noqa: S311 - texts, not secrets
    return "".join(chooser.choices(WORDS, k=words))


def jaccard(first: str, second: str) -> float:
    a, b = ({t[n : n + SHINGLE] for n in range(len(t) - SHINGLE + 1)} for t in (first, second))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize("changed", [1, 4, 10, 40])
def test_estimates_the_share_of_common_text(changed: int) -> None:
    first = text(1, 200)
    second = first[: -changed * 2] + text(2, changed)
    one, other = (np.frombuffer(sketch(each), dtype=np.uint8) for each in (first, second))
    assert abs(float((one == other).mean()) - jaccard(first, second)) < 0.2


def test_finds_a_text_with_another_number_among_a_thousand_others(likeness: Likeness) -> None:
    for number in range(1_000):
        likeness.add(number, sketch(text(number)))
    likeness.add(1_000, sketch(text(500).replace(text(500)[40:42], "15")))
    (pair,) = likeness.pairs(10)
    assert (pair.first, pair.second) == (500, 1_000)
    assert pair.share >= 0.8


def test_finds_the_pairs_of_a_crowd_whatever_stands_between(likeness: Likeness) -> None:
    alike = random.Random(3).sample(range(400), 9)  # noqa: S311 - places, not secrets
    for number in range(400):
        likeness.add(number, sketch(text(7_000 if number in alike else number)))
    found = [(pair.first, pair.second) for pair in likeness.pairs(100)]
    assert found == list(itertools.combinations(sorted(alike), 2))


def test_takes_white_space_and_case_for_nothing(likeness: Likeness) -> None:
    likeness.add(1, sketch("The item must be returned within seven days of receipt."))
    likeness.add(2, sketch("the  item must be returned\nwithin seven days of RECEIPT."))
    assert [pair.share for pair in likeness.pairs(10)] == [1.0]


def test_compares_no_short_texts_and_copes_with_none(likeness: Likeness) -> None:
    assert likeness.pairs(10) == []
    likeness.add(1, sketch("可以"))
    likeness.add(2, sketch("可以"))
    assert likeness.pairs(10) == []


def test_ends_at_the_limit_however_often_a_text_comes(likeness: Likeness) -> None:
    for number in range(300):
        likeness.add(number, sketch(text(1)))
    assert len(likeness.pairs(7)) == 7
