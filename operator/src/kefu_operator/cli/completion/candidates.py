"""What may follow the words of a command line, read off the parsers themselves, so that no list can fall behind them."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag


class Directive(IntFlag):
    """What the shell is to do with the candidates; the numbers are those of cobra, which kubectl's completion understands."""

    DEFAULT = 0
    """Files may follow too."""
    NO_FILES = 4


@dataclass(frozen=True)
class Completion:
    """Candidates, each with a word on what it is."""

    words: tuple[tuple[str, str], ...]
    directive: Directive


def complete(parser: argparse.ArgumentParser, words: Sequence[str]) -> Completion:
    """What the last of the words may become.

    Args:
        parser: of the whole command, with the subcommands that the words name.
        words: those after the command's name; the last one is being typed, and may be empty.
    """
    *before, prefix = words or [""]
    parser, rest = _descend(parser, before)
    option = _expecting(parser, rest)
    if option is not None:
        return _values(option, prefix)
    if prefix.startswith("-"):
        named = [(flag, action.help or "") for action in parser._actions for flag in action.option_strings]
        return Completion(_starting(prefix, named), Directive.NO_FILES)
    positional = _next_positional(parser, rest)
    return _values(positional, prefix) if positional else Completion((), Directive.NO_FILES)


def _descend(parser: argparse.ArgumentParser, words: Sequence[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser of the innermost subcommand that the words name, and the words after that name."""
    for place, word in enumerate(words):
        found = _subparsers(parser)
        if found and word in found.choices:
            return _descend(found.choices[word], words[place + 1 :])
    return parser, list(words)


def _expecting(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Action | None:
    """The option whose value comes next."""
    last = words[-1] if words else ""
    for action in parser._actions:
        if last in action.option_strings and action.nargs != 0:
            return action
    return None


def _next_positional(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Action | None:
    taken = 0
    for place, word in enumerate(words):
        is_value = place > 0 and _expecting(parser, words[:place]) is not None
        taken += not word.startswith("-") and not is_value
    positionals = [action for action in parser._actions if not action.option_strings]
    for action in positionals:
        if action.nargs in ("*", "+"):
            return action
        if taken == 0:
            return action
        taken -= 1
    return None


def _values(action: argparse.Action, prefix: str) -> Completion:
    if isinstance(action, argparse._SubParsersAction):
        helps = {each.dest: each.help or "" for each in action._choices_actions}
        return Completion(
            _starting(prefix, [(name, helps.get(name, "")) for name in action.choices]), Directive.NO_FILES
        )
    if action.choices:
        return Completion(_starting(prefix, [(str(choice), "") for choice in action.choices]), Directive.NO_FILES)
    return Completion((), Directive.DEFAULT)


def _subparsers(
    parser: argparse.ArgumentParser,
) -> "argparse._SubParsersAction[argparse.ArgumentParser] | None":
    return next((each for each in parser._actions if isinstance(each, argparse._SubParsersAction)), None)


def _starting(prefix: str, named: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((word, text) for word, text in named if word.startswith(prefix) and text != argparse.SUPPRESS))
