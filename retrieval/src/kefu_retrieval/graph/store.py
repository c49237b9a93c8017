"""The embedded Cypher store: one database in memory for one version, filled once and read ever after.

Ladybug (MIT, the living fork of Kuzu) runs in process. Only its core is used, which needs no extension to be downloaded.
"""

import csv
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu_retrieval.errors import GraphFailed
from kefu_retrieval.graph.facts import ANY, Facts

MEMORY = 256 * 1024 * 1024
"""Bytes that one database may take; ten thousand products of ten attributes take about 60 MiB."""
SECONDS = 1.0
"""Longest time of one query."""
PREPARED = 256
"""Different queries whose plans a connection keeps; it would keep any number, and questions may have many shapes."""

_SCHEMA = (
    "CREATE NODE TABLE Product(id STRING PRIMARY KEY, name STRING, chunk STRING, whole BOOLEAN)",
    "CREATE NODE TABLE Class(name STRING PRIMARY KEY)",
    "CREATE NODE TABLE Model(name STRING PRIMARY KEY)",
    "CREATE NODE TABLE Attribute(key STRING PRIMARY KEY)",
    "CREATE NODE TABLE Policy(chunk STRING PRIMARY KEY, title STRING)",
    "CREATE NODE TABLE Topic(name STRING PRIMARY KEY)",
    "CREATE REL TABLE IS_A(FROM Product TO Class)",
    "CREATE REL TABLE UNDER(FROM Class TO Class)",
    "CREATE REL TABLE CALLED(FROM Product TO Model)",
    "CREATE REL TABLE HAS(FROM Product TO Attribute, text STRING, word STRING, low DOUBLE, high DOUBLE, unit STRING, flag BOOLEAN, chunk STRING)",
    "CREATE REL TABLE FITS(FROM Product TO Model, FROM Product TO Class, chunk STRING)",
    "CREATE REL TABLE EXCLUDES(FROM Product TO Model, FROM Product TO Class, chunk STRING)",
    "CREATE REL TABLE APPLIES_TO(FROM Policy TO Class, says STRING)",
    "CREATE REL TABLE ABOUT(FROM Policy TO Topic)",
)

_CSV = """HEADER=false, PARALLEL=false, AUTO_DETECT=false, DELIM=',', QUOTE='"', ESCAPE='"'"""
"""As Python writes it: what is guessed from the first lines, which may hold no quote, is wrong for the later ones."""

Parameters = Mapping[str, object]
Record = Sequence[Any]
_Cells = Iterable[Sequence[object]]


@dataclass(frozen=True)
class _Load:
    table: str
    rows: Callable[[Facts], _Cells]
    between: tuple[str, str] | None = None
    """Which nodes a relation joins, where it may join several kinds."""


_LOADS = (
    _Load("Product", lambda f: ((p.id, p.name, p.chunk, p.whole) for p in f.products.values())),
    _Load("Class", lambda f: ((name,) for name in {*f.classes, ANY})),
    _Load("Model", lambda f: ((name,) for name in _models(f))),
    _Load("Attribute", lambda f: ((key,) for key in dict.fromkeys(has.key for has in f.has))),
    _Load("Policy", lambda f: f.policies.items()),
    _Load("Topic", lambda f: ((topic,) for topic in dict.fromkeys(each.topic for each in f.about))),
    _Load("IS_A", lambda f: ((each.product, each.of) for each in f.is_a)),
    _Load("UNDER", lambda f: ((each.narrow, each.wide) for each in f.under)),
    _Load("CALLED", lambda f: ((each.product, each.model) for each in f.called)),
    _Load("HAS", lambda f: ((h.product, h.key, h.value.text, h.word, h.value.low, h.value.high, h.value.unit, h.value.flag,
                             h.chunk) for h in f.has)),
    *(
        _Load(
            "FITS" if fits else "EXCLUDES",
            lambda f, kind=kind, fits=fits: (  # type: ignore[misc]
                (each.product, each.target, each.chunk) for each in f.fits if (each.kind, each.fits) == (kind, fits)
            ),
            ("Product", kind),
        )
        for fits in (True, False)
        for kind in ("Model", "Class")
    ),
    _Load("APPLIES_TO", lambda f: ((each.chunk, each.of, each.says) for each in f.applies)),
    _Load("ABOUT", lambda f: ((each.chunk, each.topic) for each in f.about)),
)  # fmt: skip


class CypherStore:
    """Facts that can be asked; safe to call from several threads, of which one at a time is answered."""

    def __init__(self, facts: Facts) -> None:
        """Make the tables and fill them.

        Raises:
            GraphFailed: the library is not installed, or the facts do not fit.
        """
        try:
            import ladybug
        except ImportError as error:
            raise GraphFailed("spec.graph needs ladybug; install kefu-retrieval[graph]") from error
        self._lock = threading.Lock()
        try:
            self._database = ladybug.Database(":memory:", buffer_pool_size=MEMORY, max_num_threads=1)
            self._connect: Callable[[], Any] = lambda: ladybug.Connection(self._database, num_threads=1)
            self._connection = self._connect()
            self._prepared: set[str] = set()
            for statement in _SCHEMA:
                self._connection.execute(statement)
            self._fill(facts)
            self._connection.set_query_timeout(int(SECONDS * 1_000))
        except RuntimeError as error:
            raise GraphFailed(f"the graph cannot be built: {error}") from error

    def ask(self, cypher: str, parameters: Parameters) -> list[Record]:
        """Rows of one query.

        Raises:
            GraphFailed: it is no Cypher, or takes longer than `SECONDS`.
        """
        with self._lock:
            try:
                self._bound(cypher)
                result = self._connection.execute(cypher, dict(parameters))
                return [list(row) for row in (result[-1] if isinstance(result, list) else result).get_all()]
            except RuntimeError as error:
                raise GraphFailed(f"the graph cannot be asked: {error}") from error

    def _bound(self, cypher: str) -> None:
        self._prepared.add(cypher)
        if len(self._prepared) > PREPARED:
            self._connection.close()
            self._connection = self._connect()
            self._connection.set_query_timeout(int(SECONDS * 1_000))
            self._prepared = {cypher}

    def _fill(self, facts: Facts) -> None:
        """By way of CSV files: a row at a time would take minutes."""
        with tempfile.TemporaryDirectory(prefix="kefu-graph-") as name:
            for number, load in enumerate(_LOADS):
                file = Path(name) / f"{number}.csv"
                if _write(file, load.rows(facts)):
                    joins = f', from="{load.between[0]}", to="{load.between[1]}"' if load.between else ""
                    self._connection.execute(f'COPY {load.table} FROM "{file}" ({_CSV}{joins})')


def _models(facts: Facts) -> Iterable[str]:
    return dict.fromkeys([each.model for each in facts.called] + [e.target for e in facts.fits if e.kind == "Model"])


def _write(file: Path, rows: _Cells) -> int:
    lines = [[_cell(cell) for cell in row] for row in rows]
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(lines)
    return len(lines)


def _cell(value: object) -> object:
    return value.replace("\0", "").replace("\r", " ").replace("\n", " ") if isinstance(value, str) else value
