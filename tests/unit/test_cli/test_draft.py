"""Drafting golden questions with an engine and an index that answer from memory."""

import argparse
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from kefu_api.documents.index import Scores
from kefu_api.documents.release import Budget, EngineTarget, KnowledgeTarget, Persona, Release, SessionStore
from kefu_api.documents.variants import only
from kefu_api.wire.versions import EvaluateRequest, EvaluateResponse, Passage, PassageList, QuestionResult
from kefu_operator.cli.commands import knowledge
from kefu_operator.cli.errors import AskFailed, NotFound, Unreachable
from kefu_operator.cli.knowledge import engine as engines
from kefu_operator.cli.knowledge.draft import reading
from kefu_operator.cli.knowledge.draft.drafting import Drafting, Tally, Wish
from kefu_operator.cli.knowledge.draft.sheet import Sheet
from kefu_operator.cli.knowledge.engine import Engine
from kefu_operator.cli.knowledge.here import Here
from kefu_operator.cli.knowledge.place import IndexView
from kefu_operator.cli.output import Output
from kefu_operator.local.instance import Instance

PASSAGES = tuple(
    Passage(chunk=f"c{n}", document=f"faq/topic{n}", title=f"第{n}条怎么办？", text=f"答案 {n}。", language="zh")
    for n in range(5)
)


