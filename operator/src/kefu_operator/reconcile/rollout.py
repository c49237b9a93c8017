"""A chatbot's releases in one reconcile: keep the spec's, measure the one on its way, decide, and say so."""

from dataclasses import dataclass, replace

from kefu_api.kinds.rollout import ReleaseKnowledge
from kefu_operator.desired.metadata import Scope
from kefu_operator.gather.chatbot import ChatbotFacts
from kefu_operator.gather.figures import gather_figures
from kefu_operator.plan.chatbot import NEWEST, ReleasePlan, Served, plan_release
from kefu_operator.plan.content import content_of
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.prometheus import Prometheus
from kefu_operator.reconcile.refusals import RefusalBoard
from kefu_operator.reconcile.releases import (
    answers,
    is_cramped,
    is_kept,
    is_known,
    lacks,
    named_knowledge,
    pods_of_engine,
    stable_plan,
    standing,
)
from kefu_operator.reconcile.tell import Now
from kefu_operator.rollout.decision import decided
from kefu_operator.rollout.judge import Judgement, judge, unknown
from kefu_operator.rollout.knowledge import only_names, wanted
from kefu_operator.rollout.machine import Seen, advance, change, is_due, next_look, retreat, shares
from kefu_operator.rollout.pods import ONE
from kefu_operator.rollout.queries import Subject, questions
from kefu_operator.rollout.revisions import (
    Revision,
    controller_revision,
    named,
    next_number,
    outdated,
    revisions_of,
    same,
)
from kefu_operator.rollout.state import Phase, State
from kefu_operator.rollout.strategy import Strategy, strategy_of
from kefu_operator.rollout.told import state_of
from kefu_operator.status.check import Check
from kefu_operator.write import Writer


@dataclass(frozen=True)
class Course:
    """What was decided."""

    before: State
    after: State
    target: str
    strategy: Strategy | None
    served: tuple[Served, ...]
    salt: str
    revisions: tuple[Revision, ...]
    candidate: ReleasePlan | None
    """Of the release on its way."""
    again: float | None
    """Seconds until it is to be looked at again."""
    awaits_gateways: bool = False
    """Whether the release on its way needs other gateways than those that run."""
    lacks: tuple[Check, ...] = ()
    """What keeps indexes from answering that the release on its way draws from alone."""
    knowledge: tuple[ReleaseKnowledge, ...] = ()
    """Versions that the served releases name, which the store has to keep."""

    @property
    def ended(self) -> tuple[str, str] | None:
        """How the rollout ended just now, and which release's it was."""
        return change(self.before, self.after)


