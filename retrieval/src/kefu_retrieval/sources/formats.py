"""Which parser reads which format, where it runs, and what becomes of a file that it refuses."""

from collections.abc import Callable, Mapping
from importlib import import_module

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits, sniff
from kefu_retrieval.sources.cleaning.clean import clean
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.sniff import Format

Parser = Callable[[File], Reading]

APART: frozenset[Format] = frozenset({"HTML", "PDF", "DOCX", "XLSX", "Image"})
"""Formats whose parsers are large and complicated: they run in a child process with bounds, and are imported there alone."""
_FOLDER = "kefu_retrieval.sources"
_FAQ = {".csv": "tables.delimited:parse_faq", ".tsv": "tables.delimited:parse_faq", ".xlsx": "tables.spreadsheet:parse_faq",
        ".json": "tables.jsonl:parse_faq", ".jsonl": "tables.jsonl:parse_faq", ".ndjson": "tables.jsonl:parse_faq"}  # fmt: skip
_PARSERS: Mapping[Format, str] = {
    "FAQ": "faq.entries:parse",
    "Markdown": "markdown:parse",
    "HTML": "web.page:parse",
    "PDF": "pdf.pages:parse",
    "DOCX": "word.body:parse",
    "XLSX": "tables.spreadsheet:parse_records",
    "CSV": "tables.delimited:parse_records",
    "JSONL": "tables.jsonl:parse_records",
    "Image": "pictures.picture:parse",
}
_GUESSING: Mapping[Format, str] = {
    "XLSX": "tables.spreadsheet:parse",
    "CSV": "tables.delimited:parse",
    "JSONL": "tables.jsonl:parse",
}
"""Of tables whose source leaves it open whether their rows are FAQ entries."""


def settle(file: File, declared: str) -> Format:
    """The format to read the file in.

    Raises:
        DocumentRefused: it is empty or too large, or not in the declared format, or in none.
    """
    if not file.data.strip():
        raise DocumentRefused("empty; write some text or remove the file")
    form = sniff.check(file, declared) if declared != "Auto" else sniff.tell(file)
    if form not in APART and len(file.data) > limits.TEXT_BYTES:
        raise DocumentRefused(f"larger than {limits.TEXT_BYTES // limits.MIB} MiB; split the file")
    return form


def is_apart(file: File, form: Format) -> bool:
    """Whether the file is parsed in the child process."""
    return form in APART or (form == "FAQ" and file.name.lower().endswith(".xlsx"))


def parse(file: File, form: Format, *, guessing: bool) -> Reading:
    """Parse and clean one file, here and now; a refused one is omitted.

    Args:
        file: the file.
        form: what `settle` says.
        guessing: the source's format is Auto, so that rows of a table may be FAQ entries.
    """
    try:
        reading = _parser(file, form, guessing=guessing)(file)
    except DocumentRefused as error:
        return Reading.omitting(file.place, str(error))
    except ModuleNotFoundError as error:
        return Reading.omitting(file.place, f"reading {form} needs {error.name}; install kefu-retrieval[documents]")
    if not reading.documents and not reading.omissions:
        reading.omit(file.place, "holds no entry, record or text; add some, or remove the file")
    return clean(reading)


def _parser(file: File, form: Format, *, guessing: bool) -> Parser:
    ending = file.name[file.name.rfind(".") :].lower() if "." in file.name else ""
    if form == "FAQ":
        chosen = _FAQ.get(ending, _PARSERS["FAQ"])
    else:
        chosen = _GUESSING.get(form, _PARSERS[form]) if guessing else _PARSERS[form]
    module, _, name = chosen.partition(":")
    found: Parser = getattr(import_module(f"{_FOLDER}.{module}"), name)
    return found
