"""Golden questions: reading the files of a mounted folder into typed questions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kefu_api.documents.index import Evaluation
from kefu_api.wire.search import MAX_QUERY
from kefu_retrieval.errors import QuestionsInvalid, SourceChanged
from kefu_retrieval.faults import first_fault
from kefu_retrieval.sources import folder
from kefu_retrieval.sources.text import plain_yaml

MAX_QUESTIONS = 5_000
"""A person writes hundreds; each costs a search of some milliseconds."""


class Question(BaseModel):
    """One golden question. Fields that only other judges read (`facts`, `language`, ...) are left to them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Annotated[str, Field(min_length=1, max_length=128)]
    question: Annotated[str, Field(min_length=1, max_length=MAX_QUERY)]
    answerable: bool = True
    """Whether the knowledge holds an answer; where it does not, the right thing is to say so."""
    sources: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    """Documents that carry the answer, each enough by itself: `<source>/<FAQ id>` or `<source>/<file>`."""
    answer: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    """Words that a passage with the answer holds; for questions that name no `sources`."""


def read(evaluation: Evaluation) -> tuple[Question, ...]:
    """The questions of the mounted folder.

    Raises:
        SourceChanged: the folder is not the one that the judgement is named for; a newer one will follow.
        QuestionsInvalid: a file is no list of questions; the message names file, entry and field.
        SourceMissing, SourceUnreadable: the folder cannot be read.
    """
    snapshot = folder.read(Path(evaluation.path))
    if snapshot.digest != evaluation.digest:
        raise SourceChanged("the golden questions are not those that this judgement was named for; it will be repeated")
    for name, reason in snapshot.unreadable.items():
        raise QuestionsInvalid(f"golden questions, {name}: {reason}")
    return parse({name: _text(name, held) for name, held in snapshot.files.items()})


def parse(files: Mapping[str, str]) -> tuple[Question, ...]:
    """The questions of files by name, in the order of names.

    Raises:
        QuestionsInvalid: a file is no list of questions, or two have one id.
    """
    found = [question for name in sorted(files) for question in _file(name, files[name])]
    if not found:
        raise QuestionsInvalid("there is no golden question: add some, or remove spec.evaluation")
    if len(found) > MAX_QUESTIONS:
        raise QuestionsInvalid(
            f"there are {len(found)} golden questions, more than {MAX_QUESTIONS}: keep the telling ones"
        )
    seen: set[str] = set()
    for question in found:
        if question.id in seen:
            raise QuestionsInvalid(f"two golden questions have the id {question.id}: rename one")
        seen.add(question.id)
    return tuple(found)


def _text(name: str, held: str | bytes) -> str:
    try:
        return held if isinstance(held, str) else held.decode()
    except UnicodeDecodeError as error:
        raise QuestionsInvalid(
            f"golden questions, {name}: not UTF-8 at byte {error.start}; save it as UTF-8"
        ) from error


def _file(name: str, text: str) -> list[Question]:
    try:
        entries = plain_yaml.load(text)
    except yaml.YAMLError as error:
        raise QuestionsInvalid(f"golden questions, {name}: no YAML: {str(error)[:200]}") from error
    if not isinstance(entries, list):
        raise QuestionsInvalid(
            f"golden questions, {name}: must be a YAML list of question, answerable, sources, answer"
        )
    return [_question(name, number, entry) for number, entry in enumerate(entries, start=1)]


def _question(name: str, number: int, entry: Any) -> Question:
    where = f"golden questions, {name}, entry {number}"
    if not isinstance(entry, dict):
        raise QuestionsInvalid(f"{where}: must be an object with question and sources")
    try:
        question = Question.model_validate({"id": str(entry.get("question", ""))[:128], **entry})
    except ValidationError as error:
        raise QuestionsInvalid(f"{where}: {first_fault(error, 'question')}") from error
    if question.answerable and not question.sources and not question.answer:
        raise QuestionsInvalid(
            f"{where}: say where the answer is (sources) or what it holds (answer), or answerable: false"
        )
    return question
