"""What every document goes through once it is text: no invisible characters, no instructions to the model."""

from dataclasses import replace

from kefu_retrieval.sources.cleaning import instructions, invisible
from kefu_retrieval.sources.cleaning.unseen import quoted
from kefu_retrieval.sources.document import FaqEntry, Page, Reading


def clean(reading: Reading) -> Reading:
    """The same documents without what must not be indexed; what was taken away is omitted with the reason."""
    found = Reading(omissions=reading.omissions)
    for entry in reading.entries:
        _entry(found, entry)
    for page in reading.pages:
        _page(found, page)
    return found


def _entry(reading: Reading, entry: FaqEntry) -> None:
    texts = _texts(reading, entry.document, (entry.question, entry.answer, *entry.variants))
    if texts is None:
        reading.entries.append(entry)
        return
    question, answer, *variants = (text.strip() for text in texts)
    if not question or not answer:
        reading.omit(entry.document, "nothing is left of its question or answer; word it for customers")
        return
    kept = tuple(variant for variant in variants if variant)
    reading.entries.append(replace(entry, question=question, answer=answer, variants=kept))


def _page(reading: Reading, page: Page) -> None:
    place = page.document if page.page is None else f"{page.document}#page={page.page}"
    texts = _texts(reading, place, (page.title, page.body))
    if texts is None:
        reading.pages.append(page)
        return
    title, body = texts
    if not body.strip():
        reading.omit(place, "nothing is left of its text; word it for customers")
        return
    fallback = page.document.rpartition("/")[2]
    reading.pages.append(replace(page, title=title.strip() or fallback, body=body))


def _texts(reading: Reading, place: str, texts: tuple[str, ...]) -> list[str] | None:
    """The texts without what must not be indexed, reported once a place; None where nothing had to go."""
    cleaned: list[str] = []
    count, spelt = 0, ""
    dropped: list[str] = []
    for text in texts:
        visible, invisibles, message = invisible.take_out(text)
        count, spelt = count + invisibles, spelt + message
        kept, sentences = instructions.drop(visible)
        dropped += sentences
        cleaned.append(kept)
    if count >= invisible.SUSPICIOUS or spelt:
        says = f" that spell {quoted(spelt)}" if spelt.strip() else ""
        reading.omit(f"{place}#invisible", f"{count} invisible characters{says} were taken out; remove them")
    if dropped:
        more = f" and {len(dropped) - 1} more" if len(dropped) > 1 else ""
        reading.omit(
            f"{place}#instructions",
            f"speaks to the language model, not to customers: {quoted(dropped[0])}{more}; remove it, or word it otherwise",
        )
    return cleaned if cleaned != list(texts) else None
