"""The part of a web page that a visitor came for: without menus, banners, footers and lists of links."""

import re

from lxml.html import HtmlElement

_NEVER = ("script", "style", "noscript", "template", "iframe", "svg", "canvas", "object", "embed", "audio", "video",
          "button", "select", "input", "textarea", "dialog", "nav", "link", "meta", "map")  # fmt: skip
_AROUND = ("header", "footer", "aside")
_ROLES = ("navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alertdialog", "menu", "menubar")
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|sidebar|footer|site-header|topbar|cookies?|consent|gdpr|ads?|"
    r"advert\w*|share|sharing|social|comments?|related|recommend\w*|pagination|pager|subscribe|newsletter|popup|modal|"
    r"toolbar|skip-?link|copyright)(?:$|[\s_-])",
    re.IGNORECASE,
)
_SURE = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|breadcrumbs?|copyright|skip-?link)(?:$|[\s_-])", re.IGNORECASE
)
_LINKED = 0.5
_FEW_LINKS = 3
_WHOLE = 0.3
"""Share of the page's text that a <main> or <article> must hold to be the page's substance."""


def main(root: HtmlElement) -> HtmlElement:
    """The element to read, with everything around the substance removed below it; changes the tree."""
    body = root.find(".//body")
    page = body if body is not None else root
    for element in list(page.iter(*_NEVER)):
        _drop(element)
    for element in list(page.iter()):
        if isinstance(element.tag, str) and element is not page and _is_around(element):
            _drop(element)
    for element in list(page.iter("div", "ul", "ol", "section", "table")):
        if element is not page and _is_links(element):
            _drop(element)
    return _substance(page)


def _substance(page: HtmlElement) -> HtmlElement:
    whole = _length(page)
    marked = page.xpath(".//main | .//*[@role='main']") or page.xpath(".//article")
    if not isinstance(marked, list):
        return page
    elements = [element for element in marked if isinstance(element, HtmlElement)]
    best = max(elements, key=_length, default=None)
    return best if best is not None and _length(best) >= _WHOLE * whole else page


def _is_around(element: HtmlElement) -> bool:
    inside = any(ancestor.tag in ("main", "article") for ancestor in element.iterancestors())
    if element.tag in _AROUND and not inside:
        return True
    if element.get("role") in _ROLES:
        return True
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    if element.tag in ("main", "article", "body") or not _NAMES.search(name):
        return False
    return bool(_SURE.search(name)) or _link_share(element) > _LINKED


def _is_links(element: HtmlElement) -> bool:
    """Whether it is nothing but a list of links: at least three of them, and hardly any text between."""
    links = sum(1 for _ in element.iter("a"))
    return links >= _FEW_LINKS and _link_share(element) > 0.8


def _link_share(element: HtmlElement) -> float:
    text = _length(element)
    return sum(_length(link) for link in element.iter("a")) / text if text else 1.0


def _length(element: HtmlElement) -> int:
    return len("".join("".join(str(part) for part in element.itertext()).split()))


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()
