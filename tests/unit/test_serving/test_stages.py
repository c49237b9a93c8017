import asyncio
import logging
from collections.abc import Mapping, Sequence

import pytest
from prometheus_client import CollectorRegistry

from kefu_api.codes import Code
from kefu_api.wire.chat import MAX_MESSAGE, Outcome
from kefu_api.wire.search import SearchResponse
from kefu_serving.errors import (
    BudgetExceeded,
    EngineInterrupted,
    EngineUnavailable,
    IndexNotPublished,
    KnowledgeUnavailable,
    RequestError,
)
from kefu_serving.metrics import Metrics
from kefu_serving.prompt.compose import constant_part
from kefu_serving.prompt.sentences import sentences
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.turn.conversation import Announce, Conversation
from kefu_serving.turn.decide import Decide, verdict_on
from kefu_serving.turn.generate import Generate
from kefu_serving.turn.record import Record, Report
from kefu_serving.turn.remember import Remember
from kefu_serving.turn.retrieve import Retrieve, merge
from kefu_serving.turn.stage import Stage
from kefu_serving.turn.state import Evidence, Turn, Verdict
from kefu_serving.turn.understand import Understand, language_of
from kefu_serving.turn.validate import question_of
from tests.unit.test_serving.doubles import (
    PERSONA,
    Engine,
    Recorder,
    Store,
    Target,
    found,
    hit,
    new_metrics,
    silent,
    turn,
)

FACTS = ("Returns are accepted for 7 days after delivery.", "Gift wrapping costs 15 yuan.")
EVIDENCE = Evidence(
    tuple(hit(number, text=text, confidence=0.6) for number, text in enumerate(FACTS, start=1)), 0.6, True, "v1"
)


@pytest.mark.parametrize(
    ("message", "question"),
    [("  hi \n", "hi"), ("a\r\nb", "a\nb"), ("e\u0301", "é"), ("？", "？"), ("a" * MAX_MESSAGE, "a" * MAX_MESSAGE)],
)
def test_a_question_is_trimmed_and_composed(message: str, question: str) -> None:
    assert question_of(message) == question


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", Code.QUESTION_EMPTY),
        (" \n\t\u3000", Code.QUESTION_EMPTY),
        ("\u200b\u2060", Code.QUESTION_EMPTY),
        ("\u0301", Code.QUESTION_EMPTY),
        ("a" * (MAX_MESSAGE + 1), Code.QUESTION_TOO_LONG),
        ("a\x00", Code.NOT_TEXT),
        ("a\x1b[31m", Code.NOT_TEXT),
        ("a\x85", Code.NOT_TEXT),
        ("a\ud800", Code.NOT_TEXT),
    ],
)
def test_what_is_no_question_is_refused(message: str, code: Code) -> None:
    with pytest.raises(RequestError) as refused:
        question_of(message)
    assert (refused.value.code, refused.value.status) == (code, 400)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("多久可以退货？", "zh"),
        ("iPhone 15 Pro Max 能退吗", "zh"),
        ("How long can I return it?", "en"),
        ("What does 包邮 mean in your shop rules?", "en"),
        ("12345", None),
        ("👍", None),
    ],
)
def test_the_language_is_told_by_script(text: str, language: str | None) -> None:
    assert language_of(text) == language


async def test_a_question_without_words_is_answered_in_the_conversations_language() -> None:
    asked = turn("12345", history=(Exchange("hello there", "Hello!"),))
    await Understand(("zh", "en")).run(asked)
    assert asked.language == "en"


async def test_a_language_that_the_persona_does_not_speak_is_answered_in_its_first() -> None:
    asked = turn("How long?")
    await Understand(("zh",)).run(asked)
    assert asked.language == "zh"


def test_evidence_of_several_indexes_is_merged_by_confidence() -> None:
    merged = merge(
        [
            found(hit(1, confidence=0.5), hit(2, confidence=0.3), index="a", version="v3", answerable=False),
            found(hit(3, confidence=0.8), hit(2, confidence=0.4), index="b", version="v1"),
        ]
    )
    assert [(h.chunk, h.confidence) for h in merged.hits] == [("c3", 0.8), ("c1", 0.5), ("c2", 0.4)]
    assert (merged.confidence, merged.answerable, merged.version) == (0.8, True, "a=v3,b=v1")


