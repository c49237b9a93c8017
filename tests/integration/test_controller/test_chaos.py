"""Wherever an operator is killed, the next one ends up with the same objects, and none is orphaned."""

import itertools
import os
import random
import time
from difflib import unified_diff
from pprint import pformat

from kefu_operator.client.client import Client
from tests.integration.test_controller.chaos import STORY, Shop, clients
from tests.integration.test_controller.cluster import Cluster

POINTS = int(os.environ.get("KEFU_CHAOS_POINTS", "40"))
"""How many operators are killed at least; `make chaos-operator` asks for 1000."""
SEED = int(os.environ.get("KEFU_CHAOS_SEED", "4"))
LONGEST = 12
"""Writes: an operator dies after at most so many, each number equally likely; the story has several times as many."""


async def told(shop: Shop, longest: int | None) -> list[dict[str, object]]:
    """What stands after each chapter."""
    await shop.open()
    pictures = []
    for chapter in STORY:
        await shop.tell(chapter, longest)
        pictures.append(await shop.picture())
    return pictures


def difference(ours: dict[str, object], theirs: dict[str, object]) -> list[str]:
    """Lines of a diff; empty where both are equal."""
    before, after = (pformat(each, width=110).splitlines() for each in (theirs, ours))
    return list(unified_diff(before, after, "undisturbed", "killed", lineterm="", n=1))


async def killed_again_and_again(admin: Client, operator: Client, prefix: str) -> int:
    reference = Shop(admin, operator, f"{prefix}-undisturbed", random.Random(SEED))  # noqa: S311 - dice
    expected = await told(reference, None)
    _is_as_the_story_says(expected)
    kills, lives = 0, []
    for run in itertools.count():
        if kills >= POINTS:
            break
        shop = Shop(admin, operator, f"{prefix}-{run}", random.Random(SEED * 1_000_003 + run))  # noqa: S311 - dice
        found = await told(shop, LONGEST)
        for chapter, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            where = f"seed {SEED}, run {run}, chapter {chapter}, lives of {shop.writes} writes"
            told_apart = difference(ours, theirs)
            assert not told_apart, "\n".join([where, *told_apart])
        kills += len(shop.writes) - len(STORY)
        lives.append(len(shop.writes))
    print(f"{kills} kills in {len(lives)} runs; the story takes {sum(reference.writes)} writes undisturbed")
    return kills


def _is_as_the_story_says(pictures: list[dict[str, object]]) -> None:
    """What all are compared with must itself be right: else all could be wrong alike."""
    for picture in pictures:
        assert "nobody" not in str(picture)
        assert "'Ready', 'True'" in str(picture["KnowledgeIndex shop"])
        assert "'Ready', 'True'" in str(picture["ChatbotDeployment shop"])
        names = [name.split() for name in picture]
        assert len([name for kind, name in names if kind == "Deployment" and name.startswith("engine-")]) == 1
        jobs = [name for kind, name in names if kind == "Job"]
        assert [name for kind, name in names if kind == "ConfigMap" and "-ingest-" in name] == jobs
        assert len(jobs) == 1
    assert pictures[0].keys() != pictures[1].keys()


async def test_killed_between_any_two_writes_it_ends_up_with_the_same_objects(
    cluster: Cluster, kubeconfig: object
) -> None:
    started = time.monotonic()
    async with clients(cluster.plane.kubeconfig, kubeconfig) as (admin, operator):  # type: ignore[arg-type]
        kills = await killed_again_and_again(admin, operator, cluster.namespace)
    print(f"{time.monotonic() - started:.0f} s")
    assert kills >= POINTS
