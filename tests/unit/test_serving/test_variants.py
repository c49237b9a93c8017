"""Who is answered by which release: alike in every replica, and nobody moves back."""

import re
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import ValidationError

from kefu_api.documents.release import Budget, EngineTarget, Handoff, KnowledgeTarget, Release, SessionStore
from kefu_api.documents.variants import Role, Variant, Variants, only
from kefu_api.kinds.rollout import SHARES, TIMES, Analysis
from kefu_operator.rollout.queries import Subject, questions
from kefu_serving.metrics import Instruments, Metrics
from kefu_serving.runtime import Runtime
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.turn.state import Asked, Channel
from kefu_serving.variants.assignment import choose, place, shadows, who
from kefu_serving.variants.mirror import Mirror
from kefu_serving.variants.serving import Roster
from tests.unit.test_serving.doubles import PERSONA, turn

SALT = b"0123456789abcdef"


def release(name: str, **changes: Any) -> Release:
    values: dict[str, Any] = {
        "name": name,
        "namespace": "acme",
        "chatbot": "shop",
        "engine": EngineTarget(url="http://engine:8000", model="chat"),
        "knowledge": (KnowledgeTarget(name="shop", url="http://retrieval:8080"),),
        "persona": PERSONA,
        "session": SessionStore(url="redis://redis:6379/0", ttl_seconds=600, window=3),
        "budget": Budget(total_seconds=60, tokens=300),
    }
    return Release(**{**values, **changes})


def canary(weight: int, salt: str = "r2", role: Role = Role.CANDIDATE) -> Variants:
    stable = 100 - weight if role is Role.CANDIDATE else 100
    return Variants(
        salt=salt,
        variants=(
            Variant(release=release("r1"), role=Role.STABLE, weight=stable),
            Variant(release=release("r2"), role=role, weight=weight),
        ),
    )


def answers(document: Variants, person: str) -> str:
    pairs = [(variant, variant.release.name) for variant in document.variants]
    return choose(pairs, place(person, document.salt))[1]


def asked(**changes: Any) -> Asked:
    return Asked(**{"message": "几天内可以退货？", "channel": Channel.API, "owner": "web", **changes})


@given(person=st.text(), weights=st.lists(st.integers(0, 100), min_size=2, max_size=6).map(sorted))
def test_raising_the_weight_moves_nobody_back(person: str, weights: list[int]) -> None:
    served = [answers(canary(weight), person) for weight in weights]
    assert served == sorted(served)


@pytest.mark.parametrize("weight", [1, 10, 50])
def test_a_share_is_as_large_as_its_weight_says(weight: int) -> None:
    people = [f"顾客-{number}" for number in range(20_000)]
    share = sum(answers(canary(weight), person) == "r2" for person in people) / len(people)
    assert share == pytest.approx(weight / 100, rel=0.25)


def test_nobody_and_everybody_are_exact() -> None:
    people = [f"customer-{number}" for number in range(2_000)]
    assert {answers(canary(0), person) for person in people} == {"r1"}
    assert {answers(canary(100), person) for person in people} == {"r2"}


def test_another_rollout_tries_its_luck_with_other_customers() -> None:
    people = [f"customer-{number}" for number in range(5_000)]
    first = {person for person in people if answers(canary(10, "r2"), person) == "r2"}
    second = {person for person in people if answers(canary(10, "r3"), person) == "r2"}
    assert len(first & second) < len(first) / 2


def test_a_shadow_is_asked_and_answers_nobody() -> None:
    document = canary(30, role=Role.SHADOW)
    pairs = [(variant, variant.release.name) for variant in document.variants]
    assert {choose(pairs, at)[1] for at in (0.0, 29.9, 99.9)} == {"r1"}
    assert [[name for _, name in shadows(pairs, at)] for at in (0.0, 29.99, 30.0)] == [["r2"], ["r2"], []]


def test_a_customer_is_known_by_user_then_conversation_then_first_question() -> None:
    user = who(asked(user="u-1", session="session-1"), SALT)
    assert user == who(asked(user="u-1", session="session-2", message="其它"), SALT)
    assert who(asked(session="session-1"), SALT) == who(asked(session="session-1", message="x"), SALT)
    begun = who(asked(), SALT)
    later = who(asked(message="那耳机呢？", history=(Exchange("几天内可以退货？", "七天。"),)), SALT)
    assert begun == later
    assert len({user, begun, who(asked(session="u-1"), SALT)}) == 3


def test_who_asks_cannot_be_read_from_the_place() -> None:
    assert "u-1" not in who(asked(user="u-1"), SALT)
    assert who(asked(user="u-1"), SALT) != who(asked(user="u-1"), b"another salt 123")


