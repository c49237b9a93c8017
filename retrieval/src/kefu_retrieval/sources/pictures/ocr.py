"""Reading pictures of text with the program tesseract, Chinese and English together."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import groupby

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.text import joining

PROGRAM = "tesseract"
LANGUAGES = ("chi_sim", "eng")
_SURE = 60.0
"""Mean confidence (0 to 100) of a line below which it is a pattern in a picture, not text."""
_WORD_LEVEL = "5"


def read(picture: bytes, seconds: float = limits.OCR_PAGE_SECONDS) -> str:
    """The paragraphs on a picture (PNG), a blank line between them; empty where there is no text.

    Raises:
        DocumentRefused: tesseract is not there, lacks a language, fails, or takes longer than `seconds`.
    """
    _check()
    command = [PROGRAM, "stdin", "stdout", "-l", "+".join(LANGUAGES), "--psm", "3", "-c", "tessedit_create_tsv=1"]
    try:
        done = subprocess.run(command, input=picture, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise DocumentRefused(
            f"recognising its text took more than {seconds:.0f} s; scan it at 200 to 300 dpi"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DocumentRefused(f"its text could not be recognised ({said[-1][:120] if said else done.returncode})")
    return "\n\n".join(_paragraphs(done.stdout.decode("utf-8", "replace")))


@cache
def _languages() -> frozenset[str]:
    if shutil.which(PROGRAM) is None:
        return frozenset()
    listed = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, text=True, timeout=30, check=False)
    return frozenset(listed.stdout.split())


def _check() -> None:
    if shutil.which(PROGRAM) is None:
        raise DocumentRefused(
            "a picture of text, and the program tesseract is not installed; install tesseract-ocr and tesseract-ocr-chi-sim,"
            " or give a document whose text can be copied"
        )
    missing = [name for name in LANGUAGES if name not in _languages()]
    if missing:
        raise DocumentRefused(
            f"a picture of text, and tesseract lacks {missing[0]}; install tesseract-ocr-{missing[0].replace('_', '-')}"
        )


def _paragraphs(table: str) -> Iterator[str]:
    """Paragraphs out of tesseract's TSV: level, page, block, paragraph, line, word, box (4), confidence, text."""
    rows = [
        row for row in (line.split("\t") for line in table.splitlines()[1:]) if len(row) == 12 and row[0] == _WORD_LEVEL
    ]
    for _, paragraph in groupby(rows, key=lambda row: row[1:4]):
        lines = [_line(list(words)) for _, words in groupby(paragraph, key=lambda row: row[4])]
        text = joining.join(line for line in lines if line)
        if text:
            yield text


def _line(words: list[list[str]]) -> str:
    told = [(float(word[10]), word[11]) for word in words if word[11].strip()]
    letters = sum(len(text) for _, text in told)
    if not letters or sum(sure * len(text) for sure, text in told) / letters < _SURE:
        return ""
    return joining.close_up(" ".join(text for _, text in told))
