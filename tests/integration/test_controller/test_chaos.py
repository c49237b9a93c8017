"""Wherever an operator is killed, the next one ends up with the same objects, and none is orphaned."""

import itertools
import os
import random
import time
from difflib import unified_diff
from pprint import pformat
from typing import Any

from kefu_operator.client.client import Client
from tests.integration.test_controller.chaos import STORY, Shop, clients
from tests.integration.test_controller.cluster import Cluster

Picture = dict[str, Any]

POINTS = int(os.environ.get("KEFU_CHAOS_POINTS", "40"))
"""How many operators are killed at least; `make chaos-operator` asks for 1000."""
SEED = int(os.environ.get("KEFU_CHAOS_SEED", "4"))
LONGEST = 8
"""Writes: an operator dies after at most so many, each number equally likely; the story has sixteen times as many."""


async def told(shop: Shop, longest: int | None) -> list[Picture]:
    """What stands after each chapter."""
    await shop.open()
    pictures = []
    for chapter in STORY:
        await shop.tell(chapter, longest)
        pictures.append(await shop.picture())
    return pictures


def difference(ours: Picture, theirs: Picture) -> list[str]:
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


def _is_as_the_story_says(pictures: list[Picture]) -> None:
    """What all are compared with must itself be right: else all could be wrong alike."""
    for chapter, picture in enumerate(pictures):
        assert "nobody" not in str(picture)
        assert "'Ready', 'True'" in str(picture["KnowledgeIndex shop"])
        assert "'Ready', 'True'" in str(picture["ChatbotDeployment shop"])
        assert "StatefulSet shop-redis" in picture
        assert len(_named(picture, "Deployment", "engine-")) == 1
        jobs = _named(picture, "Job")
        assert _named(picture, "ConfigMap", "-ingest-") == jobs
        assert [name.partition("-ingest-")[0] for name in jobs] == (["shop"] if chapter == 3 else ["archive", "shop"])
        assert _named(picture, "ControllerRevision", "shop") == [
            f"shop r{number + 1}" for number in range(min(chapter, 2) + 1)
        ]
    assert pictures[0].keys() != pictures[1].keys()
    assert pictures[0]["KnowledgeIndex archive"]["finalizers"] == ["kefu.dev/external-store"]
    for name in ("shop", "outlet"):
        told = pictures[2][f"ChatbotDeployment {name}"]
        assert ("Released", "True", "Released") in told["conditions"]
        assert told["releases"]["stable"] == "r3"
    assert [name for name in pictures[3] if "outlet" in name or "archive" in name] == []


def _named(picture: Picture, kind: str, part: str = "") -> list[str]:
    """Names of a kind that have a part, in order."""
    names = (name.partition(" ") for name in picture)
    return sorted(name for found, _, name in names if found == kind and part in name)


async def test_killed_between_any_two_writes_it_ends_up_with_the_same_objects(
    cluster: Cluster, kubeconfig: object
) -> None:
    started = time.monotonic()
    async with clients(cluster.plane.kubeconfig, kubeconfig) as (admin, operator):  # type: ignore[arg-type]
        kills = await killed_again_and_again(admin, operator, cluster.namespace)
    print(f"{time.monotonic() - started:.0f} s")
    assert kills >= POINTS
