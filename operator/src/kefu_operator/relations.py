"""Who must be looked at when something changes: small projections of what was seen, never bodies.

All of it can be lost at any time; the next list brings it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic import ValidationError

from kefu_operator import naming
from kefu_operator.desired.types import Object
from kefu_operator.informers.names import Names
from kefu_operator.informers.store import Index, Place
from kefu_operator.parsing import chatbot_of
from kefu_operator.queue import Key
from kefu_operator.resources import CHATBOTS, INDEXES, JOBS, PODS

ENGINES = "Engine"
"""Kind of the keys under which engines are reconciled."""


def engine_key(namespace: str, engine: str) -> Key:
    """The key of an engine."""
    return Key(ENGINES, namespace, engine)


_UNTOLD = (None, None, None, None, False)
"""Of releases, before the first status."""
_Asked = tuple[str, int, bool]
"""What users change of an object: its uid, its generation, and whether it is to be deleted."""


@dataclass(frozen=True, slots=True)
class _Chatbot:
    asked: _Asked
    """While it is the same, so is what the chatbot wants."""
    releases: tuple[object, ...]
    """What its status tells of them."""
    wanted: frozenset[str]
    """Its engine, and the volumes that it shares with others."""
    engines: frozenset[str]
    """The same, and what its status says that it is served by; mostly the same set."""
    indexes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Index:
    asked: _Asked
    shown: tuple[object, ...]
    """What chatbots tell of it."""
    config_maps: frozenset[str]
    held: bool
    """Whether our finalizer is on it."""


class Relations:
    """What refers to what."""

    def __init__(self, engines: Index) -> None:
        self._engines = engines
        self._chatbots: dict[Place, _Chatbot] = {}
        self._indexes: dict[Place, _Index] = {}
        self._of_engines, self._of_indexes, self._of_config_maps = _Users(), _Users(), _Users()

    def chatbot_seen(self, found: Object, *, gone: bool = False) -> list[Key]:
        """A chatbot came, changed or went: the keys to reconcile, its engine before itself."""
        at = namespace, name = _place(found)
        before = self._chatbots.pop(at, None)
        after = None if gone else self._project(found, before)
        if after:
            self._chatbots[at] = after
        if before and after and _tell_the_same(before, after):
            return [Key(CHATBOTS.kind, *at)]
        old, new = (each.engines if each else frozenset() for each in (before, after))
        self._of_engines.change(at, old, new)
        self._of_indexes.change(at, before.indexes if before else (), after.indexes if after else ())
        engines = old | new
        keys = [engine_key(namespace, engine) for engine in sorted(engines)]
        # Those that share an engine with it tell how many replicas it has.
        return [*keys, Key(CHATBOTS.kind, *at), *(key for key in self._sharers(namespace, engines) if key.name != name)]

    def chatbot_gone(self, found: Object) -> list[Key]:
        """A chatbot went: the keys to reconcile."""
        return self.chatbot_seen(found, gone=True)

    def index_gone(self, found: Object) -> list[Key]:
        """An index went: the keys to reconcile."""
        return self.index_seen(found, gone=True)

    def index_seen(self, found: Object, *, gone: bool = False) -> list[Key]:
        """An index came, changed or went: the keys to reconcile."""
        at = _place(found)
        before, after = self._indexes.pop(at, None), None if gone else _project_index(found)
        if after:
            self._indexes[at] = after
        self._of_config_maps.change(at, before.config_maps if before else (), after.config_maps if after else ())
        keys = [Key(INDEXES.kind, *at)]
        if (before and before.shown) != (after and after.shown):
            keys += [Key(CHATBOTS.kind, at[0], user) for user in self._of_indexes.names(*at)]
        return keys

    def config_map_seen(self, found: Object) -> list[Key]:
        """A ConfigMap of a user's came, changed or went: the indexes that it is a source or a golden set of."""
        namespace, name = _place(found)
        return [Key(INDEXES.kind, namespace, user) for user in self._of_config_maps.names(namespace, name)]

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
            sharers = self._sharers(namespace, {engine})
            keys += [engine_key(namespace, engine), *self._built_by(found, sharers), *sharers]
        return keys

    def written(self, found: Object) -> list[Key]:
        """We wrote this: who else must look at it.

        An engine and a chatbot look themselves at what they wrote; the watch says nothing more of it, nor of what was changed before and
        came with the answer to our write: what of that nobody has seen is looked at.
        """
        kind, at = found["kind"], _place(found)
        if kind in (CHATBOTS.kind, INDEXES.kind):
            before = self._chatbots.get(at) if kind == CHATBOTS.kind else self._indexes.get(at)
            seen = self.chatbot_seen(found) if kind == CHATBOTS.kind else self.index_seen(found)
            lost = isinstance(before, _Index) and before.held and not _is_held(found)
            news = before is None or before.asked != _asked(found) or lost
            return [key for key in seen if news or key != Key(kind, *at)]
        if kind == PODS.kind:
            # Its kubelet was nudged. What became of the pod before was read earlier, if at all.
            return self.child_seen(found)
        return [
            key
            for key in self.child_seen(found)
            if key.kind == INDEXES.kind or (key.kind == CHATBOTS.kind and naming.ENGINE in found["metadata"]["labels"])
        ]

    def behind(self, key: Key) -> list[Key]:
        """The keys that one waits for: a chatbot tells how its engine is."""
        chatbot = self._chatbots.get((key.namespace, key.name)) if key.kind == CHATBOTS.kind else None
        return [engine_key(key.namespace, engine) for engine in chatbot.engines] if chatbot else []

    def everything(self) -> list[Key]:
        """All keys that are known."""
        indexes = [Key(INDEXES.kind, *place) for place in self._indexes]
        engines = sorted({(place[0], engine) for place, each in self._chatbots.items() for engine in each.engines})
        chatbots = [Key(CHATBOTS.kind, *place) for place in self._chatbots]
        return [*indexes, *(engine_key(*engine) for engine in engines), *chatbots]

    def _project(self, found: Object, before: _Chatbot | None) -> _Chatbot:
        asked, releases, beside = _asked(found), _releases(found), self._engines.beside(found)
        if before and before.asked == asked:
            engines = _and(before.wanted, beside)
            same = (releases, engines) == (before.releases, before.engines)
            return before if same else replace(before, releases=releases, engines=engines)
        try:
            spec = chatbot_of(found).spec
        except ValidationError:
            return _Chatbot(asked, releases, frozenset(), frozenset(beside), frozenset())
        indexes = frozenset(index.name for index in spec.knowledge)
        wanted = frozenset(self._engines.of_spec(found))
        return _Chatbot(asked, releases, wanted, _and(wanted, beside), indexes)

    def _built_by(self, found: Object, sharers: Iterable[Key]) -> list[Key]:
        """The engines that wait for a build."""
        if found.get("kind") != JOBS.kind:
            return []
        engines = {engine for key in sharers for engine in self._chatbots[key.namespace, key.name].engines}
        return [engine_key(found["metadata"]["namespace"], engine) for engine in sorted(engines)]

    def _sharers(self, namespace: str, engines: Iterable[str]) -> list[Key]:
        names = {user for engine in engines for user in self._of_engines.names(namespace, engine)}
        return [Key(CHATBOTS.kind, namespace, name) for name in sorted(names)]


