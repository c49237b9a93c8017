from hypothesis import given
from hypothesis import strategies as st

from kefu_serving.prompt.compose import compose, constant_part
from kefu_serving.prompt.examples import EXAMPLES
from kefu_serving.prompt.gate import is_refusal
from kefu_serving.prompt.marker import MARKER
from kefu_serving.prompt.passages import MAX_PASSAGES, choose, cut, weight
from kefu_serving.prompt.sentences import sentences
from kefu_serving.sessions.exchange import Exchange
from tests.unit.test_serving.doubles import PERSONA, hit


def test_what_never_changes_comes_first_and_what_always_changes_comes_last() -> None:
    constant = constant_part(PERSONA)
    first = compose(constant, [], choose((hit(1),), "en"), "A?", "en")
    second = compose(constant, [Exchange("Q", "A")], choose((hit(2),), "zh"), "B？", "zh")
    assert first[: len(constant)] == second[: len(constant)] == list(constant)
    assert [m["content"] for m in second[len(constant) : -1]] == ["Q", "A"]
    last = second[-1]["content"]
    assert last.index("Fact 2.") < last.index("B？") < last.index("用中文回答")


def test_the_system_message_names_persona_and_marker() -> None:
    system = constant_part(PERSONA)[0]
    assert system["role"] == "system"
    assert PERSONA.name in system["content"] and PERSONA.prompt in system["content"] and MARKER in system["content"]


def test_roles_alternate_so_that_every_chat_template_accepts_them() -> None:
    roles = [
        m["role"] for m in compose(constant_part(PERSONA), [Exchange("Q", "A")], choose((hit(),), "en"), "B?", "en")
    ]
    assert roles[0] == "system" and set(roles[1::2]) == {"user"} and set(roles[2::2]) == {"assistant"}
    assert roles[-1] == "user"


def test_the_worked_examples_show_answers_and_refusals_in_both_languages() -> None:
    shown = {(example.language, example.answer == MARKER) for example in EXAMPLES}
    assert shown == {("zh", False), ("zh", True), ("en", False), ("en", True)}


def test_long_history_is_cut() -> None:
    messages = compose((), [Exchange("问" * 2_000, "a" * 9_000)], (), "B?", "en")
    assert weight(messages[0]["content"]) < 200 and weight(messages[1]["content"]) < 200


def test_no_more_is_read_than_the_answer_surely_needs() -> None:
    sure = choose((hit(1, confidence=0.98), hit(2, confidence=0.9), hit(3, confidence=0.9)), "en")
    assert [p.hit.confidence for p in sure] == [0.98]
    fair = choose((hit(1, confidence=0.85), hit(2, confidence=0.85), hit(3, confidence=0.8)), "en")
    assert [p.hit.confidence for p in fair] == [0.85, 0.85]


def test_passages_are_numbered_best_first_and_bounded() -> None:
    chosen = choose(tuple(hit(n, confidence=0.5 - n / 100) for n in range(1, 20)), "en")
    assert [p.number for p in chosen] == list(range(1, MAX_PASSAGES + 1))
    assert [p.hit.chunk for p in chosen] == [f"c{n}" for n in range(1, MAX_PASSAGES + 1)]


def test_a_translation_of_the_same_document_is_left_out_in_favour_of_the_customers_language() -> None:
    both = (
        hit(1, document="faq/returns.en", language="en", confidence=0.9),
        hit(2, document="faq/returns.zh", language="zh", confidence=0.8),
        hit(3, document="policies/fees.en.md", language="en", confidence=0.7),
    )
    assert [p.hit.document for p in choose(both, "zh")] == ["faq/returns.zh", "policies/fees.en.md"]


def test_hits_far_behind_the_best_are_left_out() -> None:
    chosen = choose((hit(1, confidence=0.9), hit(2, confidence=0.7), hit(3, confidence=0.5)), "en")
    assert [p.hit.chunk for p in chosen] == ["c1", "c2"]
    assert choose((), "en") == ()


def test_a_policy_is_titled_by_its_heading_path() -> None:
    passage = choose((hit(headings=("Membership", "Family sharing")),), "en")[0]
    assert passage.title == passage.citation().title == "Membership › Family sharing"


@given(st.text(max_size=3_000), st.integers(5, 400))
def test_a_cut_text_is_within_its_limit_and_begins_as_the_text_does(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert weight(short.removesuffix("…")) <= limit
    assert "".join(text.split()).startswith("".join(short.removesuffix("…").split()))


def test_a_cut_ends_at_a_sentence() -> None:
    assert cut("第一句话。第二句话。第三句话。", 11) == "第一句话。第二句话。"
    assert cut("One two three. Four five six. Seven eight nine.", 8) == "One two three. Four five six."


def test_our_own_refusals_read_as_refusals_in_both_languages() -> None:
    for language in ("zh", "en"):
        assert is_refusal(sentences(language).unknown)
    assert sentences("fr") == sentences("en")