def test_the_order_that_an_index_gives_its_hits_is_kept() -> None:
    reranked = found(hit(1, confidence=0.3), hit(2, confidence=0.7), hit(3, confidence=0.2), index="a")
    assert [h.chunk for h in merge([reranked]).hits] == ["c1", "c2", "c3"]
    other = found(hit(4, confidence=0.6), hit(5, confidence=0.1), index="b")
    assert [h.chunk for h in merge([other, reranked]).hits] == ["c1", "c2", "c4", "c3", "c5"]


def test_evidence_of_one_index_carries_its_version() -> None:
    assert merge([found(hit())]).version == "v1"
    assert merge([]) == Evidence((), 0.0, False, None)


@pytest.mark.parametrize("fault", [KnowledgeUnavailable("away"), IndexNotPublished("not yet")])
async def test_knowledge_that_is_away_leaves_no_evidence_unless_others_can_answer(
    fault: KnowledgeUnavailable | IndexNotPublished,
) -> None:
    metrics, registry = new_metrics()
    for answerable, left in ((True, True), (False, False)):
        asked = turn()
        targets = [Target(fault), Target(found(hit(), answerable=answerable))]
        await Retrieve(targets, silent(), metrics).run(asked)
        assert (asked.evidence is not None) is left
    labels = {"namespace": "acme", "chatbot": "shop", "release": "r1", "code": fault.code.value}
    assert registry.get_sample_value("kefu_gateway_upstream_errors_total", labels) == 2


async def test_a_fault_of_ours_is_not_taken_for_absent_knowledge() -> None:
    class Broken(Target):
        async def search(self, query: str, history: Sequence[str], headers: Mapping[str, str]) -> SearchResponse:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Retrieve([Broken(found())], silent(), new_metrics()[0]).run(turn())


async def test_a_follow_up_is_looked_up_with_the_questions_before_it() -> None:
    target = Target(found(hit()))
    asked = turn("那耳机呢？")
    asked.history = (Exchange("手机保修多久？", "一年。"), Exchange("怎么报修？", "打电话。"))
    await Retrieve([target], silent(), new_metrics()[0]).run(asked)
    assert target.asked == ("那耳机呢？", ("手机保修多久？", "怎么报修？"))


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (None, Verdict.SAY_UNAVAILABLE),
        (Evidence((), 0.0, False, "v1"), Verdict.SAY_UNKNOWN),
        (Evidence((hit(),), 0.2, False, "v1"), Verdict.SAY_UNKNOWN),
        (Evidence((), 0.9, True, "v1"), Verdict.SAY_UNKNOWN),
        (EVIDENCE, Verdict.ANSWER),
    ],
)
def test_the_verdict_follows_from_the_evidence(evidence: Evidence | None, verdict: Verdict) -> None:
    assert verdict_on(evidence) is verdict


def _generate(engine: Engine, budget: float = 60, metrics: Metrics | None = None) -> Generate:
    return Generate(engine, constant_part(PERSONA), budget, silent(), metrics or new_metrics()[0])


async def test_sentences_are_passed_on_as_they_end_and_the_cited_evidence_is_named() -> None:
    sink = Recorder()
    asked = turn(sink=sink, evidence=EVIDENCE)
    await _generate(Engine("[1] Within ", "7 days. ", "Returns are", " accepted.")).run(asked)
    assert sink.texts == ["Within 7 days.", " Returns are accepted.[1]"]
    assert (asked.outcome, asked.code, [c.number for c in asked.citations]) == (Outcome.ANSWERED, None, [1])
    assert (asked.prompt_tokens, asked.completion_tokens) == (100, 4)
    assert asked.first_token is not None


async def test_an_answer_that_cites_nothing_names_all_its_evidence() -> None:
    asked = turn(evidence=EVIDENCE)
    await _generate(Engine("Within 7 days [9].")).run(asked)
    assert asked.answer == "Within 7 days ."
    assert [c.number for c in asked.citations] == [1, 2]


def _unsupported(registry: CollectorRegistry, remedy: str) -> float | None:
    labels = {"namespace": "acme", "chatbot": "shop", "release": "r1", "remedy": remedy}
    return registry.get_sample_value("kefu_gateway_unsupported_total", labels)


