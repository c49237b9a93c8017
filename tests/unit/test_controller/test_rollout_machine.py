"""The rollout's state machine under every order of events that hypothesis finds, and by name where the order matters."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kefu_api.documents.variants import Role
from kefu_api.kinds.rollout import Analysis, Rollout
from kefu_operator.rollout.decision import Decided, Verdict
from kefu_operator.rollout.judge import Judgement, Outcome
from kefu_operator.rollout.machine import (
    ROOM_SECONDS,
    Seen,
    advance,
    change,
    is_due,
    next_look,
    retreat,
    shares,
    undecided,
)
from kefu_operator.rollout.pods import Pods, stable_pods
from kefu_operator.rollout.state import Cause, Phase, State
from kefu_operator.rollout.strategy import AT_ONCE, Strategy, strategy_of
from kefu_operator.rollout.told import releases_of, state_of

LIMIT = Analysis(metric="errorRate", at_most="0.1")
CANARY = Strategy(Role.CANDIDATE, (10, 50, 100), 60, (LIMIT,), 0)
BLUE_GREEN = replace(CANARY, steps=(0, 100))
SHADOW = replace(CANARY, role=Role.SHADOW, steps=(20, 100))
BLIND = replace(CANARY, analysis=())
PROMOTE, ABORT, RETRY = (Decided("r2", verdict) for verdict in ("Promote", "Abort", "Retry"))
START = 1_800_000_000.0


def judged(outcome: Outcome) -> tuple[Judgement, ...]:
    return (Judgement("errorRate", outcome, "0.5", 30, "errorRate is what it is"),)


def seen(now: float, outcome: Outcome | None = None, **changes: object) -> Seen:
    facts = Seen("r2", frozenset({"r1", "r2"}), CANARY, ready=True, now=START + now)
    return replace(facts, judgements=judged(outcome) if outcome is not None else (), **changes)  # type: ignore[arg-type]


def begun(strategy: Strategy = CANARY) -> State:
    return advance(State("r1"), seen(0, strategy=strategy))


def weight(state: State, strategy: Strategy = CANARY) -> int:
    return next((share[2] for share in shares(state, strategy) if share[0] == "r2"), 0)


def test_the_first_release_serves_at_once() -> None:
    assert advance(State(), seen(0, target="r1", known=frozenset({"r1"}))) == State("r1")


def test_without_a_declared_rollout_a_release_serves_as_soon_as_its_engine_answers() -> None:
    assert advance(State("r1"), seen(0, strategy=AT_ONCE)) == State("r2")
    waiting = advance(State("r1"), seen(0, strategy=AT_ONCE, ready=False))
    assert shares(waiting, AT_ONCE) == (("r1", Role.STABLE, 100), ("r2", Role.CANDIDATE, 0))
    assert advance(waiting, seen(500, strategy=AT_ONCE)) == State("r2")
    assert change(waiting, State("r2")) == ("Promoted", "r2")


def test_a_stable_release_that_answers_nobody_is_not_kept_for_the_next() -> None:
    assert advance(State("r1"), seen(0, strategy=AT_ONCE, ready=False, kept=False)) == State("r2")
    assert advance(State("r1"), seen(0, decision=PROMOTE, ready=False, kept=False)).stable == "r2"
    assert advance(State("r1"), seen(0, ready=False, kept=False)).stable == "r1"


def test_where_there_is_no_room_for_two_engines_they_are_exchanged_after_a_while() -> None:
    cramped = seen(0, strategy=AT_ONCE, ready=False, cramped=True)
    waiting = advance(State("r1"), cramped)
    assert next_look(waiting, AT_ONCE, START) == START + ROOM_SECONDS
    assert advance(waiting, replace(cramped, now=START + ROOM_SECONDS - 1)) == waiting
    late = START + ROOM_SECONDS
    assert next_look(waiting, AT_ONCE, late) is None
    assert advance(waiting, replace(cramped, now=late, cramped=False)) == waiting
    assert advance(waiting, replace(cramped, now=late)) == State("r2")
    canary = replace(cramped, strategy=CANARY, now=late)
    assert advance(waiting, canary).stable == "r1"
    assert advance(waiting, replace(canary, decision=PROMOTE)).stable == "r2"


def test_a_spec_without_a_rollout_serves_what_was_rolled_back_under_one() -> None:
    rejected = advance(begun(), seen(10, Outcome.FAIL))
    assert advance(rejected, seen(20, strategy=AT_ONCE)) == State("r2")


def test_customers_move_no_faster_than_the_pods_that_answer_them() -> None:
    told, state = [], State("r1")
    for available in range(5):
        state = advance(state, seen(available, strategy=AT_ONCE, pods=Pods(4, available), ready=available > 0))
        told.append((state.phase, weight(state, AT_ONCE), state.pods))
    waits, grows = Phase.WAITING, Phase.SCALING
    assert told[:4] == [(waits, 0, 1), (grows, 25, 2), (grows, 50, 3), (grows, 75, 4)]
    assert state == State("r2")


def test_what_an_autoscaler_takes_from_the_stable_engine_makes_no_share_larger() -> None:
    state, told = State("r1"), []
    for available, stable in ((0, 8), (1, 8), (4, 7), (4, 4), (7, 2), (8, 1)):
        pods = Pods(stable, available, elastic=True)
        state = advance(state, seen(available, strategy=AT_ONCE, pods=pods, ready=available > 0))
        told.append((weight(state, AT_ONCE), state.pods))
    assert told[:-1] == [(0, 1), (12, 2), (50, 5), (50, 5), (87, 8)]
    assert state == State("r2")


def test_a_step_begins_when_its_pods_are_there() -> None:
    state = advance(State("r1"), seen(0, pods=Pods(10, 1)))
    assert (state.phase, weight(state), state.pods) == (Phase.PROGRESSING, 10, 1)
    state = advance(state, seen(60, Outcome.PASS, pods=Pods(10, 1)))
    assert (state.phase, state.step, weight(state), state.pods) == (Phase.SCALING, 1, 10, 2)
    assert is_due(state, CANARY, START + 66)
    assert weight(advance(state, seen(500, Outcome.PASS, pods=Pods(10, 3)))) == 30
    full = advance(state, seen(600, Outcome.PASS, pods=Pods(10, 5)))
    assert (full.phase, weight(full), full.since, full.judgements) == (Phase.PROGRESSING, 50, START + 600, ())
    assert advance(state, seen(70, Outcome.FAIL, pods=Pods(10, 2))).rejected is not None


def test_a_pod_that_is_away_for_a_moment_sends_no_customer_back() -> None:
    state = advance(State("r1"), seen(0, strategy=AT_ONCE, pods=Pods(4, 3)))
    assert weight(advance(state, seen(1, strategy=AT_ONCE, pods=Pods(4, 1))), AT_ONCE) == 75


def test_a_shadow_takes_no_pod_from_the_customers_and_becomes_stable_pod_by_pod() -> None:
    state = advance(State("r1"), seen(0, strategy=SHADOW, pods=Pods(4, 1)))
    assert (weight(state, SHADOW), state.pods) == (20, 1)
    state = advance(state, seen(60, Outcome.PASS, strategy=SHADOW, pods=Pods(4, 1)))
    assert shares(state, SHADOW) == (("r1", Role.STABLE, 100), ("r2", Role.SHADOW, 25))
    assert (state.phase, state.pods) == (Phase.PROGRESSING, 1)
    state = advance(state, seen(120, Outcome.PASS, strategy=SHADOW, pods=Pods(4, 1)))
    assert shares(state, SHADOW) == (("r1", Role.STABLE, 75), ("r2", Role.CANDIDATE, 25))
    assert (state.phase, state.pods) == (Phase.SCALING, 2)
    assert not is_due(state, SHADOW, START + 9_000)
    assert advance(state, seen(130, strategy=SHADOW, pods=Pods(4, 4))) == State("r2")


def test_who_promotes_moves_nobody_before_there_is_a_pod_for_him() -> None:
    state = advance(State("r1"), seen(0, pods=Pods(10, 1)))
    promoted = advance(state, seen(5, decision=PROMOTE, pods=Pods(10, 1)))
    assert (promoted.stable, weight(promoted, AT_ONCE), promoted.pods) == ("r1", 10, 2)
    assert advance(promoted, seen(50, decision=PROMOTE, paused=True, pods=Pods(10, 10))).stable == "r2"
    again = advance(replace(promoted, weight=60, pods=7), seen(9, pods=Pods(10, 6)))
    assert (weight(again), again.pods) == (10, 1)


def test_an_engine_that_leaves_again_and_again_is_rolled_back() -> None:
    state = begun()
    for now in (10, 30):
        state = advance(advance(state, seen(now, ready=False, pods=Pods(1, 0))), seen(now + 10))
        assert weight(state) == 10
    # A pod that has not its adapters yet is no such loss.
    state = advance(advance(state, seen(45, ready=False)), seen(46))
    last = advance(state, seen(50, ready=False, pods=Pods(1, 0)))
    assert last.rejected is not None
    assert (last.rejected.cause, "left 3 times" in last.rejected.why) == (Cause.ROLLED_BACK, True)


def test_a_good_release_goes_up_the_steps_and_stays() -> None:
    state, told = begun(), []
    for now in (60, 120, 180):
        told.append(weight(state))
        state = advance(state, seen(now, Outcome.PASS))
    assert told == [10, 50, 100]
    assert state == State("r2")


def test_a_step_is_not_cut_short_by_a_good_measurement() -> None:
    assert weight(advance(begun(), seen(59, Outcome.PASS))) == 10


@pytest.mark.parametrize("now", [6, 59, 60, 600])
def test_one_failure_re_points_to_the_stable_release_at_once_and_says_why(now: float) -> None:
    state = advance(begun(), seen(now, Outcome.FAIL))
    assert shares(state, CANARY) == (("r1", Role.STABLE, 100),)
    assert state.rejected is not None
    assert (state.rejected.release, state.rejected.cause) == ("r2", Cause.ROLLED_BACK)
    assert "errorRate is" in state.rejected.why
    assert change(begun(), state) == ("RolledBack", "r2")
    assert change(state, advance(state, seen(now + 10))) is None


def test_what_was_rolled_back_is_not_tried_again_until_the_spec_changes() -> None:
    state = advance(begun(), seen(10, Outcome.FAIL))
    assert advance(state, seen(1_000)) == state
    third = advance(state, seen(2_000, target="r3", known=frozenset({"r1", "r2", "r3"})))
    assert (third.candidate, third.rejected) == ("r3", None)


def test_failures_up_to_the_limit_are_borne_but_advance_nothing() -> None:
    bearing = replace(CANARY, failure_limit=1)
    state = advance(begun(bearing), seen(60, Outcome.FAIL, strategy=bearing))
    assert (weight(state), state.failures, state.rejected) == (10, 1, None)
    assert weight(advance(state, seen(66, Outcome.PASS, strategy=bearing))) == 50
    assert advance(state, seen(66, Outcome.FAIL, strategy=bearing)).rejected is not None


def test_an_inconclusive_step_waits_and_goes_on_when_something_can_be_concluded() -> None:
    state = advance(begun(), seen(60, Outcome.INCONCLUSIVE))
    assert (state.phase, weight(state)) == (Phase.INCONCLUSIVE, 10)
    assert weight(advance(state, seen(7_000, Outcome.INCONCLUSIVE))) == 10
    assert weight(advance(state, seen(7_000, Outcome.PASS))) == 50
    assert advance(state, seen(7_000, Outcome.FAIL)).rejected is not None


def test_a_pause_holds_the_share_but_not_a_failure() -> None:
    state = advance(begun(), seen(30, paused=True))
    assert state.phase is Phase.PAUSED
    assert weight(advance(state, seen(9_000, Outcome.PASS, paused=True))) == 10
    assert advance(state, seen(9_000, Outcome.FAIL, paused=True)).rejected is not None
    resumed = advance(state, seen(9_000))
    assert (resumed.phase, weight(resumed)) == (Phase.PROGRESSING, 10)
    assert weight(advance(resumed, seen(9_030, Outcome.PASS))) == 10
    assert weight(advance(resumed, seen(9_060, Outcome.PASS))) == 50


def test_a_rollout_that_is_paused_before_it_begins_does_not_begin() -> None:
    assert weight(advance(State("r1"), seen(0, paused=True))) == 0


def test_a_release_waits_for_its_engine_without_a_customer() -> None:
    state = advance(State("r1"), seen(0, ready=False))
    assert (state.phase, weight(state)) == (Phase.WAITING, 0)
    assert weight(advance(state, seen(500))) == 10


def test_an_engine_that_goes_takes_its_customers_back_and_begins_the_step_anew() -> None:
    state = advance(begun(), seen(60, Outcome.PASS))
    away = advance(state, seen(70, ready=False))
    assert (away.phase, weight(away), away.step) == (Phase.WAITING, 0, 1)
    back = advance(away, seen(100))
    assert (back.phase, weight(back), back.since) == (Phase.PROGRESSING, 50, START + 100)


def test_the_spec_reverted_in_mid_rollout_is_the_stable_release_alone() -> None:
    assert advance(begun(), seen(30, target="r1")) == State("r1")


def test_the_spec_changed_in_mid_rollout_begins_the_next_from_the_stable_release() -> None:
    state = advance(begun(), seen(60, Outcome.PASS))
    other = advance(state, seen(70, target="r3", known=frozenset({"r1", "r2", "r3"})))
    assert (other.stable, other.candidate, other.step, other.failures) == ("r1", "r3", 0, 0)


FOUR = replace(CANARY, steps=(1, 10, 50, 100))


@pytest.mark.parametrize(
    ("before", "after", "step", "share"),
    [
        (FOUR, replace(FOUR, steps=(50, 100)), 0, 50),
        (FOUR, replace(FOUR, steps=(10, 20, 100)), 1, 20),
        (FOUR, replace(FOUR, steps=(1, 25, 50, 75, 100)), 2, 50),
        (FOUR, replace(FOUR, steps=(60, 80, 90, 100)), 0, 60),
        (FOUR, BLUE_GREEN, 0, 0),
        (FOUR, SHADOW, 0, 20),
        (SHADOW, FOUR, 0, 1),
        (SHADOW, replace(CANARY, steps=(10, 40, 100)), 0, 10),
    ],
)
def test_other_steps_in_mid_rollout_bring_the_release_to_nobody_before_it_was_measured(
    before: Strategy, after: Strategy, step: int, share: int
) -> None:
    state = begun(before)
    for now in (60, 120):
        if weight(state, before) < 50:
            state = advance(state, seen(now, Outcome.PASS, strategy=before))
    turned = advance(state_of(releases_of(state, before)), seen(130, Outcome.PASS, strategy=after))
    assert (turned.stable, turned.candidate) == ("r1", "r2")
    assert (turned.step, weight(turned, after), turned.since) == (step, share, START + 130)
    assert advance(turned, seen(140, strategy=after)) == turned


def test_the_same_steps_go_on_where_a_promotion_is_taken_back_or_an_older_operator_told_no_steps() -> None:
    state = advance(begun(), seen(60, Outcome.PASS))
    promoted = advance(state, seen(70, decision=PROMOTE, pods=Pods(10, 5)))
    assert advance(promoted, seen(80, pods=Pods(10, 5))).step == 1
    untold = releases_of(state, CANARY).model_copy(update={"steps": None})
    assert advance(state_of(untold), seen(70)) == state


def test_a_rollout_that_is_declared_again_goes_on_where_the_customers_are() -> None:
    state = advance(State("r1"), seen(0, strategy=AT_ONCE, pods=Pods(10, 6)))
    again = advance(state_of(releases_of(state, AT_ONCE)), seen(10, pods=Pods(10, 6)))
    assert (again.step, weight(again)) == (1, 50)


def test_a_spec_that_cannot_be_planned_in_mid_rollout_leaves_the_stable_release_alone() -> None:
    state = retreat(advance(begun(), seen(60, Outcome.PASS)))
    assert state == State("r1")
    assert change(begun(), state) is None
    again = advance(state, seen(90))
    assert (again.candidate, again.step, again.since) == ("r2", 0, START + 90)


def test_a_spec_that_cannot_be_planned_forgets_no_rejection() -> None:
    rejected = advance(begun(), seen(6, Outcome.FAIL))
    assert retreat(rejected) == rejected


def test_a_person_promotes_as_soon_as_the_engine_answers_and_aborts_at_once() -> None:
    assert advance(begun(), seen(5, decision=PROMOTE)) == State("r2", decided=PROMOTE)
    waiting = advance(State("r1"), seen(0, decision=PROMOTE, ready=False))
    assert shares(waiting, CANARY)[1] == ("r2", Role.CANDIDATE, 0)
    assert advance(waiting, seen(1, decision=PROMOTE)) == State("r2", decided=PROMOTE)
    aborted = advance(begun(), seen(5, decision=ABORT))
    assert aborted.rejected is not None
    assert (aborted.rejected.cause, weight(aborted)) == (Cause.ABORTED, 0)
    assert advance(aborted, seen(6, decision=PROMOTE)) == State("r2", decided=PROMOTE)


def test_what_was_rejected_is_tried_once_more_from_its_first_step_where_a_person_says_so() -> None:
    rejected = advance(begun(), seen(70, Outcome.FAIL))
    again = advance(rejected, seen(100, decision=RETRY))
    assert (again.candidate, again.step, again.failures, again.decided) == ("r2", 0, 0, RETRY)
    failed = advance(again, seen(110, Outcome.FAIL, decision=RETRY))
    assert failed.rejected is not None
    assert advance(failed, seen(120, decision=RETRY)) == failed
    assert advance(failed, seen(120, decision=RETRY._replace(attempt=2))).candidate == "r2"


@pytest.mark.parametrize("decision", [PROMOTE, ABORT])
def test_a_decision_is_carried_out_once(decision: Decided) -> None:
    decided = advance(begun(), seen(5, decision=decision))
    assert decided.decided == decision
    again = advance(State("r1", decided=decided.decided), seen(1_000, decision=decision))
    assert (again.stable, again.candidate, weight(again)) == ("r1", "r2", 10)
    once_more = advance(again, seen(1_010, decision=decision._replace(attempt=2)))
    assert once_more.stable == "r2" if decision is PROMOTE else once_more.rejected


def test_who_promotes_while_the_engine_is_away_loses_no_step_by_thinking_again() -> None:
    state = advance(begun(), seen(60, Outcome.PASS))
    away = advance(state, seen(70, ready=False))
    promoted = advance(away, seen(80, decision=PROMOTE, ready=False))
    assert promoted == away
    assert weight(advance(promoted, seen(90))) == 50


def test_blue_green_is_none_then_all() -> None:
    state = begun(BLUE_GREEN)
    assert (weight(state, BLUE_GREEN), is_due(state, BLUE_GREEN, START + 60)) == (0, False)
    state = advance(state, seen(60, strategy=BLUE_GREEN))
    assert shares(state, BLUE_GREEN) == (("r1", Role.STABLE, 0), ("r2", Role.CANDIDATE, 100))
    assert advance(state, seen(120, Outcome.PASS, strategy=BLUE_GREEN)) == State("r2")


def test_a_shadow_takes_no_customer_until_it_serves_all() -> None:
    state = begun(SHADOW)
    assert shares(state, SHADOW) == (("r1", Role.STABLE, 100), ("r2", Role.SHADOW, 20))
    state = advance(advance(state, seen(60, Outcome.PASS, strategy=SHADOW)), seen(120, Outcome.PASS, strategy=SHADOW))
    assert state == State("r2")


def test_a_stable_release_that_nobody_kept_gives_way() -> None:
    assert advance(State("r1"), seen(0, known=frozenset({"r2"}))) == State("r2")


def test_without_analysis_time_alone_decides() -> None:
    state = begun(BLIND)
    assert not is_due(state, BLIND, START + 1_000)
    assert next_look(state, BLIND, START) == START + 60
    assert weight(advance(state, seen(60, strategy=BLIND))) == 50


def test_measurements_come_every_period_and_at_the_end_of_a_step() -> None:
    state = begun()
    assert next_look(state, CANARY, START) == START + 6
    assert not is_due(state, CANARY, START + 5)
    assert is_due(state, CANARY, START + 6)
    late = replace(state, measured=START + 58)
    assert next_look(late, CANARY, START) == START + 60
    over = replace(state, measured=START + 60)
    assert next_look(over, CANARY, START) == START + 66


@pytest.mark.parametrize(("wanted", "candidate", "stable"), [(1, 1, 1), (4, 1, 4), (4, 2, 3), (4, 4, 1), (10, 1, 10)])
def test_engines_side_by_side_take_one_replica_more_than_one_alone(wanted: int, candidate: int, stable: int) -> None:
    assert stable_pods(wanted, candidate) == stable
    assert stable + candidate <= wanted + 1


@pytest.mark.parametrize(
    ("pods", "goal", "need", "carried", "most"),
    [
        (Pods(1, 1), 1, 1, 1, 1),
        (Pods(1, 0), 100, 1, 0, 100),
        (Pods(10, 1), 1, 1, 1, 1),
        (Pods(3, 1), 50, 2, 33, 50),
        (Pods(3, 2), 50, 2, 50, 50),
        (Pods(4, 9), 100, 4, 100, 100),
        (Pods(4, 1), 0, 1, 0, 0),
        (Pods(4, 1, free=True), 100, 4, 100, 100),
    ],
)
def test_so_many_pods_carry_so_many_customers(pods: Pods, goal: int, need: int, carried: int, most: int) -> None:
    assert (pods.need(goal), pods.carried(goal), pods.most(goal)) == (need, carried, most)


def test_the_spec_s_defaults_are_steps() -> None:
    canary = strategy_of(Rollout())
    assert canary is not None
    assert (canary.role, canary.steps, canary.interval, canary.period) == (Role.CANDIDATE, (1, 10, 50, 100), 600, 10)
    blue_green, shadow = strategy_of(Rollout(strategy="BlueGreen")), strategy_of(Rollout(strategy="Shadow"))
    assert blue_green is not None and shadow is not None
    assert (blue_green.steps, shadow.steps, shadow.role) == ((0, 100), (100,), Role.SHADOW)
    assert strategy_of(None) is AT_ONCE


class Rollouts(RuleBasedStateMachine):
    """Specs come and go, engines too, figures are good, bad and none, and the operator restarts between any two."""

    @initialize(
        strategy=st.sampled_from([CANARY, BLUE_GREEN, SHADOW, BLIND, AT_ONCE]),
        limit=st.integers(0, 2),
        wanted=st.integers(1, 7),
        elastic=st.booleans(),
    )
    def begin(self, strategy: Strategy, limit: int, wanted: int, elastic: bool) -> None:
        self.elastic = elastic
        self.declared = strategy if strategy is AT_ONCE else replace(strategy, failure_limit=limit)
        self.strategy: Strategy | None = self.declared
        self.wanted, self.available = wanted, 0
        self.now = START
        self.target = 1
        self.kept = True
        self.paused = False
        self.failed = False
        self.state = State()
        self._advance()

    @property
    def ready(self) -> bool:
        return self.available > 0

    def _advance(self, outcome: Outcome | None = None, decision: Decided | None = None) -> None:
        # As through an operator that knows nothing but the status.
        state = state_of(releases_of(self.state, self.strategy))
        assert state == self.state
        due = outcome is not None and is_due(state, self.strategy, self.now)
        known = frozenset(f"r{number}" for number in range(1, self.target + 1))
        facts = Seen(
            f"r{self.target}", known, self.declared, self.ready, self.now, Pods(self.wanted, self.available, self.elastic),
            kept=self.kept,
            paused=self.paused, decision=decision,
            judgements=judged(outcome) if due and outcome is not None else (),
        )  # fmt: skip
        self.strategy = undecided(facts, state).way
        self.before, self.state = self.state, advance(state, facts)
        self.failed = due and outcome is Outcome.FAIL
        assert advance(self.state, replace(facts, judgements=())) == self.state, "twice is not once"

    @rule(seconds=st.integers(1, 200), outcome=st.sampled_from(list(Outcome)))
    def time_passes(self, seconds: int, outcome: Outcome) -> None:
        self.now += seconds
        self._advance(outcome)

    @rule()
    def the_spec_changes(self) -> None:
        self.target += 1
        self.available = 0
        self._advance()

    @precondition(lambda self: self.state.candidate)
    @rule()
    def the_spec_is_reverted(self) -> None:
        self.target = int((self.state.stable or "r1")[1:])
        self._advance()
        assert self.state == State(f"r{self.target}", decided=self.state.decided)

    @rule()
    def the_spec_cannot_be_planned_for_a_while(self) -> None:
        self.before = self.state = retreat(self.state)
        assert self.state.candidate is None

    @rule(pods=st.integers(0, 7))
    def the_engine_gets_or_loses_pods(self, pods: int) -> None:
        # No more than it was given.
        self.available = min(pods, self.state.pods)
        self._advance()

    @rule()
    def the_stable_engine_goes_or_comes(self) -> None:
        self.kept = not self.kept
        self._advance()

    @precondition(lambda self: not self.declared.at_once)
    @rule(strategy=st.sampled_from([CANARY, BLUE_GREEN, SHADOW, FOUR]))
    def other_steps_are_declared(self, strategy: Strategy) -> None:
        reached = 0 if self.state.is_shadow else self.state.weight
        self.declared = replace(strategy, failure_limit=self.declared.failure_limit)
        self._advance()
        assert self.before.candidate is None or self.state.stable == self.before.stable
        stage = self.declared.stages[self.state.step]
        if self.before.path != self.state.path:
            assert self.state.step == 0 or stage.goal <= reached

    @rule()
    def a_person_pauses_or_resumes(self) -> None:
        self.paused = not self.paused
        self._advance()

    @precondition(lambda self: not self.declared.at_once)
    @rule(verdict=st.sampled_from(["Promote", "Abort", "Retry"]), attempt=st.integers(1, 2))
    def a_person_decides(self, verdict: Verdict, attempt: int) -> None:
        self._advance(decision=Decided(f"r{self.target}", verdict, attempt))

    @invariant()
    def customers_are_served(self) -> None:
        if not hasattr(self, "strategy"):
            return
        served = shares(self.state, self.strategy)
        assert sum(weight for _, role, weight in served if role is not Role.SHADOW) == 100
        assert [role for _, role, _ in served].count(Role.STABLE) == 1

    @invariant()
    def nobody_is_answered_by_what_has_no_engine(self) -> None:
        if hasattr(self, "strategy") and not self.ready and self.state.candidate:
            assert shares(self.state, self.strategy)[1][2] == 0

    @invariant()
    def no_engine_has_more_customers_a_pod_than_one_alone(self) -> None:
        if not hasattr(self, "strategy") or not self.state.candidate or not self.kept:
            return
        (_, _, stable), (_, _, moved) = shares(self.state, self.strategy)
        assert self.state.pods + stable_pods(self.wanted, self.state.pods) <= self.wanted + 1
        assert stable <= 100 * stable_pods(self.wanted, self.state.pods) / self.wanted + 1
        if self.state.weight > self.before.weight:
            assert moved <= max(100 * self.available / self.wanted, 1)

    @invariant()
    def failures_win(self) -> None:
        if (
            getattr(self, "failed", False)
            and self.ready
            and self.state.failures > (self.strategy or CANARY).failure_limit
        ):
            assert self.state.candidate is None

    @invariant()
    def the_share_grows_by_one_step_at_a_time(self) -> None:
        if (
            hasattr(self, "strategy")
            and self.before.candidate
            and (self.before.candidate, self.before.path) == (self.state.candidate, self.state.path)
        ):
            assert 0 <= self.state.step - self.before.step <= 1


Rollouts.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestRollouts = Rollouts.TestCase
