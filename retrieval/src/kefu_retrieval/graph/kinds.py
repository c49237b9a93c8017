"""Which classes are kinds of others, told by their names: 入耳式耳机 ends in 耳机, in-ear headphones in headphones."""

import re
from collections.abc import Iterable, Mapping

from kefu_retrieval.graph import words
from kefu_retrieval.graph.facts import Facts, Under
from kefu_retrieval.graph.phrases import tokens
from kefu_retrieval.sources.text.language import HAN

_HAN = re.compile(f"[{HAN}]")


def settle(facts: Facts) -> None:
    """Add the classes that those seen are kinds of, and the words for all of them."""
    known = words.classes()
    names = {text: name for name, said in known.items() for text in said}
    names |= {text: name for name, said in facts.classes.items() for text in said}
    by_tokens = {tokens(text): name for text, name in names.items()}
    waiting = list(facts.classes)
    while waiting:
        name = waiting.pop()
        for wide in _heads({name, *facts.classes[name]}, by_tokens) - {name}:
            facts.under.add(Under(name, wide))
            if wide not in facts.classes:
                facts.classes[wide] = set()
                waiting.append(wide)
    for name, said in facts.classes.items():
        said |= {name, *known.get(name, ())}


def _heads(said: Iterable[str], by_tokens: Mapping[tuple[str, ...], str]) -> set[str]:
    """Classes whose whole name these names end in; one character alone is too little to tell."""
    found = set()
    for text in said:
        parts = tokens(text)
        tails = (parts[start:] for start in range(1, len(parts)))
        tail = next(
            (tail for tail in tails if tail in by_tokens and not (len(tail) == 1 and _HAN.match(tail[0]))), None
        )
        found |= {by_tokens[tail]} if tail else set()
    return found
