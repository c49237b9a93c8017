"""The model reranker on a real onnxruntime and real tokenizers: a tiny cross-encoder made here, and one that was trained."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from hack.models.errors import NotFetched
from hack.models.table import load_table, models_root
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from kefu_retrieval.errors import EncoderMissing
from kefu_retrieval.rerankers.onnx_model import BATCH, OnnxReranker

WORDS = ["[PAD]", "[UNK]", "[SEP]", "return", "refund", "order", "invoice"]
WORTH = np.array([0, 0, 0, 4, 2, -1, -3], dtype=np.float32)
"""What each word of the passage adds to the logit of yes."""


def cross_encoder(logits: int) -> onnx.ModelProto:
    """Sums what the words of the second text are worth; of two logits the first, that of no, is always 1."""
    made = [
        helper.make_node("Gather", ["worth", "input_ids"], ["each"]),
        helper.make_node("Cast", ["token_type_ids"], ["second"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["each", "second"], ["counted"]),
        helper.make_node("ReduceSum", ["counted", "axis"], ["yes"], keepdims=1),
    ]
    columns = {1: ["yes"], 2: ["no", "yes"], 3: ["no", "yes", "yes"]}[logits]
    made += [
        helper.make_node("Mul", ["yes", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "one"], ["no"]),
        helper.make_node("Concat", columns, ["logits"], axis=1),
    ]
    graph = helper.make_graph(
        made,
        "cross",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "token_type_ids")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", logits])],
        [
            numpy_helper.from_array(WORTH, "worth"),
            numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"),
            numpy_helper.from_array(np.zeros((1, 1), dtype=np.float32), "zero"),
            numpy_helper.from_array(np.ones((1, 1), dtype=np.float32), "one"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def folder(path: Path, logits: int = 1) -> Path:
    """As exporters write it."""
    path.mkdir()
    onnx.save(cross_encoder(logits), path / "model.onnx")
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A", pair="$A [SEP] $B:1", special_tokens=[("[SEP]", 2)]
    )
    tokenizer.save(str(path / "tokenizer.json"))
    (path / "config.json").write_text(json.dumps({"max_position_embeddings": 64}))
    return path


async def scores(reranker: OnnxReranker, question: str, *passages: str) -> list[float]:
    try:
        return await reranker.score(question, passages)
    finally:
        await reranker.close()


@pytest.mark.parametrize(("logits", "less"), [(1, 0.0), (2, 1.0)])
async def test_gives_the_log_odds_in_the_order_of_the_passages(tmp_path: Path, logits: int, less: float) -> None:
    texts = ["invoice", "return", "order return refund", *["refund"] * BATCH]
    found = await scores(OnnxReranker(folder(tmp_path / "m", logits)), "return invoice", *texts)
    assert found == [-3.0 - less, 4.0 - less, 5.0 - less, *[2.0 - less] * BATCH]


async def test_cuts_the_passage_and_not_the_question(tmp_path: Path) -> None:
    found = await scores(OnnxReranker(folder(tmp_path / "m")), "order", "refund " * 200, "refund")
    assert found == [2.0 * 62, 2.0]


def test_refuses_what_is_no_cross_encoder(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match=r"reranker\.model gives 3 numbers a pair"):
        OnnxReranker(folder(tmp_path / "m", 3))
    with pytest.raises(EncoderMissing, match=r"correct reranker\.model\.uri"):
        OnnxReranker(tmp_path / "absent")


async def test_a_trained_one_finds_the_passage_that_answers(tmp_path: Path) -> None:
    table = load_table()
    try:
        for name in ("reranker", "reranker-tokenizer"):
            file = table[name].require(models_root())
            shutil.copy(file, tmp_path / file.name)
    except NotFetched as missing:
        pytest.skip(str(missing))
    passages = [
        "The company was founded in 1990.",
        "You may return goods within 7 days of receipt.",
        "We ship to Canada and Mexico.",
        "Earbuds are repaired for free.",
    ]
    reranker = OnnxReranker(tmp_path, "Query: {query}\nSentence: {document}")
    for question, right in (("how many days to return goods", 1), ("do you deliver to Canada?", 2)):
        found = await reranker.score(question, passages)
        assert max(range(4), key=found.__getitem__) == right
    await reranker.close()
