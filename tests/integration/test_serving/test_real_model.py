import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hack.ports import free_port

from kefu_api.documents.release import Budget, EngineTarget
from tests.integration.test_serving.client import chat, events
from tests.integration.test_serving.conftest import World, a_world
from tests.integration.test_serving.servers import ROOT, Process, eventually, get_json, mount

NAME = "qwen2.5-coder-1.5b"
pytestmark = pytest.mark.model

RETURNS = {
    "zh": ("收到货后几天内可以退货？", "签收后 7 天内可以无理由退货，生鲜水果除外。", "东西不想要了，几天内能退？"),
    "en": (
        "Within how many days can I return an item?",
        "You can return an item within 7 days of receiving it; fresh fruit is excluded.",
        "i dont want it anymore, how many days do i have to send it back?",
    ),
}


def _hit(language: str) -> dict[str, object]:
    title, text, _ = RETURNS[language]
    return {
        "chunk": language, "document": f"faq/return-window.{language}", "title": title, "text": text, "headings": [],
        "language": language, "tags": [], "score": 1.0, "confidence": 0.9,
    }  # fmt: skip


def _model() -> Path:
    found = subprocess.run(
        [sys.executable, "-m", "hack.models", "path", NAME], check=False, capture_output=True, text=True, cwd=ROOT
    )
    path = Path(found.stdout.strip() or "absent")
    if found.returncode or not path.is_file():
        pytest.skip(f"the model is not in the store; fetch it: python -m hack.models fetch {NAME}")
    return path


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose engine is a real llama.cpp with the real model."""
    port, model = free_port(), _model()
    command = [sys.executable, "-m", "kefu_serving.engines.llamacpp", "--model", str(model), "--alias", NAME]
    engine = Process.start([*command, "--host", "127.0.0.1", "--port", str(port), "--parallel", "1"])
    try:
        with a_world(tmp_path_factory.mktemp("real")) as world:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: _healthy(url), 300)
            generous = Budget(total_seconds=300, tokens=300)
            release = world.release(name="r2", budget=generous)
            release = release.model_copy(update={"engine": EngineTarget(url=url, model=NAME)})
            mount(world.gateway.release, {"release.json": release.to_json()})
            eventually(lambda: world.gateway.ready()[1]["release"] == "r2")
            yield world
    finally:
        engine.stop()


def _healthy(url: str) -> bool:
    try:
        return get_json(f"{url}/health").get("status") == "ok"
    except OSError:
        return False


@pytest.mark.parametrize("language", RETURNS)
async def test_a_real_model_answers_from_the_evidence_in_the_customers_language(real: World, language: str) -> None:
    real.retrieval.control(hits=[_hit(language)])
    found = await events(real.gateway, RETURNS[language][2])
    done = found[-1].data
    assert (found[-1].name, done["outcome"], done["language"]) == ("done", "answered", language), done
    assert "7" in done["answer"] or "七" in done["answer"] or "seven" in done["answer"]
    assert done["citations"][0]["document"] == f"faq/return-window.{language}"
    assert ("天" in done["answer"]) is (language == "zh")
    assert "".join(event.data["text"] for event in found if event.name == "delta") == done["answer"]


async def test_a_real_model_says_that_the_evidence_is_silent(real: World) -> None:
    real.retrieval.control(hits=[{**_hit("en"), "confidence": 0.5}])
    answer = await chat(real.gateway, "how much are your cheapest wireless earbuds?")
    assert (answer["outcome"], answer["code"]) == ("unknown", "V2003"), answer


async def test_a_real_engine_counts_its_tokens(real: World) -> None:
    real.retrieval.control(hits=[_hit("zh")])
    await chat(real.gateway, RETURNS["zh"][2])
    lines = [line for line in real.gateway.metrics().splitlines() if line.startswith("kefu_gateway_tokens_total{")]
    assert len(lines) == 2 and all(float(line.split()[-1]) > 0 for line in lines)
