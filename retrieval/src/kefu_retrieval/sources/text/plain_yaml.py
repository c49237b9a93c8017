"""YAML without aliases: a few nested ones expand to gigabytes (the "billion laughs" attack)."""

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "YAML aliases are not allowed", event.start_mark)
        return super().compose_node(parent, index)


def load(text: str) -> object:
    """The document in `text`.

    Raises:
        yaml.YAMLError: it is not YAML, or holds an alias.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (RecursionError, ValueError) as error:
        raise yaml.YAMLError(f"nested too deeply or an impossible value: {error}") from error
