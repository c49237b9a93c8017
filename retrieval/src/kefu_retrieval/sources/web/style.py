"""What style sheets inside a page and style attributes say of its elements: enough to know what a reader cannot see."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

Declarations = dict[str, str]
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE = re.compile(r"\A([a-z][a-z0-9]*)?(?:([.#])([\w-]+))?\Z", re.IGNORECASE)
MAX_RULES = 5_000


@dataclass
class Sheet:
    """Declarations by simple selectors (`tag`, `.class`, `#id`, `tag.class`); others are not looked at."""

    rules: dict[tuple[str, str, str], Declarations]

    def of(self, element: HtmlElement) -> Declarations:
        """What holds for one element, its own style last."""
        found: Declarations = {}
        tag = str(element.tag).lower()
        marks = [("", "")]
        marks += [(".", name) for name in (element.get("class") or "").split()]
        if element.get("id"):
            marks.append(("#", element.get("id") or ""))
        for kind, name in marks:
            for of_tag in ("", tag):
                found |= self.rules.get((of_tag, kind, name), {})
        return found | declarations(element.get("style") or "")


def read(texts: list[str]) -> Sheet:
    """The rules of these style sheets that hold on every screen (no `@media`)."""
    rules: dict[tuple[str, str, str], Declarations] = {}
    for text in texts:
        for selectors, body in _rules(_COMMENT.sub("", text)):
            stated = declarations(body)
            for selector in selectors.split(","):
                match = _SIMPLE.match(selector.strip())
                if match and selector.strip() and len(rules) < MAX_RULES:
                    key = ((match[1] or "").lower(), match[2] or "", match[3] or "")
                    rules[key] = rules.get(key, {}) | stated
    return Sheet(rules)


def declarations(text: str) -> Declarations:
    """`property: value` pairs in lower case."""
    pairs = (part.partition(":") for part in text.lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs if value.strip()}


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Selectors and bodies at the outermost level; blocks of at-rules are skipped as a whole."""
    depth, start, selectors = 0, 0, ""
    for match in re.finditer("[{}]", text):
        if match[0] == "{":
            if depth == 0:
                selectors, start = text[start : match.start()].strip(), match.end()
            depth += 1
        else:
            depth = max(0, depth - 1)
            if depth == 0:
                if selectors and not selectors.startswith("@"):
                    yield selectors, text[start : match.start()]
                selectors, start = "", match.end()