class _Users:
    """Who refers to a thing, by the thing."""

    def __init__(self) -> None:
        self._names: Names[Place] = Names()

    def change(self, user: Place, before: Iterable[str], after: Iterable[str]) -> None:
        """What a user referred to, and refers to now; both are of its namespace."""
        namespace, name = user
        for thing in before:
            self._names.discard((namespace, thing), name)
        for thing in after:
            self._names.add((namespace, thing), name)

    def names(self, namespace: str, thing: str) -> list[str]:
        """Users of a thing, in order."""
        return self._names.under((namespace, thing))


def _and(wanted: frozenset[str], beside: tuple[str, ...]) -> frozenset[str]:
    return wanted if wanted.issuperset(beside) else wanted.union(beside)


def _place(found: Object) -> Place:
    return found["metadata"]["namespace"], found["metadata"]["name"]


def _asked(found: Object) -> _Asked:
    meta = found["metadata"]
    return str(meta.get("uid", "")), int(meta.get("generation", 0)), "deletionTimestamp" in meta


def _releases(found: Object) -> tuple[object, ...]:
    """What of a chatbot's releases its engines depend on: not what is measured."""
    told = (found.get("status") or {}).get("releases") or {}
    return _told(
        told.get("stable"), told.get("candidate"), told.get("weight"), told.get("candidateReplicas"), "rejected" in told
    )


@lru_cache(256)
def _told(*releases: object) -> tuple[object, ...]:
    """One object for all chatbots of which the same is told: mostly that r1 is stable."""
    return releases


def _tell_the_same(before: _Chatbot, after: _Chatbot) -> bool:
    """Whether engines learn nothing: nor do they by the first word of a status, which is that the spec's release is stable."""
    first = before.releases == _UNTOLD and not any(after.releases[1:])
    return before == after or (first and replace(before, releases=after.releases) == after)


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
    return _Index(_asked(found), shown, frozenset(name for name in names if name), _is_held(found))


def _is_held(found: Object) -> bool:
    """Whether our finalizer is on an index: somebody may take it off, and no generation tells of that."""
    return naming.FINALIZER in found["metadata"].get("finalizers", ())
