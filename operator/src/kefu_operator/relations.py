"""Who must be looked at when something changes: small projections of what was seen, never bodies.

All of it can be lost at any time; the next list brings it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.plan.engine import engine_name
from kefu_operator.queue import Key
from kefu_operator.resources import CHATBOTS, INDEXES

ENGINES = "Engines"
"""Kind of the keys under which all engines of a namespace are reconciled."""


def engines_key(namespace: str) -> Key:
    """The key of a namespace's engines."""
    return Key(ENGINES, namespace, "")


@dataclass(frozen=True)
class _Chatbot:
    generation: int
    engine: str | None
    indexes: frozenset[str]


@dataclass(frozen=True)
class _Index:
    shown: tuple[object, ...]
    """What chatbots tell of it."""
    config_maps: frozenset[str]


class Relations:
    """What refers to what."""

    def __init__(self) -> None:
        self._chatbots: dict[tuple[str, str], _Chatbot] = {}
        self._indexes: dict[tuple[str, str], _Index] = {}

    def chatbot_seen(self, found: Object, *, gone: bool) -> list[Key]:
        """A chatbot came, changed or went: the keys to reconcile."""
        at = _place(found)
        before, after = self._chatbots.pop(at, None), None if gone else _project_chatbot(found)
        if after:
            self._chatbots[at] = after
        keys = [Key(CHATBOTS.kind, *at)]
        if before != after:
            keys.append(engines_key(at[0]))
            # Those that share an engine with it tell how many replicas it has.
            keys += self._engine_users(at[0], {each.engine for each in (before, after) if each})
        return keys

    def index_seen(self, found: Object, *, gone: bool) -> list[Key]:
        """An index came, changed or went: the keys to reconcile."""
        namespace, name = at = _place(found)
        before, after = self._indexes.pop(at, None), None if gone else _project_index(found)
        if after:
            self._indexes[at] = after
        keys = [Key(INDEXES.kind, *at)]
        if (before and before.shown) != (after and after.shown):
            keys += [
                Key(CHATBOTS.kind, *place)
                for place, chatbot in self._chatbots.items()
                if place[0] == namespace and name in chatbot.indexes
            ]
        return keys

    def config_map_seen(self, namespace: str, name: str) -> list[Key]:
        """A ConfigMap of a user's came, changed or went: the indexes that it is a source or a golden set of."""
        return [
            Key(INDEXES.kind, *place)
            for place, index in self._indexes.items()
            if place[0] == namespace and name in index.config_maps
        ]

    def child_seen(self, found: Object) -> list[Key]:
        """Something that we made came, changed or went: its owners."""
        meta = found["metadata"]
        labels, namespace = meta.get("labels") or {}, meta["namespace"]
        keys = []
        kind, _, name = labels.get(naming.OWNED_BY, "").partition(".")
        if kind in (CHATBOTS.kind, INDEXES.kind):
            keys.append(Key(kind, namespace, name))
        engine = labels.get(naming.ENGINE)
        if engine:
            keys += [engines_key(namespace), *self._engine_users(namespace, {engine})]
        return keys

    def everything(self) -> list[Key]:
        """All keys that are known."""
        chatbots = [Key(CHATBOTS.kind, *place) for place in self._chatbots]
        indexes = [Key(INDEXES.kind, *place) for place in self._indexes]
        return [*indexes, *map(engines_key, sorted({key.namespace for key in chatbots})), *chatbots]

    def _engine_users(self, namespace: str, engines: Iterable[str | None]) -> list[Key]:
        wanted = set(engines) - {None}
        return [
            Key(CHATBOTS.kind, *place)
            for place, chatbot in self._chatbots.items()
            if place[0] == namespace and chatbot.engine in wanted
        ]


def _place(found: Object) -> tuple[str, str]:
    return found["metadata"]["namespace"], found["metadata"]["name"]


def _project_chatbot(found: Object) -> _Chatbot:
    generation = found["metadata"].get("generation", 0)
    try:
        spec = ChatbotDeployment.model_validate(found).spec
    except ValidationError:
        return _Chatbot(generation, None, frozenset())
    return _Chatbot(
        generation, engine_name(found["metadata"]["name"], spec), frozenset(index.name for index in spec.knowledge)
    )


def _project_index(found: Object) -> _Index:
    status = found.get("status") or {}
    told = {each["type"]: each for each in status.get("conditions", ())}
    ready = told.get("Ready", {})
    shown = (
        found["metadata"].get("uid"),
        (status.get("published") or {}).get("version"),
        told.get("StoreReady", {}).get("status"),
        told.get("Progressing", {}).get("status"),
        ready.get("status"),
        ready.get("reason"),
        ready.get("message"),
    )
    sources = found.get("spec", {}).get("sources", ())
    questions = found.get("spec", {}).get("evaluation", {}).get("questions", {})
    names = (place.get("configMap", {}).get("name") for place in (*sources, questions))
    return _Index(shown, frozenset(name for name in names if name))
