"""Golden questions drafted with `kefu run`: real passages, a real small model in a real llama.cpp server, a real search."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kefu_operator.local.encoder import SHA256
from kefu_operator.local.options import cache
from kefu_retrieval.evaluation import questions
from tests.integration.test_engines.launcher import launched
from tests.integration.test_local.instance import Instance, running
from tests.unit.test_local.objects import config_map, index, write

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (cache() / "models" / "sha256" / SHA256).is_dir(),
        reason="the sentence encoder is missing: python -m hack.models fetch encoder",
    ),
]

FAQ = """\
- id: warranty
  question: How long is the warranty on headphones?
  answer: Headphones have a warranty of 18 months, from the day of delivery. Keep the invoice.
- {id: exchange, question: "换货运费谁出？", answer: 换货的往返运费由我们承担，签收后 15 天内可以申请，每个订单一次。}
"""


def draft(instance: Instance, file: Path, *words: str) -> dict[str, int]:
    command = [sys.executable, "-m", "kefu_operator.cli", "knowledge", "draft", "--state", str(instance.state)]
    done = subprocess.run(
        [*command, "shop", "--out", str(file), "-o", "json", *words],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + instance.output
    told: dict[str, int] = json.loads(done.stdout)
    return told


def test_a_real_model_drafts_questions_that_the_index_can_be_judged_by(tmp_path: Path) -> None:
    folder, file = write(tmp_path / "files", index(languages=["zh"]), config_map(text=FAQ)), tmp_path / "golden.yaml"
    with (
        launched("--alias", "shop", "--context", "2048", "--parallel", "1", named="qwen2.5-coder-1.5b") as engine,
        running(folder, tmp_path / "s") as instance,
    ):
        instance.ready()
        words = ("--engine", engine.url, "--passages", "1", "--unanswerable", "1.0")
        told = draft(instance, file, *words)
        written = file.read_text()
        assert draft(instance, file, *words)["kept"] == 0
    drafted = questions.parse({"golden.yaml": written})
    assert file.read_text() == written
    assert (told["passages"], told["kept"]) == (1, len(drafted))
    answerable = [each for each in drafted if each.answerable]
    assert {source for each in answerable for source in each.sources} <= {"faq/warranty", "faq/exchange"}
    assert told["marked"] < len(answerable), "at least one finds its own source"
    assert len({each.question for each in drafted}) == len(drafted)
