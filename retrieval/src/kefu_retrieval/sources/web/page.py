"""Web pages: their main text as Markdown, without what only surrounds it and without what nobody can see."""

import re

from lxml import etree, html
from lxml.html import HtmlElement

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.cleaning import unseen
from kefu_retrieval.sources.document import Page, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.text import encoding, language
from kefu_retrieval.sources.web import hidden, main, markdown

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_SEPARATOR = re.compile(r"\s+[|·–—_-]\s+\S+\Z")


def parse(file: File) -> Reading:
    """One page.

    Raises:
        DocumentRefused: there is no text to be seen.
    """
    root = _tree(file.data)
    title = _title(root)
    reading = Reading()
    unseen.report(reading, file.place, hidden.take_out(root))
    body = markdown.render(main.main(root))
    if not body:
        raise DocumentRefused(
            "shows no text; perhaps a script writes it: give the page as it is after that, or Markdown"
        )
    title = title or _heading(body) or file.stem
    reading.pages.append(Page(file.place, title[: limits.TITLE], body, language.detect(body)))
    return reading


def _tree(data: bytes) -> HtmlElement:
    declared = _CHARSET.search(data[:4096])
    text = _DECLARATION.sub("", encoding.decode(data, declared[1].decode("ascii") if declared else None))
    text = text.replace("\0", "")
    try:
        root = html.document_fromstring(
            text, parser=html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise DocumentRefused(f"no web page that can be read: {error}; save it again") from error
    return root


def _title(root: HtmlElement) -> str:
    """The <title> without the site's name behind it; else nothing."""
    found = root.findtext(".//title") or ""
    title = " ".join(found.split())
    return _SEPARATOR.sub("", title) or title


def _heading(body: str) -> str:
    return next((line.lstrip("#").strip() for line in body.split("\n") if line.startswith("#")), "")