class Model:
    """Says for each passage what a test wants, and fails where it should."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.asked: list[tuple[str, bool]] = []

    def post(self, path: str, body: bytes) -> bytes:
        assert path == "v1/chat/completions"
        if self.fails:
            self.fails -= 1
            raise Unreachable("busy")
        messages = json.loads(body)["messages"]
        title = messages[-1]["content"].splitlines()[0]
        language = "zh" if "Chinese" in messages[0]["content"] else "en"
        beside = "NOT" in messages[0]["content"]
        self.asked.append((title, beside))
        number = title[1]
        said = {
            ("zh", False): f"1. 关于第{number}条能退吗？\n2. “{title}”\n不是问题",
            ("en", False): f"- What about topic {number}?\n- What about topic {number} ?\n- 中文？",
            ("zh", True): f"第{number}条在国外也行吗？\n第{number}条海外价多少？",
        }[(language, beside)]
        return json.dumps({"choices": [{"message": {"content": said}}]}).encode()


@dataclass
class Shelf:
    """One index whose passages are listed, and whose search finds what a test says."""

    model: Model = field(default_factory=Model)
    unfound: Sequence[str] = ()
    weak: Sequence[str] = ()
    answered: Sequence[str] = ()
    languages: tuple[str, ...] = ("zh", "en")
    pages: int = 0

    def indexes(self) -> Mapping[str, IndexView]:
        return {"shop": IndexView("shop", "v1", (), None, "")}

    def pin(self, index: str, version: str | None) -> None:
        raise AssertionError("a draft changes nothing")

    def questions(self, index: str) -> Mapping[str, str]:
        raise AssertionError("a draft reads no questions of the index")

    def engine(self, index: str) -> Engine:
        return Engine("m", self.model.post)

    def ask(self, index: str, path: str, body: bytes | None = None) -> bytes:
        if path.startswith("v1/versions/passages"):
            self.pages += 1
            query = parse_qs(urlsplit(path).query)
            after, limit = query.get("after", [""])[0], int(query["limit"][0])
            left = tuple(each for each in PASSAGES if each.chunk > after)[:2][:limit]
            return PassageList(version="v1", languages=self.languages, passages=left).to_json().encode()
        asked = yaml.safe_load(EvaluateRequest.model_validate_json(body or b"").files["draft.yaml"])
        results = tuple(
            QuestionResult(
                id=each["id"],
                question=each["question"],
                expected=each["answerable"],
                answered=each["question"] not in self.weak
                and (each["answerable"] or each["question"] in self.answered),
                rank=None if each["question"] in self.unfound else 1,
                right=True,
            )
            for each in asked
        )
        return (
            EvaluateResponse(version="v1", scores=Scores(questions=len(results)), questions=results).to_json().encode()
        )


def run(
    place: Shelf, file: Path, passages: int = 5, unanswerable: float = 0.0, waits: list[float] | None = None
) -> Tally:
    noted: list[float] = [] if waits is None else waits
    wish = Wish("shop", None, passages, unanswerable)
    return Drafting(place, place.engine("shop"), Sheet.open(file), wish, noted.append).run(lambda tally, of: None)


def entries(file: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = yaml.safe_load(file.read_text())
    return found


def test_drafts_questions_in_every_language_of_the_index(tmp_path: Path) -> None:
    file = tmp_path / "golden.yaml"
    tally = run(Shelf(), file)
    assert (tally.passages, tally.kept, tally.marked, tally.repeated) == (5, 10, 0, 10)
    assert entries(file)[:2] == [
        {
            "id": entries(file)[0]["id"],
            "language": "zh",
            "question": "关于第0条能退吗？",
            "answerable": True,
            "sources": ["faq/topic0"],
            "drafted": {"from": "faq/topic0", "chunk": "c0"},
        },
        {
            "id": entries(file)[1]["id"],
            "language": "en",
            "question": "What about topic 0?",
            "answerable": True,
            "sources": ["faq/topic0"],
            "drafted": {"from": "faq/topic0", "chunk": "c0"},
        },
    ]
    assert len({str(each["id"]) for each in entries(file)}) == 10


def test_marks_what_misses_its_source_and_drops_what_is_answered_after_all(tmp_path: Path) -> None:
    file = tmp_path / "golden.yaml"
    place = Shelf(
        unfound=["关于第1条能退吗？"], weak=["关于第2条能退吗？"], answered=["第3条在国外也行吗？"], languages=("zh",)
    )
    tally = run(place, file, unanswerable=0.5)
    checks = {each["question"]: each["drafted"]["check"] for each in entries(file) if "check" in each["drafted"]}  # type: ignore[index, operator]
    assert {question: check.split(",")[0].split(":")[0] for question, check in checks.items()} == {
        "关于第1条能退吗？": "does not find its own source among the first ten",
        "关于第2条能退吗？": "finds its source",
    }
    beside = [each["question"] for each in entries(file) if not each["answerable"]]
    assert beside == ["第1条在国外也行吗？", "第1条海外价多少？", "第3条海外价多少？"]
    assert all("sources" not in each for each in entries(file) if not each["answerable"])
    assert (tally.marked, tally.unanswerable, tally.answered_after_all) == (2, 3, 1)


def test_goes_on_where_it_stopped_and_leaves_what_a_person_wrote(tmp_path: Path) -> None:
    file = tmp_path / "golden.yaml"
    run(Shelf(), file, passages=2)
    mine = (
        file.read_text().replace("关于第0条能退吗？", "第零条到底怎么退？")
        + "# mine\n- {question: 我的问题？, answerable: false}"
    )
    file.write_text(mine)
    place = Shelf()
    tally = run(place, file)
    assert file.read_text().startswith(mine)
    assert {title for title, _ in place.model.asked} == {f"第{n}条怎么办？" for n in (2, 3, 4)}
    assert (tally.passages, tally.kept) == (5, 6)
    again = Shelf()
    before = file.read_text()
    assert run(again, file).kept == 0
    assert (file.read_text(), again.model.asked) == (before, [])


def test_a_passage_without_a_question_is_not_asked_about_again(tmp_path: Path) -> None:
    file = tmp_path / "golden.yaml"
    file.write_text("- {question: 关于第0条能退吗？, answerable: false}\n")
    place = Shelf(languages=("zh",))
    assert run(place, file, passages=1).kept == 0
    assert run(place, file, passages=1).kept == 0
    assert len(place.model.asked) == 1


def test_waits_for_a_busy_engine_and_keeps_what_is_written_when_it_stays_away(tmp_path: Path) -> None:
    file, waits = tmp_path / "golden.yaml", list[float]()
    assert run(Shelf(Model(fails=2)), file, passages=1, waits=waits).kept == 2
    assert waits == [2.0, 8.0]
    with pytest.raises(Unreachable):
        run(Shelf(Model(fails=9)), file)
    assert len(entries(file)) == 2


def test_a_file_that_is_no_list_of_questions_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "golden.yaml"
    for text in ("a: 1", "- x", "[", "\ttab"):
        file.write_text(text)
        with pytest.raises(NotFound, match=r"golden\.yaml"):
            Sheet.open(file)
        assert file.read_text() == text


def test_reads_questions_out_of_whatever_a_model_says() -> None:
    said = (
        "Here are two:\n1. “能退吗？”\n2) 多久退款?\n- What?\nQ: Why so?\n问：怎么退？\n**运费多少？**\n很长"
        + "长" * 300
        + "？"
    )
    assert reading.questions(said, "zh") == ["能退吗？", "多久退款?", "怎么退？", "运费多少？"]
    assert reading.questions(said, "en") == ["What?", "Why so?"]


def test_questions_that_differ_in_width_case_or_a_mark_are_one() -> None:
    known = [reading.Shape.of("How long does the ＲEFUND take?")]
    assert not reading.is_new("how long does the refund take ??", known)
    assert reading.is_new("How much does the refund cost?", known)
    days = [reading.Shape.of("Can I return it within 7 days?")]
    assert reading.is_new("Can I return it within 15 days?", days)


def test_the_command_says_how_far_it_is_and_what_to_do_next(tmp_path: Path) -> None:
    file = tmp_path / "golden.yaml"
    text = command(Shelf(), "draft", "shop", "--out", str(file), "--passages", "3")
    assert "3 of 3 passages, 6 questions kept" in text
    assert "6 answerable and 0 unanswerable questions are new in" in text
    told = json.loads(command(Shelf(), "draft", "shop", "--out", str(file), "--passages", "3", "-o", "json"))
    assert (told["passages"], told["kept"]) == (3, 0)


def command(place: Shelf, *words: str) -> str:
    parser = argparse.ArgumentParser()
    knowledge.register(parser.add_subparsers(), "versions")
    arguments = parser.parse_args(["knowledge", *words])
    stream = io.StringIO()
    assert arguments.act(place, arguments, Output(stream)) == 0
    return stream.getvalue()


@pytest.mark.parametrize("words", [("--passages", "0"), ("--passages", "x"), ("--unanswerable", "1.5")])
def test_numbers_are_bounded(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command(Shelf(), "draft", "shop", *words)
    assert "is not from" in capsys.readouterr().err


def test_an_engine_is_asked_with_its_key_and_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is no URL of an engine"):
        engines.at("localhost:8000", None, None)
    with pytest.raises(NotFound, match="key cannot be read"):
        engines.at("http://127.0.0.1:9", None, tmp_path / "absent")
    with pytest.raises(Unreachable, match="no engine answers"):
        engines.at("http://127.0.0.1:9", None, None)
    assert isinstance(engines.refusal(503, b"loading", "e"), Unreachable)
    assert "KEFU_ENGINE_KEY" in str(engines.refusal(401, b"", "e"))
    with pytest.raises(AskFailed, match="no chat completion"):
        Engine("m", lambda path, body: b"{}").complete([], 1)
    with pytest.raises(NotFound, match="name one with --model"):
        engines._first_model(lambda path, body: b'{"data": []}')


def test_a_local_instances_engine_is_that_of_a_chatbot_which_uses_the_index(tmp_path: Path) -> None:
    made = Release(
        name="r1",
        namespace="acme",
        chatbot="bot",
        engine=EngineTarget(url="http://127.0.0.1:9", model="m"),
        knowledge=(KnowledgeTarget(name="shop", url="http://127.0.0.1:8"),),
        persona=Persona(name="", prompt="", greeting="", languages=("zh",)),
        session=SessionStore(url="redis://r", ttl_seconds=1, window=1),
        budget=Budget(total_seconds=1, tokens=1),
    )
    file = tmp_path / "bot-gateway" / "release" / "release.json"
    file.parent.mkdir(parents=True)
    file.write_text(only(made).to_json())
    here = Here(Instance(tmp_path, {"chatbots": [{"name": "starting"}, {"name": "bot"}]}))
    assert here.engine("shop").model == "m"
    with pytest.raises(Unreachable, match=r"no engine answers at http://127\.0\.0\.1:9"):
        here.engine("shop").complete([], 1)
    with pytest.raises(NotFound, match="no chatbot here uses KnowledgeIndex other"):
        here.engine("other")
