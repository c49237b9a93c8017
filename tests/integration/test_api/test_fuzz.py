"""Mutations of valid objects before both judges: whatever is dropped, renamed or retyped, their verdicts agree."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kefu_api.validation.objects import check_kind
from tests.corpus.cases import Case, cases
from tests.integration.test_api.server import Server

EXAMPLES = 150
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    2.0,
    2.5,
    10**12,
    "",
    "x",
    "0",
    "1",
    "5m",
    "4Gi",
    "0.5",
    "faq",
    "中文",
    [],
    {},
    [1],
    {"a": 1},
    [None],
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values below."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*path, step)
        yield from places(item, (*path, step))


@st.composite
def mutations(draw: st.DrawFn) -> Case:
    """A valid case of the corpus with one to three mistakes in its spec."""
    case = draw(st.sampled_from(cases(valid=True)))
    document = copy.deepcopy(case.object)
    for _ in range(draw(st.integers(1, 3))):
        known = list(places(document["spec"], ("spec",)))
        if known:
            _mutate(draw, document, draw(st.sampled_from(known)))
    return Case(case.id, case.kind, document, valid=False)


def _mutate(draw: st.DrawFn, document: dict[str, Any], path: tuple[Any, ...]) -> None:
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    how = draw(st.sampled_from(["drop", "rename", "retype", "double"]))
    if how == "drop":
        del parent[path[-1]]
    elif how == "rename" and isinstance(parent, dict):
        name = path[-1]
        parent[draw(st.sampled_from([name + "s", name.upper(), name.capitalize(), "_" + name, name[:-1] or "q"]))] = (
            parent.pop(name)
        )
    elif how == "double" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    else:
        parent[path[-1]] = copy.deepcopy(draw(st.sampled_from(VALUES)))


def test_both_judges_agree_on_mutations(server: Server) -> None:
    """Bounded, and the same mutations in every run, so that a disagreement can be seen again."""

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(mutations())
    def agree(case: Case) -> None:
        ours = check_kind(case.object, case.kind)
        theirs = server.create(case.kind, case.object)
        assert theirs.accepted == (not ours), (
            f"{case.object}\nours: {[str(found) for found in ours]}\ntheirs: {theirs.message}"
        )

    agree()