@pytest.mark.parametrize(
    ("variants", "fault"),
    [
        ([("r1", "candidate", 100)], "exactly one variant must be stable"),
        ([("r1", "stable", 100), ("r2", "stable", 0)], "exactly one variant must be stable"),
        ([("r1", "stable", 90), ("r2", "candidate", 20)], "must make 100"),
        ([("r1", "stable", 90), ("r1", "candidate", 10)], "one variant only"),
        ([], "at least 1"),
    ],
)
def test_a_document_that_leaves_it_open_who_answers_is_refused(variants: list[Any], fault: str) -> None:
    made = [{"release": release(name), "role": role, "weight": weight} for name, role, weight in variants]
    with pytest.raises(ValidationError, match=fault):
        Variants.model_validate({"salt": "", "variants": made})


def test_series_of_a_release_that_is_gone_go_one_change_later() -> None:
    registry = CollectorRegistry()
    instruments = Instruments(registry)
    for name in ("r1", "r2", "r3"):
        instruments.in_force(only(release(name)))
        ended = turn()
        Metrics(instruments, "acme", "shop", name).turn(ended, "answered", 0.1)
        Metrics(instruments, "acme", "shop", name).generation("said")
    told = generate_latest(registry).decode()
    assert 'release="r1"' not in told
    assert (
        'kefu_gateway_turns_total{channel="api",chatbot="shop",namespace="acme",outcome="answered",release="r2"' in told
    )
    assert 'kefu_gateway_release_info{chatbot="shop",namespace="acme",release="r3",variant="stable"} 1.0' in told


def served(*handoffs: Handoff | None) -> Variants:
    """A stable release and candidates, by what they hand over."""
    shares = (100, *(0 for _ in handoffs[1:]))
    roles = (Role.STABLE, *(Role.CANDIDATE for _ in handoffs[1:]))
    return Variants(
        variants=tuple(
            Variant(release=release(f"r{number}", handoff=terms), role=role, weight=weight)
            for number, (terms, role, weight) in enumerate(zip(handoffs, roles, shares, strict=True), start=1)
        )
    )


class Makes:
    """Makes runtimes that hold nothing, and keeps for what."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Handoff | None]] = []
        instruments = Instruments(CollectorRegistry())
        self.roster = Roster(self.make, instruments, Mirror(instruments), SALT)

    def make(self, release: Release, lent: Handoff | None) -> Runtime:
        self.made.append((release.name, lent))
        return Runtime(release, None, None, None, lent=lent)  # type: ignore[arg-type]


def test_releases_that_hand_nothing_over_share_the_desk_of_those_that_do() -> None:
    ours, others = Handoff(on_request=True), Handoff(on_request=True, below=0.7)
    makes = Makes()
    makes.roster.follow(served(None, None))
    assert makes.made == [("r1", None), ("r2", None)]
    makes.made.clear()
    makes.roster.follow(served(None, ours))
    assert makes.made == [("r1", ours), ("r2", None)]
    makes.made.clear()
    # All that stays as it is keeps its runtime, and with it its warm engine.
    makes.roster.follow(served(None, ours))
    assert makes.made == []
    makes.roster.follow(served(others, ours, None))
    assert makes.made == [("r1", None), ("r3", others)]
    makes.made.clear()
    makes.roster.follow(served(None))
    assert makes.made == [("r1", None)]


def test_all_that_a_rollout_asks_of_a_release_begins_at_nought() -> None:
    registry = CollectorRegistry()
    Instruments(registry).in_force(only(release("r1", handoff=Handoff(on_request=True, below=0.7))))
    begun = [sample for family in registry.collect() for sample in family.samples if sample.value == 0]
    asked = set(get_args(Analysis.model_fields["metric"].annotation))
    assert len(asked) >= 7
    analysis = [
        *(Analysis.model_validate({"metric": metric, "atMost": "1s"}) for metric in TIMES),
        *(Analysis.model_validate({"metric": metric, "atLeast": "0.5"}) for metric in SHARES),
        *(Analysis.model_validate({"metric": metric, "atMost": "0.5"}) for metric in asked.difference(TIMES, SHARES)),
    ]
    for question in questions(analysis, Subject("acme", "shop", "r1"), 60):
        for name, matchers in re.findall(r"(kefu_\w+){([^}]*)}", f"{question.value} {question.samples}"):
            labels = {label: value for label, _, value in re.findall(r'(\w+)(=~?)"([^"]*)"', matchers)}
            found = [each for each in begun if each.name == name and _match(each.labels, labels)]
            named = {value for values in labels.values() for value in values.split("|") if value != ".+"}
            assert named <= {value for each in found for value in each.labels.values()}, name
            if "outcome" in labels:
                assert {each.labels["channel"] for each in found} == set(Channel), name


def _match(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(re.fullmatch(pattern, labels.get(label, "")) for label, pattern in wanted.items())
