import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kefu_serving.prompt.support import Claim, Grounds
from tests.unit.test_examples.shop import SHOP, policies

FAQ = {
    entry["id"]: f"{entry['question']}\n{entry['answer']}"
    for text in yaml.safe_load((SHOP / "faq.yaml").read_text(encoding="utf-8"))["data"].values()
    for entry in yaml.safe_load(text)
}
PACKAGING = """退换货政策 › 包装损坏的扣款
商品完好但原包装缺失或损坏的，仍然可以退货，从退款中扣除商品价格的 8% 作为包装费，最多扣 80 元。快递外箱不算原包装，可以不保留。"""

SUPPORTED = {
    "copied": ("付款后 21 天内可以退差价。", FAQ["price-protection.zh"], "差价补不补"),
    "paraphrased": ("可以补，付款后 21 天内降价，点“价格保护”退差价。", FAQ["price-protection.zh"], "差价补不补"),
    "with a Chinese numeral": ("签收后七天内可以无理由退货。", FAQ["return-window.zh"], "几天内可以退"),
    "with a percentage in words": ("从退款中扣除商品价格的百分之八。", PACKAGING, "包装盒扔了"),
    "a bare yes": ("可以的。", FAQ["return-window.zh"], "能退吗"),
    "a bare no": ("No.", FAQ["trade-in.en"], "is it free"),
    "with words of the question": ("Yes, your blender can be returned.", FAQ["return-window.en"], "return a blender"),
    "with other endings": ("The old phone is collected by couriers.", FAQ["trade-in.en"], "who fetches it"),
    "a figure of the question": ("用了 5 天的衣服签收后 7 天内可以退货。", FAQ["return-window.zh"], "穿了 5 天"),
    "English": ("The valuation is valid for 14 days.", FAQ["trade-in.en"], "how long is it good for"),
    "a Chinese passage for an English sentence": ("It is valid for 14 days.", FAQ["trade-in.zh"], "how long"),
    "its own citation is no figure": ("签收后 7 天内可以退货[3]。", FAQ["return-window.zh"], "能退吗"),
}
UNSUPPORTED = {
    "q013: another passage's sentence": (
        "已经抵扣的专用发票，需要先由购买方填开红字信息表，我们收到后 4 个工作日内处理。[1]",
        FAQ["price-protection.zh"],
        "上周买的吹风机今天便宜了一百，差价补不补，多少天内可以补",
    ),
    "q016: another passage's sentence": (
        "退货时，该订单所得积分收回；已经用掉的，从退款中按 100 积分 1 元扣除。[1]",
        PACKAGING,
        "原包装盒扔了，退货会扣百分之几",
    ),
    "q042: another passage's sentence, without a figure": (
        "The coupon used on it returns to your account immediately.[2]",
        FAQ["trade-in.en"],
        "u gave me a price for my old phone, how long is it good for",
    ),
    "another figure": ("签收后 15 天内可以无理由退货。", FAQ["return-window.zh"], "几天内可以退货"),
    "a part of a figure": ("付款后 2 天内可以退差价。", FAQ["price-protection.zh"], "差价补不补"),
    "another figure in Chinese": ("签收后十五天内可以无理由退货。", FAQ["return-window.zh"], "几天内可以退货"),
    "another figure in English words": ("It is valid for eleven days.", FAQ["trade-in.en"], "how long"),
    "another figure in another language": ("It is valid for 15 days.", FAQ["trade-in.zh"], "how long"),
}


def is_supported(sentence: str, passage: str, question: str) -> bool:
    return Claim(sentence).rests_on(Grounds.of(passage), Grounds.of(question))


def speaks_of(sentence: str, question: str) -> bool:
    return Claim(sentence).speaks_of(Grounds.of(question))


@pytest.mark.parametrize("case", [case for case in UNSUPPORTED if case.startswith("q0")])
def test_a_stray_sentence_is_not_on_the_questions_subject(case: str) -> None:
    sentence, _, question = UNSUPPORTED[case]
    assert not speaks_of(sentence, question)


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("与客服的聊天记录保存 180 天。", "我跟客服聊的内容你们存多长时间"),
        ("邮寄费 10 元。", "要纸质发票得出多少邮寄费"),
        ("Gift wrapping costs 15 yuan.", "price for wrapping a gift"),
    ],
)
def test_an_answer_is_on_the_questions_subject(answer: str, question: str) -> None:
    assert speaks_of(answer, question)


@pytest.mark.parametrize("case", SUPPORTED)
def test_a_sentence_that_its_passage_bears_out_is_supported(case: str) -> None:
    assert is_supported(*SUPPORTED[case])


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_a_sentence_that_its_passage_does_not_bear_out_is_not(case: str) -> None:
    assert not is_supported(*UNSUPPORTED[case])


def test_the_passage_of_q016_is_the_shops() -> None:
    assert any(PACKAGING.splitlines()[1] in text for text in policies().values())


@given(st.sampled_from(sorted(FAQ)))
def test_every_passage_bears_itself_out(topic: str) -> None:
    assert is_supported(FAQ[topic].split("\n", 1)[1], FAQ[topic], "")


@given(st.text(), st.text(max_size=80), st.text(max_size=20))
def test_any_text_gets_a_verdict_and_citations_do_not_change_it(sentence: str, passage: str, question: str) -> None:
    plain = sentence.replace("[", "").replace("]", "")
    assert is_supported(plain, passage, question) is is_supported(f"{plain}[1]", passage, question)


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_passages_vouch_for_what_their_lines_do(one: str, other: str) -> None:
    assert Grounds.of(one) | Grounds.of(other) == Grounds.of(f"{one}\n{other}")


@pytest.mark.parametrize(
    ("sentence", "bare"), [("Yes.", True), ("可以的。[1]", True), ("7 天。", False), ("原路退款。", False)]
)
def test_a_sentence_without_figures_and_terms_is_bare(sentence: str, bare: bool) -> None:
    assert Claim(sentence).is_bare is bare
