"""How a new release comes to the customers: by which steps, judged by what, and what a person decides meanwhile."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import Rule, Ruled
from kefu_api.kinds.shape import ATOMIC, Shape
from kefu_api.kinds.types import Duration, Ratio

TIMES = ("p95Latency", "p95FirstToken")
"""Metrics that are times; all others are ratios."""
SHARES = ("groundedRate", "feedback")
"""Metrics that are better when they are higher."""

Bound = Annotated[
    str,
    Shape(
        'must be a number from 0 to 1 in quotes, such as "0.01", or a time such as 800ms or 1.2s',
        (r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?|[0-9]{1,6}ms|[0-9]{1,4}(\.[0-9]{1,3})?s)$",),
        max_length=12,
    ),
]
"""A ratio or a time."""

ReleaseName = Annotated[
    str, Shape("must be a release as status.releases names it, such as r8", (r"^r[1-9][0-9]{0,8}$",), max_length=10)
]

Share = Annotated[int, Field(ge=1, le=100)]


class Analysis(Ruled):
    """One metric of a release, and how good it must be."""

    RULES: ClassVar = (
        Rule(
            "self.metric in ['groundedRate', 'feedback'] ? has(self.atLeast) && !has(self.atMost) : "
            "has(self.atMost) && !has(self.atLeast)",
            lambda limit: (
                limit.at_least is not None and limit.at_most is None
                if limit.metric in SHARES
                else limit.at_most is not None and limit.at_least is None
            ),
            "groundedRate and feedback take atLeast, every other metric takes atMost: set that one alone",
        ),
        Rule(
            "!has(self.atMost) || self.atMost.endsWith('s') == (self.metric in ['p95Latency', 'p95FirstToken'])",
            lambda limit: limit.at_most is None or limit.at_most.endswith("s") == (limit.metric in TIMES),
            'atMost is a time such as 1.2s for p95Latency and p95FirstToken, and a ratio such as "0.01" for all others',
        ),
    )

    metric: Literal[
        "errorRate", "p95Latency", "p95FirstToken", "refusalRate", "groundedRate", "handoffRate", "feedback"
    ]
    """errorRate: turns that failed or found retrieval or engine away. p95Latency, p95FirstToken: 95th percentile of the whole
    turn, and of the time until its first text. refusalRate: answers in which the model said that it does not know although
    it had evidence. groundedRate: answers of the model of which every sentence was borne out by its evidence. handoffRate: turns
    that were handed to a person, of all that the bot dealt with. feedback: answers that customers rated up, of all that they
    rated."""
    at_most: Bound | None = None
    """Worse, when it is higher."""
    at_least: Ratio | None = None
    """Worse, when it is lower."""
    min_samples: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """With fewer turns (or answers) in a step, nothing is concluded."""


class Decision(Part):
    """What a person has decided about one release; it says nothing about any other."""

    release: ReleaseName
    """The release, as status.releases names it."""
    verdict: Literal["Promote", "Abort", "Retry"]
    """Promote: to all customers, as fast as its engine's pods come. Abort: back to the stable release. Retry: once more from the
    first step, after it was rolled back or aborted."""
    attempt: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """A decision is carried out once; a higher attempt decides the same once more."""


class Rollout(Ruled):
    """How a new release comes to the customers."""

    RULES: ClassVar = (
        Rule(
            "!has(self.steps) || self.strategy != 'BlueGreen'",
            lambda rollout: rollout.steps is None or rollout.strategy != "BlueGreen",
            "BlueGreen goes from none to all: remove rollout.steps",
        ),
        Rule(
            "!has(self.steps) || (self.steps.isSorted() && self.steps.all(a, self.steps.exists_one(b, a == b)))",
            lambda rollout: rollout.steps is None or list(rollout.steps) == sorted(set(rollout.steps)),
            "steps must grow: order rollout.steps, each percentage once",
        ),
        Rule(
            "!has(self.steps) || self.steps[size(self.steps) - 1] == 100",
            lambda rollout: rollout.steps is None or rollout.steps[-1] == 100,
            "steps must end with 100: add it to rollout.steps",
        ),
        Rule(
            "self.analysis.all(a, self.analysis.exists_one(b, a.metric == b.metric))",
            lambda rollout: len({limit.metric for limit in rollout.analysis}) == len(rollout.analysis),
            "metrics of analysis must differ from each other: remove the double from rollout.analysis",
        ),
    )

    strategy: Literal["Canary", "BlueGreen", "Shadow"] = "Canary"
    """Canary: its share of the customers grows by steps. BlueGreen: none for one interval, in which it can be tried with the
    header X-Kefu-Variant, then all. Shadow: it is asked what a share of the customers ask, answers nobody, and then
    answers all."""
    steps: Annotated[tuple[Share, ...], Field(min_length=1, max_length=16, json_schema_extra=ATOMIC)] | None = None
    """Percentages, growing to 100; absent: 1, 10, 50, 100 for Canary and 100 for Shadow."""
    interval: Duration = "10m"
    """How long each step lasts at least."""
    analysis: Annotated[tuple[Analysis, ...], Field(max_length=7, json_schema_extra=ATOMIC)] = ()
    """What the new release is judged by at each step; all must hold. Absent: time alone."""
    failure_limit: Annotated[int, Field(ge=0, le=100)] = 0
    """How many failed measurements are borne before it is rolled back."""
    paused: bool = False
    """Whether its share stays as it is; what fails is rolled back all the same."""
    decision: Decision | None = None
    """What a person has decided about one release."""


class Measurement(Part):
    """One metric, as it was measured last."""

    metric: Annotated[str, Field(max_length=64)]
    """Which one."""
    verdict: Literal["Pass", "Fail", "Inconclusive"]
    """Inconclusive: nothing can be concluded, for the reason given."""
    value: Annotated[str, Field(max_length=64)] | None = None
    """What it was."""
    samples: Annotated[int, Field(ge=0)] | None = None
    """Over how many turns or answers."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """The verdict as a sentence."""


class Rejection(Part):
    """A release that does not come to the customers."""

    release: Annotated[str, Field(max_length=16)]
    """Which one."""
    reason: Literal["RolledBack", "Aborted"]
    """RolledBack: a measurement failed. Aborted: a person decided so."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """Why, as a sentence."""


class ReleaseKnowledge(Part):
    """A version of the knowledge from which a release answers."""

    name: Annotated[str, Field(max_length=63)]
    """Of the KnowledgeIndex."""
    version: Annotated[str, Field(max_length=16)]
    """The version, which stays in the store meanwhile."""


class Releases(Part):
    """Which release serves whom."""

    stable: Annotated[str, Field(max_length=16)] | None = None
    """The release that serves everybody whom no candidate does."""
    candidate: Annotated[str, Field(max_length=16)] | None = None
    """The release on its way."""
    phase: Annotated[str, Field(max_length=32)] | None = None
    """Waiting for its engine, an index or the gateways, Scaling while its share grows with its engine's pods, Progressing, Paused by a person, or
    Inconclusive."""
    weight: Annotated[int, Field(ge=0, le=100)] | None = None
    """Percent of the customers that it answers, or whose questions it is asked as a shadow."""
    step: Annotated[str, Field(max_length=16)] | None = None
    """Which step of how many, such as 2/4."""
    steps: Annotated[str, Field(max_length=128)] | None = None
    """All of them, in percent of the customers, such as `1, 10, 50, 100`, or `shadow 100`."""
    candidate_replicas: Annotated[int, Field(ge=0)] | None = None
    """Pods that the candidate's engine is to have now; the stable release's has the others, and both together one more than
    engine.replicas."""
    former_replicas: Annotated[int, Field(ge=0)] | None = None
    """Pods that answered everybody before the candidate did, where an autoscaler says how many: what its share is reckoned of."""
    since: Annotated[str, Field(max_length=64)] | None = None
    """When the step began (RFC 3339)."""
    measured: Annotated[str, Field(max_length=64)] | None = None
    """When it was measured last (RFC 3339)."""
    failures: Annotated[int, Field(ge=0)] | None = None
    """Failed measurements so far."""
    engine_losses: Annotated[int, Field(ge=0)] | None = None
    """How often the candidate's engine left while it had customers; the third time it is rolled back."""
    verdict: Literal["Pass", "Fail", "Inconclusive"] | None = None
    """Of the last measurement."""
    measurements: Annotated[tuple[Measurement, ...], Field(max_length=7, json_schema_extra=ATOMIC)] = ()
    """Metric by metric."""
    knowledge: Annotated[tuple[ReleaseKnowledge, ...], Field(max_length=16, json_schema_extra=ATOMIC)] = ()
    """Versions from which the stable release and the candidate answer; those of others are what each index has published."""
    decided: Decision | None = None
    """The decision that was carried out last: it has no meaning any more."""
    rejected: Rejection | None = None
    """The release of the present spec, where it was rolled back or aborted: the stable one goes on."""
