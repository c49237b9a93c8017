"""The example shop's golden questions: is the right document among the first five, and is "I don't know" told apart?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.world import World, encoder, eventually

pytestmark = pytest.mark.model

SHOP = Path(__file__).parents[3] / "examples" / "shop"


def config_map(file: str) -> dict[str, str]:
    data: dict[str, str] = yaml.safe_load((SHOP / file).read_text())["data"]
    return data


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with servers.milvus_lite(tmp_path / "lite") as lite:
        yield World(tmp_path, lite.uri, encoder())


def test_finds_what_the_shop_knows_and_doubts_what_it_does_not(world: World) -> None:
    document = world.from_folders(faq=config_map("faq.yaml"), policies=config_map("policies.yaml"))
    status, report = world.ingest(document)
    assert status == 0
    assert report["skipped"] == []
    questions: list[dict[str, Any]] = yaml.safe_load(config_map("golden.yaml")["golden.yaml"])
    with world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)
        found = {question["id"]: service.search(question["question"])[1] for question in questions}
    known = [question for question in questions if question["answerable"]]
    missed = [q["question"] for q in known if not {h["document"] for h in found[q["id"]]["hits"]} & set(q["sources"])]
    refused = [q["question"] for q in known if not found[q["id"]]["answerable"]]
    doubted = [q for q in questions if not q["answerable"] and not found[q["id"]]["answerable"]]
    unknown = len(questions) - len(known)
    first = [q["question"] for q in known if found[q["id"]]["hits"][0]["document"] not in q["sources"]]
    print(
        f"first {1 - len(first) / len(known):.3f}, recall@5 {1 - len(missed) / len(known):.3f}, answerable {1 - len(refused) / len(known):.3f},",
        end=" ",
    )
    print(f"refused {len(doubted)} of {unknown}")
    assert len(missed) <= 0.05 * len(known), missed
    assert len(refused) <= 0.06 * len(known), refused
    assert len(first) <= 0.15 * len(known), first
    assert len(doubted) >= 0.7 * unknown
