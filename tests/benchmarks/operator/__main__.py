"""`make bench-operator`: the operator beside a plain client-go controller that does the same writes.

etcd and kube-apiserver are real, and so are both processes; nothing runs the pods. The operator goes first; what it wrote is
read back as the peer's list of work. Then the two take turns, each time on a control plane of its own, and each time the other
goes first: how fast a machine is may change within minutes. Every chatbot has an engine of its own unless `--shared` is given.
Writes are counted and timed by the API server's audit log. Prints one Markdown table of medians, whose last line is the ratio of
the times to the last child (the operator's over the peer's, median of the rounds), and notes.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hack.cluster.apiserver import ControlPlane

from kefu_operator.client.connect import connect
from tests.benchmarks.operator import lasting
from tests.benchmarks.operator.audit import Child
from tests.benchmarks.operator.making import QUIET_SECONDS, Making, make
from tests.benchmarks.operator.subject import operator, peer
from tests.benchmarks.operator.work import work_list
from tests.integration.test_controller.chart import install_chart
from tests.integration.test_controller.cluster import OPERATOR_USER, Cluster, Object
from tests.integration.test_controller.objects import chatbot, config_map, index

MANY = 1000
"""Chatbots from which on the API server is set up for many objects, for both controllers alike."""
ESTABLISHING_SECONDS = 3
"""Whoever creates an object within 2 s of the birth of its CustomResourceDefinition is kept waiting for 2 s by the API server
(k8s.io/apiextensions-apiserver, customresource_handler.go)."""
SINGLES = 20
"""Chatbots that are made one at a time beside those that are settled."""


@dataclass(frozen=True)
class Aftermath:
    """What followed when the operator had made everything."""

    start_mib: float
    """Of memory, before it."""
    reconciles: int
    singles: Sequence[float]
    restart: Mapping[str, float]
    hour: Mapping[str, float]
    work: Object
    owners: Mapping[Child, str]


def main() -> int:
    """Measure and print; the exit code is 0 where every child came."""
    options = _options()
    count, rounds = (10, 1) if options.quick else (options.chatbots, options.rounds)
    made = [_chatbot(number, shared=options.shared) for number in range(count)]
    first, after = _operator_first(made, options.profile)
    ours, theirs = [first], []
    for turn in range(1 if options.alone else rounds):
        if turn % 2:
            theirs.append(_peer(made, after.work))
        if turn:
            ours.append(_operator(made))
        if turn % 2 == 0 and not options.alone:
            theirs.append(_peer(made, after.work))
    print("\n".join([*_table(ours, theirs, after, count), "", *_notes(ours, theirs)]))
    return 0


def _operator_first(made: list[Object], profile: Path | None) -> tuple[Making, Aftermath]:
    with _cluster(len(made)) as cluster:
        with operator(cluster, profile) as subject:
            _let_index_settle(cluster)
            start, before = subject.resident_mib, subject.metric(lasting.RECONCILES)
            making = make(cluster, subject, made)
            reconciles = subject.metric(lasting.RECONCILES) - before
            work, owners = asyncio.run(_read_back(cluster, making))
            singles = [lasting.one_more(cluster, _chatbot(len(made) + each, shared=False)) for each in range(SINGLES)]
        keys = len(made) + SINGLES
        return making, Aftermath(
            start,
            int(reconciles),
            sorted(singles),
            lasting.restart(cluster, keys),
            lasting.hour(cluster, keys),
            work,
            owners,
        )


def _operator(made: list[Object]) -> Making:
    with _cluster(len(made)) as cluster, operator(cluster) as subject:
        _let_index_settle(cluster)
        return make(cluster, subject, made)


def _peer(made: list[Object], work: Object) -> Making:
    with _cluster(len(made)) as cluster:
        with operator(cluster):
            _let_index_settle(cluster)
        with peer(cluster, work) as subject:
            return make(cluster, subject, made)


@contextmanager
def _cluster(chatbots: int) -> Iterator[Cluster]:
    """A control plane of its own with Kefu's chart, whose kinds may be written to at once."""
    with ControlPlane(many=chatbots > MANY) as plane:
        cluster = Cluster(plane, "default")
        install_chart(cluster)
        time.sleep(ESTABLISHING_SECONDS)
        yield cluster


def _let_index_settle(cluster: Cluster) -> None:
    cluster.apply(config_map(), index())
    cluster.until_reason("ki", "shop", "Published", "WaitingForStore")


