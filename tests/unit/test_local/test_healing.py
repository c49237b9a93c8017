from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kefu_operator.local.healing import LOST_AFTER, Healer
from kefu_operator.local.keeper import Phase
from kefu_operator.local.plan import LocalPlan, ServedIndex
from tests.unit.test_local.processes import Sleeps, Told
from tests.unit.test_local.test_ingestion import ingestion, remembered, report, saying, wanted

SERVED = ServedIndex(
    name="shop", url="http://127.0.0.1:1", store="shop-milvus", retrieval="shop-retrieval", token_file="/t"
)
LOST = "HTTP 503: IndexNotPublished: no version is published"


class Keepers:
    """A supervisor whose keepers' phases the test decides."""

    def __init__(self, store: Phase, retrieval: Phase, detail: str) -> None:
        self.known: dict[str, Any] = {
            "shop-milvus": SimpleNamespace(phase=store),
            "shop-retrieval": SimpleNamespace(phase=retrieval, detail=detail),
        }

    def keeper(self, name: str) -> Any:
        return self.known[name]


@pytest.mark.parametrize(
    ("keepers", "looks", "built"),
    [
        (Keepers(Phase.READY, Phase.STARTING, LOST), LOST_AFTER, True),
        (Keepers(Phase.READY, Phase.STARTING, LOST), LOST_AFTER - 1, False),
        (Keepers(Phase.STARTING, Phase.STARTING, LOST), 3 * LOST_AFTER, False),
        (Keepers(Phase.READY, Phase.READY, ""), 3 * LOST_AFTER, False),
        (Keepers(Phase.READY, Phase.UNREADY, "HTTP 503: StoreUnreachable"), 3 * LOST_AFTER, False),
    ],
    ids=[
        "a version that is missing for long is built again",
        "a moment is not long",
        "a store that is starting may not know it yet",
        "a ready service has its version",
        "a store that is away has lost nothing",
    ],
)
async def test_when_a_version_counts_as_lost(tmp_path: Path, keepers: Keepers, looks: int, built: bool) -> None:
    told = Told()
    kept = ingestion(tmp_path, told, remembered("v1"))
    await kept.want(wanted("v1", *saying(report("v1"))))
    plan = LocalPlan(workloads=(), wanted=(), generated_secrets=(), chatbots=(), indexes=(SERVED,))
    healer = Healer(keepers, {"shop": kept}, lambda: plan, Sleeps())  # type: ignore[arg-type]
    for _ in range(looks):
        await healer.look(SERVED)
    await kept.settled.wait()
    assert told.has("published version v1") is built
