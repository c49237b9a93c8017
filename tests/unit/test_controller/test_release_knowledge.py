"""From which versions of the knowledge a release answers."""

import pytest

from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus
from kefu_operator.rollout.decision import Decided
from kefu_operator.rollout.knowledge import Standing, are_held, only_names, wanted
from kefu_operator.rollout.revisions import Revision, asked, same
from kefu_operator.rollout.state import Cause, Phase, Rejected, State

OLD, NEW = {"persona": "old"}, {"persona": "new"}
STABLE = Revision(1, OLD, {}, {"shop": "v1"})


def standing(published: str | None, *held: str) -> Standing:
    names = held or ((published,) if published else ())
    versions = [
        {"version": name, "documents": 1, "chunks": 1, "built": "2026-01-01T00:00:00Z", "state": "Kept"}
        for name in names
    ]
    told = {"version": published, "documents": 1, "chunks": 1, "at": "2026-01-01T00:00:00Z"}
    return {
        "shop": KnowledgeIndexStatus.model_validate({"versions": versions, "published": told if published else None})
    }


def moving(release: str) -> State:
    return State("r1", release, Phase.PROGRESSING)


def rejected(release: str) -> State:
    return State("r1", rejected=Rejected(release, Cause.ROLLED_BACK, "errorRate"))


def test_a_release_answers_from_what_is_published_when_it_is_made() -> None:
    assert wanted(NEW, State("r1"), [STABLE], standing("v2"), None) == {"shop": "v2"}
    assert wanted(OLD, State("r1"), [STABLE], standing("v2", "v2", "v1"), None) == {"shop": "v2"}
    assert wanted(OLD, State(), [], {}, None) == {}


def test_what_is_published_on_the_way_waits_for_the_end_of_the_rollout() -> None:
    candidate = Revision(2, NEW, {}, {"shop": "v1"})
    there = standing("v2", "v2", "v1")
    assert wanted(NEW, moving("r2"), [STABLE, candidate], there, None) == {"shop": "v1"}
    assert wanted(NEW, State("r2"), [STABLE, candidate], there, None) == {"shop": "v2"}
    assert wanted(OLD, moving("r2"), [STABLE, candidate], there, None) == {"shop": "v2"}, "the spec was reverted"


def test_a_candidate_whose_version_is_gone_answers_from_the_one_that_is_there() -> None:
    candidate = Revision(2, NEW, {}, {"shop": "v1"})
    assert wanted(NEW, moving("r2"), [STABLE, candidate], standing("v2"), None) == {"shop": "v2"}


def test_new_knowledge_does_not_bring_back_a_spec_that_was_rejected() -> None:
    bad = Revision(2, NEW, {}, {"shop": "v1"})
    assert wanted(NEW, rejected("r2"), [STABLE, bad], standing("v3", "v3", "v1"), None) == {"shop": "v1"}


def test_knowledge_that_was_rejected_gives_way_to_the_next() -> None:
    bad = Revision(2, OLD, {}, {"shop": "v2"})
    for published in ("v2", "v3"):
        there = standing(published, published, "v2", "v1")
        assert wanted(OLD, rejected("r2"), [STABLE, bad], there, None) == {"shop": published}


def test_a_release_that_a_person_promotes_comes_with_its_knowledge_while_that_is_there() -> None:
    older, now = Revision(1, OLD, {}, {"shop": "v1"}), Revision(2, NEW, {}, {"shop": "v2"})
    said = Decided("r1", "Promote")
    assert wanted(OLD, State("r2"), [older, now], standing("v2", "v2", "v1"), said) == {"shop": "v1"}
    assert wanted(OLD, State("r2"), [older, now], standing("v2"), said) == {"shop": "v2"}
    assert wanted(OLD, State("r1"), [older, now], standing("v2", "v2", "v1"), said) == {"shop": "v2"}, "it is done"


def test_an_index_that_says_nothing_now_changes_nothing() -> None:
    assert wanted(OLD, State("r1"), [STABLE], {}, None) == {"shop": "v1"}
    assert wanted(OLD, State("r1"), [STABLE], standing(None), None) == {"shop": "v1"}
    assert are_held({"shop": "v1"}, {}) and are_held({"shop": "v1"}, standing(None))
    assert not are_held({"shop": "v1"}, standing("v2"))


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [
        (Revision(1, OLD, {}), Revision(2, OLD, {}, {"shop": "v1"}), True),
        (Revision(1, OLD, {}, {"a": "v1"}), Revision(2, OLD, {}, {"a": "v1", "b": "v1"}), True),
        (STABLE, Revision(2, OLD, {}, {"shop": "v2"}), False),
        (STABLE, Revision(2, NEW, {}, {"shop": "v1"}), False),
        (STABLE, STABLE, False),
        (None, STABLE, False),
    ],
)
def test_a_release_that_only_begins_to_name_its_versions_needs_no_steps(
    before: Revision | None, after: Revision, only: bool
) -> None:
    assert only_names(before, after) is only


def test_releases_of_one_spec_are_told_apart_by_their_knowledge() -> None:
    second = Revision(2, OLD, {}, {"shop": "v2"})
    assert same([STABLE, second], OLD, {"shop": "v1"}) == STABLE
    assert same([STABLE, second], OLD, {}) is None
    assert asked([STABLE, second], OLD, (None,)) == second
    assert asked([STABLE, second], OLD, ("r1",)) == STABLE
    assert asked([STABLE, second], NEW, ("r1",)) is None
