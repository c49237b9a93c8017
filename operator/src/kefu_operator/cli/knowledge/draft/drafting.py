"""Drafting, passage by passage: ask the model, drop what is no question or no new one, try the rest, write, go on."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import yaml

from kefu_api.wire.versions import EvaluateRequest, EvaluateResponse, Passage, PassageList
from kefu_operator.cli.errors import Unreachable
from kefu_operator.cli.knowledge.draft import prompt
from kefu_operator.cli.knowledge.draft.reading import Shape, is_new, questions
from kefu_operator.cli.knowledge.draft.sheet import Entry, Sheet
from kefu_operator.cli.knowledge.engine import Engine
from kefu_operator.cli.knowledge.place import Place

PAGE = 100
"""Passages that the service is asked for at a time."""
WAITS = (2.0, 8.0, 20.0)
"""Seconds before an engine that is away is asked again."""
UNFOUND = "does not find its own source among the first ten: reword it, or mend the knowledge"
WEAK = "finds its source, but is not sure enough to be answered: reword it, or mend the knowledge"


@dataclass(frozen=True)
class Wish:
    """What is to be drafted."""

    index: str
    version: str | None
    """None: the published one."""
    passages: int
    unanswerable: float
    """Share of the passages beside which unanswerable questions are drafted, 0 to 1."""


@dataclass
class Tally:
    """What came of it so far."""

    passages: int = 0
    kept: int = 0
    unanswerable: int = 0
    marked: int = 0
    repeated: int = 0
    answered_after_all: int = 0
    """Dropped: meant to be unanswerable, and the search is sure of an answer."""


Step = Callable[[Tally, int], None]
"""Told after each passage how far it is, and of how many passages."""


@dataclass
class Drafting:
    """One run."""

    place: Place
    engine: Engine
    sheet: Sheet
    wish: Wish
    sleep: Callable[[float], None] = time.sleep
    _shapes: list[Shape] = field(default_factory=list)

    def run(self, step: Step) -> Tally:
        """Draft until enough passages are asked about, those of earlier runs included.

        Raises:
            CliError: service or engine refuse or stay away; what is written stays, and another run goes on.
        """
        self._shapes = [Shape.of(text) for text in self.sheet.questions]
        tally = Tally()
        first, languages = self._page(None)
        for number, passage in enumerate(self._passages(first)):
            if passage.chunk not in self.sheet.chunks:
                self._draft(passage, number, languages, tally)
            tally.passages = number + 1
            step(tally, self.wish.passages)
        return tally

    def _passages(self, first: PassageList) -> Iterator[Passage]:
        """In the order of their ids, which are hashes: an even choice, and the same one each time."""
        page, given = first, 0
        while page.passages:
            for passage in page.passages:
                if given == self.wish.passages:
                    return
                yield passage
                given += 1
            page, _ = self._page(page.passages[-1].chunk)

    def _page(self, after: str | None) -> tuple[PassageList, Sequence[str]]:
        asked = {"limit": str(min(PAGE, self.wish.passages))}
        asked |= {"version": self.wish.version} if self.wish.version else {}
        asked |= {"after": after} if after else {}
        text = self.place.ask(self.wish.index, f"v1/versions/passages?{urlencode(asked, quote_via=quote)}")
        page = PassageList.model_validate_json(text)
        return page, [language for language in page.languages if language in ("zh", "en")]

    def _draft(self, passage: Passage, number: int, languages: Sequence[str], tally: Tally) -> None:
        """In the passage's own language first, then in the index's others: a customer asks in any."""
        own = [passage.language] if passage.language in languages else []
        entries: list[Entry] = []
        for language in dict.fromkeys([*own, *languages]):
            entries += self._ask(passage, language, tally, answered=True)
        if int((number + 1) * self.wish.unanswerable) > int(number * self.wish.unanswerable):
            entries += self._ask(passage, (own or list(languages))[0], tally, answered=False)
        kept = self._tried(entries, tally) if entries else []
        self.sheet.add(passage.chunk, kept)
        tally.kept += len(kept)
        tally.unanswerable += sum(not entry.answerable for entry in kept)
        tally.marked += sum(bool(entry.check) for entry in kept)

    def _ask(self, passage: Passage, language: str, tally: Tally, *, answered: bool) -> list[Entry]:
        said = self._patiently(prompt.messages(passage, language, answered=answered))
        found: list[Entry] = []
        for text in questions(said, language)[: prompt.WANTED]:
            if not is_new(text, [*self._shapes, Shape.of(passage.title)]):
                tally.repeated += 1
                continue
            self._shapes.append(Shape.of(text))
            found.append(Entry(text, language, answered, passage.document, passage.chunk))
        return found

    def _patiently(self, messages: Sequence[Mapping[str, str]]) -> str:
        for wait in WAITS:
            try:
                return self.engine.complete(messages, prompt.TOKENS)
            except Unreachable:
                self.sleep(wait)
        return self.engine.complete(messages, prompt.TOKENS)

    def _tried(self, entries: Sequence[Entry], tally: Tally) -> list[Entry]:
        """Each asked of the version: what misses its source is marked, what is answered though it should not be is dropped."""
        listed = yaml.safe_dump([yaml.safe_load(entry.block())[0] for entry in entries], allow_unicode=True)
        request = EvaluateRequest(version=self.wish.version, files={"draft.yaml": listed})
        answer = self.place.ask(self.wish.index, "v1/versions/evaluate", request.to_json().encode())
        results = EvaluateResponse.model_validate_json(answer).questions
        kept = []
        for entry, result in zip(entries, results, strict=True):
            if not entry.answerable and result.answered:
                tally.answered_after_all += 1
                continue
            check = "" if not entry.answerable else UNFOUND if result.rank is None else "" if result.answered else WEAK
            kept.append(Entry(entry.question, entry.language, entry.answerable, entry.document, entry.chunk, check))
        return kept