@pytest.mark.parametrize(
    ("said", "number"), [("[2] 7 days after delivery. ", 2), ("It costs 99 yuan. ", 1), ("[1] 16 days. ", 1)]
)
async def test_what_the_cited_passage_does_not_bear_out_is_never_said_and_the_passage_is_quoted(
    said: str, number: int
) -> None:
    sink, (metrics, registry) = Recorder(), new_metrics()
    engine = Engine(said, *["word "] * 100)
    asked = turn(sink=sink, evidence=EVIDENCE)
    await _generate(engine, metrics=metrics).run(asked)
    assert sink.texts == [f"{FACTS[number - 1]}[{number}]"] == [asked.answer]
    assert (asked.outcome, [c.number for c in asked.citations]) == (Outcome.ANSWERED, [number])
    assert engine.left and engine.words is not None and engine.words.said == 1
    assert (_unsupported(registry, "quoted"), _unsupported(registry, "dropped")) == (1, None)


async def test_a_slip_in_the_number_is_put_right_in_words_and_citation() -> None:
    asked = turn(evidence=EVIDENCE)
    await _generate(Engine("[2] Returns are accepted for 7 days.")).run(asked)
    assert asked.answer == "Returns are accepted for 7 days.[1]"
    assert [c.number for c in asked.citations] == [1]


async def test_an_answer_ends_before_its_first_sentence_that_nothing_bears_out() -> None:
    (metrics, registry), asked = new_metrics(), turn(evidence=EVIDENCE)
    engine = Engine("[1] Returns are accepted for 7 days. ", "Exchanges [2] take 30 days. ", *["word "] * 100)
    await _generate(engine, metrics=metrics).run(asked)
    assert asked.answer == "Returns are accepted for 7 days.[1]"
    assert (asked.outcome, [c.number for c in asked.citations]) == (Outcome.ANSWERED, [1])
    assert engine.left and engine.words is not None and engine.words.said == 2
    assert (_unsupported(registry, "quoted"), _unsupported(registry, "dropped")) == (None, 1)


@pytest.mark.parametrize(("confidence", "answer"), [(0.75, f"{FACTS[0]}[1]"), (0.74, sentences("en").unknown)])
async def test_a_refusal_is_overruled_when_the_index_is_sure(confidence: float, answer: str) -> None:
    sure = Evidence((hit(1, text=FACTS[0], confidence=confidence),), confidence, True, "v1")
    asked = turn(evidence=sure)
    await _generate(Engine("[UNKNOWN]")).run(asked)
    assert asked.answer == answer
    assert [c.number for c in asked.citations] == ([1] if asked.outcome is Outcome.ANSWERED else [])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("pieces", [("[UNK", "NOWN]", "more"), ("",), ("抱歉，资料中没有提到。",)])
async def test_the_models_refusal_is_said_in_our_words(language: str, pieces: tuple[str, ...]) -> None:
    sink = Recorder()
    asked = turn(sink=sink, evidence=EVIDENCE, language=language)
    await _generate(Engine(*pieces)).run(asked)
    assert asked.answer == "".join(sink.texts) == sentences(language).unknown
    assert (asked.outcome, asked.code, asked.citations) == (Outcome.UNKNOWN, Code.NO_ANSWER, ())


async def test_the_engine_is_stopped_as_soon_as_it_refuses() -> None:
    engine = Engine("[UNKNOWN]", *["word "] * 100)
    await _generate(engine).run(turn(evidence=EVIDENCE))
    assert engine.left and engine.words is not None and engine.words.said == 1


@pytest.mark.parametrize(
    ("verdict", "outcome", "code"),
    [
        (Verdict.SAY_UNKNOWN, Outcome.UNKNOWN, Code.NO_ANSWER),
        (Verdict.SAY_UNAVAILABLE, Outcome.UNAVAILABLE, Code.KNOWLEDGE_UNAVAILABLE),
    ],
)
async def test_no_engine_is_asked_without_evidence(verdict: Verdict, outcome: Outcome, code: Code) -> None:
    engine = Engine("never")
    asked = turn(verdict=verdict)
    await _generate(engine).run(asked)
    assert (asked.outcome, asked.code, engine.asked) == (outcome, code, [])


async def test_an_absent_engine_is_said_honestly() -> None:
    asked = turn(evidence=EVIDENCE, language="zh")
    await _generate(Engine(unreachable=EngineUnavailable("refused"))).run(asked)
    assert (asked.outcome, asked.code) == (Outcome.UNAVAILABLE, Code.ENGINE_UNAVAILABLE)
    assert asked.answer == sentences("zh").engine_away