async def _read_back(cluster: Cluster, making: Making) -> tuple[Object, dict[Child, str]]:
    async with connect(cluster.plane.kubeconfig) as client:
        return await work_list(client, cluster.namespace, making.trail.children)


def _chatbot(number: int, *, shared: bool) -> Object:
    context = 4096 if shared else 4096 + number
    return chatbot(f"bot-{number}", engine={"llamaCpp": {"contextLength": context}})


def _table(ours: Sequence[Making], theirs: Sequence[Making], after: Aftermath, count: int) -> list[str]:
    def both(ask: Callable[[Making], float]) -> tuple[float, float | None]:
        return median(map(ask, ours)), median(map(ask, theirs)) if theirs else None

    rows = [
        ("until the user's chatbots stand, s", both(lambda each: each.to_feed)),
        ("until the last child stands, s", both(lambda each: each.to_last_child)),
        ("until the last status is written, s", both(lambda each: each.to_last_status)),
        ("one chatbot, first write to last, p99, s", both(lambda each: _p99(each.trail.spans(after.owners)))),
        ("writes of children", both(lambda each: len(each.trail.children))),
        ("writes of statuses", both(lambda each: len(each.trail.statuses))),
        ("requests that read", both(lambda each: each.reads)),
        ("processor time, s", both(lambda each: each.cpu)),
        ("processor time of API server and etcd, s", both(lambda each: each.plane_cpu)),
        ("most memory, MiB", both(lambda each: each.peak_mib)),
        ("memory when settled, MiB", both(lambda each: each.resident_mib)),
        ("memory before, MiB", (after.start_mib, None)),
        ("reconciles", (after.reconciles, None)),
        ("one more chatbot, creation to status, p99, s", (_p99(after.singles), None)),
        ("restart: until ready, s", (after.restart["ready"], None)),
        ("restart: until everything was looked at, s", (after.restart["looked"], None)),
        ("restart: most memory, MiB", (after.restart["peak_mib"], None)),
        ("restart: writes", (after.restart["writes"], None)),
        ("an hour's looks at everything: reconciles", (after.hour["reconciles"], None)),
        ("an hour's looks at everything: writes", (after.hour["writes"], None)),
    ]
    ratio = median(_ratios(ours, theirs)) if theirs else None
    return [
        f"| {count} chatbots | Kefu | client-go |",
        "|---|---|---|",
        *(f"| {name} | {_figure(first)} | {_figure(second)} |" for name, (first, second) in rows),
        f"| ratio {_figure(ratio)} | | |",
    ]


def _ratios(ours: Sequence[Making], theirs: Sequence[Making]) -> list[float]:
    """Of the times to the last child, round by round."""
    return [one.to_last_child / other.to_last_child for one, other in zip(ours, theirs, strict=True)]


def _notes(ours: Sequence[Making], theirs: Sequence[Making]) -> list[str]:
    verbs = ", ".join(f"{number} {verb}" for verb, number in sorted(ours[0].trail.verbs().items()))
    rounds = "; ".join(
        f"{one.to_last_child:.1f} and {other.to_last_child:.1f} s ({ratio:.2f})"
        for one, other, ratio in zip(ours, theirs, _ratios(ours, theirs), strict=True)
    ) if theirs else ""  # fmt: skip
    return [
        f"- The operator's writes by kind: {verbs}.",
        "- Times begin with the first chatbot's creation; nothing runs the pods. The ratio is that of the last children.",
        f"- An hour has {lasting.LOOKS} looks at everything; here one began every {lasting.RESYNC_SECONDS} s.",
        "- The operator asks for no warnings of unknown fields (`fieldValidation=Ignore`), which are errors of an apply; the other has the default.",
        f"- Both write as {OPERATOR_USER}, and are settled when they wrote nothing for {QUIET_SECONDS} s.",
        f"- Until the last child, Kefu's and client-go's, round by round: {rounds}."
        if theirs
        else "- The peer was left out.",
    ]


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(len(values) * 0.99))]


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.operator", description=__doc__)
    parser.add_argument("--chatbots", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each of the two makes them (default: 3)")
    parser.add_argument("--quick", action="store_true", help="10 chatbots and one round, to see that it works")
    parser.add_argument("--shared", action="store_true", help="let all of them share one engine")
    parser.add_argument("--alone", action="store_true", help="without the peer")
    parser.add_argument("--profile", type=Path, help="write cProfile's figures of the operator here; it is slower then")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
