"""The whole way with a real, small model: declared YAML in, grounded answer out."""

from pathlib import Path

import pytest

from kefu_api.wire.chat import Outcome
from kefu_operator.local.options import cache
from tests.integration.test_local.instance import running
from tests.unit.test_local.objects import chatbot, config_map, index, write

SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
FILE = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (cache() / "models" / "sha256" / SHA256 / FILE).is_file(),
        reason="the model is missing: python -m hack.models fetch qwen2.5-coder-0.5b encoder",
    ),
]

FAQ = """\
- {id: warranty, question: "How long is the warranty on headphones?", answer: Headphones have a warranty of 18 months.}
- {id: pay, question: "可以用哪些方式付款？", answer: 支持微信支付和支付宝。}
"""


def test_a_real_model_answers_from_evidence_and_knows_what_it_does_not_know(tmp_path: Path) -> None:
    model = {"uri": f"hf://Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/{FILE}", "sha256": SHA256}
    bot = chatbot(model=model, engine={"llamaCpp": {"contextLength": 4096}}, budget={"total": "5m", "tokens": 128})
    folder = write(tmp_path / "files", index(), bot, config_map(text=FAQ))
    with running(folder, tmp_path / "s") as instance:
        instance.ready()
        answered = instance.ask("How long is the warranty on headphones?")
        assert answered.outcome is Outcome.ANSWERED, instance.output
        assert "18" in answered.answer
        assert [citation.document for citation in answered.citations] == ["faq/warranty"]
        assert instance.ask("Which planets have rings?").outcome is Outcome.UNKNOWN