class Rollouts:
    """Decides which releases of a chatbot serve whom."""

    def __init__(self, writer: Writer, prometheus: Prometheus | None, board: RefusalBoard, now: Now) -> None:
        self._writer = writer
        self._prometheus = prometheus
        self._board = board
        self._now = now

    async def decide(self, facts: ChatbotFacts, settings: PlanSettings, scope: Scope) -> Course:
        """Decide.

        Raises:
            PlanError: this installation cannot run what the spec asks for.
            ApiError: the API server refused or did not answer.
        """
        chatbot, rollout = facts.chatbot, facts.chatbot.spec.rollout
        before = state_of(chatbot.status.releases if chatbot.status else None)
        decision, now = decided(rollout, before.decided), self._now().timestamp()
        revisions, content = revisions_of(facts.revisions, chatbot.metadata.uid), content_of(chatbot.spec)
        asked = {index.name for index in chatbot.spec.knowledge}
        told = {name: index for name, index in standing(facts).items() if name in asked}
        versions = wanted(content, before, revisions, told, decision) if rollout else NEWEST
        plan = plan_release(chatbot, ClusterPlacement(chatbot.metadata.namespace), settings, versions)
        revisions, target = await self._keep(facts, before, Revision(0, content, {}, versions), scope)
        former = stable_plan(facts, before, revisions, settings)
        plans, stable = former | {target.name: plan}, former.get(before.stable or "")
        only_named = only_names(named(revisions, before.stable), target)
        moves = stable is not None and before.stable != target.name
        goes_on = before.candidate == target.name
        # What it had once it goes on having.
        begun = goes_on and before.phase is not Phase.WAITING
        known, lacking = begun or is_known(plan, stable, facts), () if begun else lacks(plan, stable, facts)
        seen = Seen(
            target=target.name,
            known=frozenset(plans),
            strategy=None if only_named else strategy_of(rollout),
            ready=known and not lacking and answers(plan, stable, facts),
            now=now,
            pods=pods_of_engine(plan, stable, facts, before.pods if goes_on else 0) if moves else ONE,
            kept=moves and is_kept(stable, facts),
            cramped=stable is not None and moves and is_cramped(plan, stable, facts, self._board, self._now()),
            paused=rollout is not None and rollout.paused,
            decision=decision,
        )
        after, strategy = advance(before, seen), seen.way
        if strategy and is_due(after, strategy, now):
            judgements = await self._measure(facts, plan, strategy, now - after.since)
            after = advance(after, replace(seen, judgements=judgements))
        due = next_look(after, strategy, now)
        return Course(
            before=before,
            after=after,
            target=target.name,
            strategy=strategy,
            served=tuple(Served(plans[name], role, weight) for name, role, weight in shares(after, strategy)),
            salt=after.candidate or "",
            revisions=revisions,
            candidate=plan if after.candidate else None,
            again=None if due is None else max(due - now, 0.2),
            awaits_gateways=not known,
            lacks=lacking,
            knowledge=named_knowledge(revisions, after),
        )

    def retreat(self, facts: ChatbotFacts, settings: PlanSettings) -> Course | None:
        """What is served while the present spec cannot be planned; None where no earlier release can be, either."""
        before = state_of(facts.chatbot.status.releases if facts.chatbot.status else None)
        revisions = revisions_of(facts.revisions, facts.chatbot.metadata.uid)
        plans, after = stable_plan(facts, before, revisions, settings), retreat(before)
        if after.stable not in plans:
            return None
        return Course(
            before=before,
            after=after,
            target=after.stable,
            strategy=None,
            served=tuple(Served(plans[name], role, weight) for name, role, weight in shares(after, None)),
            salt="",
            revisions=revisions,
            candidate=None,
            again=None,
            knowledge=named_knowledge(revisions, after),
        )

    async def prune(self, facts: ChatbotFacts, course: Course) -> None:
        """Delete the oldest releases beyond the limit.

        Raises:
            ApiError: the API server refused or did not answer.
        """
        needed = (course.after.stable, course.after.candidate, course.target)
        for revision in outdated(course.revisions, needed, facts.chatbot.spec.revision_history_limit):
            await self._writer.delete(revision.found)

    async def _keep(
        self, facts: ChatbotFacts, before: State, asked: Revision, scope: Scope
    ) -> tuple[tuple[Revision, ...], Revision]:
        """All releases and the one that is asked for, which is kept from now on."""
        revisions = revisions_of(facts.revisions, facts.chatbot.metadata.uid)
        found = same(revisions, asked.content, asked.knowledge)
        if found:
            return revisions, found
        rejected = before.rejected.release if before.rejected else None
        number = next_number(revisions, (before.stable, before.candidate, rejected))
        made = controller_revision(facts.chatbot, asked.content, number, scope, asked.knowledge)
        await self._writer.create(made)
        new = replace(asked, number=number, found=made)
        return (*revisions, new), new

    async def _measure(
        self, facts: ChatbotFacts, plan: ReleasePlan, strategy: Strategy, seconds: float
    ) -> tuple[Judgement, ...]:
        if self._prometheus is None:
            why = "there is no Prometheus to ask: name it by the chart's value prometheus.url"
            return unknown(strategy.analysis, why)
        meta = facts.chatbot.metadata
        subject = Subject(meta.namespace, meta.name, plan.document.name)
        figures = await gather_figures(self._prometheus, questions(strategy.analysis, subject, seconds))
        return judge(strategy.analysis, figures)