async def test_an_answer_that_breaks_off_is_an_error() -> None:
    with pytest.raises(EngineInterrupted):
        await _generate(Engine("Within ", fault=EngineInterrupted("gone"))).run(turn(evidence=EVIDENCE))


async def test_an_answer_beyond_its_budget_is_an_error_and_stops_the_engine() -> None:
    class Slow(Recorder):
        async def delta(self, text: str) -> None:
            await asyncio.sleep(3_600)

    engine = Engine("Within ")
    with pytest.raises(BudgetExceeded):
        await _generate(engine, budget=0.05).run(turn(sink=Slow(), evidence=EVIDENCE))
    assert engine.left


async def test_the_history_comes_from_the_store_or_from_the_client() -> None:
    store, (metrics, _) = Store(), new_metrics()
    store.kept[("web", "session-1")] = [Exchange("Q", "A")]
    remembered = turn()
    await Remember(store, 3, metrics).run(remembered)
    assert remembered.history == (Exchange("Q", "A"),)
    own = tuple(Exchange(f"Q{n}", "A") for n in range(5))
    told = turn(history_of_client=own)
    await Remember(store, 3, metrics).run(told)
    assert told.history == own[-3:]


async def test_an_absent_store_costs_the_memory_and_nothing_else() -> None:
    store, (metrics, registry) = Store(), new_metrics()
    store.away = True
    asked = turn(answer="A")
    asked.end(Outcome.ANSWERED)
    await Remember(store, 3, metrics).run(asked)
    await Record(store, metrics).run(asked)
    assert asked.memory is False and asked.history == ()
    for operation in ("load", "append"):
        labels = {"namespace": "acme", "chatbot": "shop", "release": "r1", "operation": operation}
        assert registry.get_sample_value("kefu_session_errors_total", labels) == 1


@pytest.mark.parametrize(("outcome", "kept"), [(Outcome.ANSWERED, 1), (Outcome.UNKNOWN, 1), (Outcome.UNAVAILABLE, 0)])
async def test_what_was_said_is_kept_but_not_our_own_troubles(outcome: Outcome, kept: int) -> None:
    store = Store()
    asked = turn(answer="A")
    asked.end(outcome)
    await Record(store, new_metrics()[0]).run(asked)
    assert len(store.kept.get(("web", "session-1"), [])) == kept


def _conversation(*stages: Stage) -> Conversation:
    metrics, _ = new_metrics()
    return Conversation(stages, Report(metrics, silent(), b"salt"), silent(), metrics)


async def test_a_turn_walks_its_stages_in_order_and_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    walked: list[str] = []

    class Step:
        def __init__(self, name: str) -> None:
            self._name = name

        async def run(self, turn: Turn) -> None:
            walked.append(self._name)
            turn.end(Outcome.ANSWERED)

    sink = Recorder()
    with caplog.at_level(logging.INFO, "kefu_serving"):
        made = await _conversation(Step("a"), Announce(), Step("b")).turn(turn().asked, sink)
    assert walked == ["a", "b"] and sink.begun == 1
    reported = [getattr(r, "fields", {}) for r in caplog.records if r.getMessage() == "turn"]
    assert [r["outcome"] for r in reported] == ["answered"] and reported[0]["turn"] == made.id


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RequestError(Code.QUESTION_EMPTY, "empty"), "refused"),
        (EngineInterrupted("gone"), "failed"),
        (ZeroDivisionError(), "failed"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
async def test_however_a_turn_ends_it_is_reported(
    error: BaseException, outcome: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Fails:
        async def run(self, turn: Turn) -> None:
            raise error

    with caplog.at_level(logging.INFO, "kefu_serving"), pytest.raises(type(error)):
        await _conversation(Fails()).turn(turn().asked, Recorder())
    assert [getattr(r, "fields", {})["outcome"] for r in caplog.records if r.getMessage() == "turn"] == [outcome]


async def test_decide_settles_the_verdict() -> None:
    asked = turn(evidence=EVIDENCE, verdict=Verdict.SAY_UNKNOWN)
    await Decide().run(asked)
    assert asked.verdict is Verdict.ANSWER
