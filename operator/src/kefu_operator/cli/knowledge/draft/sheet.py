"""The file that is drafted: golden questions as `spec.evaluation.questions` reads them, kept as a person has edited them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kefu_api import digest
from kefu_operator.cli.errors import NotFound
from kefu_operator.local.files import write_atomically

HEAD = """\
# Golden questions, drafted from the knowledge by a language model: read each, correct it, and delete what no customer asks.
# `sources` are documents that answer it, each enough by itself: add others that do. `drafted` says where a question comes from;
# with `check` it wants your eye first, and nothing else reads it. Put the file into the ConfigMap of spec.evaluation.questions.
# `kefu knowledge draft` goes on where it stopped, and leaves what is here as it is.
"""


@dataclass(frozen=True)
class Entry:
    """One question."""

    question: str
    language: str
    answerable: bool
    document: str
    chunk: str
    """The passage that it was drafted from."""
    check: str = ""
    """What a person should look at."""

    def block(self) -> str:
        """As it stands in the file."""
        drafted: dict[str, str] = {"from": self.document, "chunk": self.chunk}
        value: dict[str, Any] = {
            "id": f"draft-{digest.of_text(self.question)[:10]}",
            "language": self.language,
            "question": self.question,
            "answerable": self.answerable,
            **({"sources": [self.document]} if self.answerable else {}),
            "drafted": drafted | ({"check": self.check} if self.check else {}),
        }
        return yaml.safe_dump([value], allow_unicode=True, sort_keys=False, width=1_000)


@dataclass
class Sheet:
    """The file, as far as it is written."""

    file: Path
    text: str = HEAD
    questions: list[str] = field(default_factory=list)
    chunks: set[str] = field(default_factory=set)
    """Passages that were asked about, with or without a question that was kept."""

    @classmethod
    def open(cls, file: Path) -> "Sheet":
        """What an earlier run, or a person, has left; a new one where there is none.

        Raises:
            NotFound: the file is there, and is no list of questions.
        """
        if not file.exists():
            return cls(file)
        try:
            text = file.read_text(encoding="utf-8")
            held = yaml.safe_load(text) or []
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise NotFound(
                f"{file} cannot be read as golden questions: {error}; correct it, or give another --out"
            ) from error
        if not isinstance(held, list) or not all(isinstance(each, dict) for each in held):
            raise NotFound(f"{file} is no list of golden questions: correct it, or give another --out")
        drafted = [each.get("drafted") for each in held]
        return cls(
            file,
            text if text.endswith("\n") else f"{text}\n",
            [str(each.get("question", "")) for each in held],
            {str(each["chunk"]) for each in drafted if isinstance(each, dict) and each.get("chunk")} | _asked(text),
        )

    def add(self, chunk: str, entries: Iterable[Entry]) -> None:
        """Write the questions of one passage, all or none; the passage is not asked about again.

        Raises:
            DiskFull: there is no space left.
        """
        made = list(entries)
        self.text += "".join(entry.block() for entry in made) or f"{_ASKED}{chunk}\n"
        self.chunks.add(chunk)
        self.questions += [entry.question for entry in made]
        write_atomically(self.file, self.text)


_ASKED = "# no question kept of "


def _asked(text: str) -> set[str]:
    return {line.removeprefix(_ASKED).strip() for line in text.splitlines() if line.startswith(_ASKED)}
