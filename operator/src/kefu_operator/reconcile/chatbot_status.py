"""What is told of one ChatbotDeployment: its status, and the events that say what has become of a release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kefu_api.kinds.chatbot import ChatbotDeployment, ChatbotDeploymentStatus, EngineStatus
from kefu_api.kinds.rollout import Releases
from kefu_operator.apply import Refusals
from kefu_operator.desired.metadata import selector
from kefu_operator.desired.types import Object
from kefu_operator.events.ready import release_event
from kefu_operator.gather.chatbot import ChatbotFacts
from kefu_operator.gather.owned import find
from kefu_operator.plan.autoscaling import autoscale
from kefu_operator.plan.chatbot import ChatbotPlan
from kefu_operator.plan.demand import demand_of
from kefu_operator.plan.errors import PlanError
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import units
from kefu_operator.plan.workload import Workload
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.reconcile.rollout import Course
from kefu_operator.reconcile.tell import Now, dumped, post, stamp, tell
from kefu_operator.resources import AUTOSCALERS
from kefu_operator.rollout.told import releases_of
from kefu_operator.status.chatbot_checks import check_engine, check_gateway, check_knowledge, published
from kefu_operator.status.check import Check, worst
from kefu_operator.status.conditions import conditions
from kefu_operator.status.invalid import unplanned
from kefu_operator.status.release_checks import check_releases
from kefu_operator.status.scaling_checks import check_gateway_scaling, check_scaling
from kefu_operator.status.workload_checks import check_refusals
from kefu_operator.write import Writer

PARTS = ("EngineReady", "KnowledgeReady", "GatewayReady")
"""The conditions behind Ready."""


@dataclass(frozen=True)
class Verdicts:
    """The checks behind each condition."""

    engine: Sequence[Check]
    knowledge: Sequence[Check]
    gateway: Sequence[Check]
    beside: Mapping[str, Check] = field(default_factory=dict)
    """Of conditions that Ready is told without: who scales the engine, and the gateway, where they are to be scaled."""


class ChatbotTeller:
    """Tells of one chatbot after the other."""

    def __init__(self, writer: Writer, settings: PlanSettings, board: RefusalBoard, now: Now) -> None:
        self._writer = writer
        self._settings = settings
        self._board = board
        self._now = now

    async def tell(self, plan: ChatbotPlan, course: Course, facts: ChatbotFacts, refusals: Refusals) -> None:
        """Write the status of a chatbot that was planned, and post what has ended.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        chatbot, engine = facts.chatbot, plan.engine.workload
        namespace, now = chatbot.metadata.namespace, self._now()
        drawn = [index.name for index in plan.release.knowledge]
        engine_refusals = self._board.of_engine(namespace, engine)
        verdicts = Verdicts(
            engine=[*check_refusals(engine_refusals), check_engine(plan.engine, facts, now)],
            knowledge=check_knowledge(drawn, facts.indexes),
            gateway=[*check_refusals(refusals), *check_gateway(plan, facts, now)],
            beside=self._check_scaling(plan, facts),
        )
        await self._tell_ending(course, facts)
        rollout = chatbot.spec.rollout
        versions = [version for name in drawn if (version := published(facts.indexes.get(name)))]
        await self._write(
            facts.found,
            chatbot,
            verdicts,
            release=plan.release.name,
            releases=releases_of(course.after, course.strategy, course.knowledge),
            released=check_releases(
                course.after,
                course.strategy,
                self._check_candidate(course, facts),
                worst(verdicts.gateway) if course.awaits_gateways else None,
                worst(course.lacks) if course.lacks else None,
                paused=rollout is not None and rollout.paused,
            ),
            engine=_engine_status(engine, facts) if engine else EngineStatus(summary="endpoint"),
            knowledge=", ".join(versions) or None,
            url=f"http://{plan.gateway.name}.{namespace}.svc",
        )

    def _check_candidate(self, course: Course, facts: ChatbotFacts) -> Check | None:
        """The engine of the release on its way; None where none is."""
        if course.candidate is None:
            return None
        engine = course.candidate.engine
        refusals = self._board.of_engine(facts.chatbot.metadata.namespace, engine.workload)
        return worst((*check_refusals(refusals), check_engine(engine, facts, self._now())))

    async def _tell_ending(self, course: Course, facts: ChatbotFacts) -> None:
        """Before the status that remembers it, for a change that is told twice has one event all the same."""
        if course.ended is None:
            return
        reason, release = course.ended
        rejected = course.after.rejected
        message = f"release {release}: {rejected.why}" if rejected else f"release {release} serves all customers"
        began = f"{course.before.since:.0f}"
        await post(self._writer, release_event(facts.found, reason, release, began, message, self._now()))

    def _check_scaling(self, plan: ChatbotPlan, facts: ChatbotFacts) -> dict[str, Check]:
        bounds, scaler = plan.gateway.scaling, find(facts.owned, AUTOSCALERS, plan.gateway.name)
        told = {
            "ScalingActive": self._check_engine_scaling(plan, facts),
            "GatewayScalingActive": check_gateway_scaling(bounds, scaler, facts.kinds) if bounds else None,
        }
        return {name: check for name, check in told.items() if check}

    def _check_engine_scaling(self, plan: ChatbotPlan, facts: ChatbotFacts) -> Check | None:
        workload, signals = plan.engine.workload, plan.engine.signals
        demand = demand_of(facts.chatbot.spec)
        if demand is None or workload is None or signals is None:
            return None
        accelerated = bool(workload.container.compute.devices)
        # Until the engine has been looked at, what this chatbot alone would have decided.
        decided = self._board.decided(facts.chatbot.metadata.namespace, workload.name) or autoscale(
            demand,
            signals,
            facts.kinds,
            self._settings.prometheus_url,
            accelerated=accelerated,
            grouped=workload.group is not None,
        )
        view = facts.engine_of(workload.name)
        return check_scaling(workload.name, decided, view.scaler, view.runner)

    async def tell_unplanned(self, facts: ChatbotFacts, error: PlanError, releases: Releases | None) -> None:
        """Write that its spec cannot be planned; what serves is told as it was.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        check = unplanned(error)
        knowledge = check_knowledge((index.name for index in facts.chatbot.spec.knowledge), facts.indexes)
        before = facts.chatbot.status or ChatbotDeploymentStatus()
        await self._write(
            facts.found,
            facts.chatbot,
            Verdicts([check], knowledge, [check]),
            release=before.release,
            releases=releases,
            released=check,
            engine=before.engine,
            knowledge=before.knowledge,
            url=before.url,
        )

    async def _write(
        self,
        found: Object,
        chatbot: ChatbotDeployment,
        verdicts: Verdicts,
        *,
        release: str | None,
        releases: Releases | None,
        released: Check,
        engine: EngineStatus | None,
        knowledge: str | None,
        url: str | None,
    ) -> None:
        before = chatbot.status.conditions if chatbot.status else ()
        generation = chatbot.metadata.generation
        after = conditions(
            {
                "EngineReady": verdicts.engine,
                "KnowledgeReady": verdicts.knowledge,
                "GatewayReady": verdicts.gateway,
            },
            before,
            generation,
            stamp(self._now()),
            # What was taken back is no work any more.
            progress=None if releases and releases.rejected else released,
            beside={"Released": released, **verdicts.beside},
        )
        status = ChatbotDeploymentStatus(
            observed_generation=generation,
            conditions=after,
            release=release,
            releases=releases,
            engine=engine,
            knowledge=knowledge,
            url=url,
        )
        await tell(self._writer, found, dumped(status), before, after, self._now())


def _engine_status(engine: Workload, facts: ChatbotFacts) -> EngineStatus:
    deployment = facts.engine_of(engine.name).runner or {}
    status, wanted = deployment.get("status", {}), deployment.get("spec", {}).get("replicas", 0)
    ready = status.get("readyReplicas", 0)
    labels = selector(engine.name, "engine")
    return EngineStatus(
        name=engine.name,
        replicas=status.get("replicas", 0),
        ready=ready,
        volumes=units(engine),
        selector=",".join(f"{label}={value}" for label, value in sorted(labels.items())),
        summary=f"{ready}/{wanted}",
    )
