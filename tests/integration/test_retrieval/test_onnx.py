"""The model embedder on a real onnxruntime and a real tokenizer: a tiny encoder made here, whose vectors can be told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from kefu_retrieval.embeddings.builtin import BuiltinEmbedder
from kefu_retrieval.embeddings.onnx_model import BATCH, OnnxEmbedder
from kefu_retrieval.errors import EncoderMissing

WORDS = ["[PAD]", "[UNK]", "return", "refund", "order", "invoice", "退", "货"]
DIMENSION = 8
TABLE = np.eye(len(WORDS), DIMENSION, dtype=np.float32) + 0.1


def model(output: str = "last_hidden_state", table: Any = TABLE) -> onnx.ModelProto:
    """An encoder whose tokens' states are rows of a table."""
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["states"]),
            helper.make_node("Cast", ["attention_mask"], ["seen"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["seen", "axis"], ["column"]),
            helper.make_node("Mul", ["states", "column"], ["masked"]),
            helper.make_node("Add", ["masked", "offset"], [output]),
        ],
        "encoder",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", "tokens", table.shape[1]])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([2], dtype=np.int64), "axis"),
            numpy_helper.from_array(np.full(1, 0.5, dtype=np.float32), "offset"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def folder(path: Path, made: onnx.ModelProto | None = None, **pooling: bool) -> Path:
    """A model folder as sentence-transformers writes it."""
    (path / "onnx").mkdir(parents=True)
    onnx.save(made or model(), path / "onnx" / "model.onnx")
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(path / "tokenizer.json"))
    (path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 6}))
    if pooling:
        (path / "1_Pooling").mkdir()
        (path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return path


async def embed(path: Path, *texts: str) -> Any:
    embedder = OnnxEmbedder(path)
    try:
        return await embedder.embed(texts)
    finally:
        await embedder.close()


def expected(*tokens: int) -> Any:
    """The mean of these tokens' states."""
    mean = (TABLE[list(tokens)] + 0.5).mean(axis=0)
    return mean / np.linalg.norm(mean)


async def test_pools_over_the_words_and_not_over_the_padding(tmp_path: Path) -> None:
    vectors = await embed(folder(tmp_path / "m"), "return", "refund order invoice return")
    np.testing.assert_allclose(vectors[0], expected(2), atol=1e-6)
    np.testing.assert_allclose(vectors[1], expected(3, 4, 5, 2), atol=1e-6)


async def test_gives_the_rows_in_the_order_of_the_texts_whatever_their_lengths(tmp_path: Path) -> None:
    texts = [" ".join(["return", "refund", "order"][: 1 + n % 3]) for n in range(3 * BATCH + 1)]
    vectors = await embed(folder(tmp_path / "m"), *texts)
    assert vectors.shape == (len(texts), DIMENSION)
    for n in range(len(texts)):
        np.testing.assert_allclose(vectors[n], expected(*[2, 3, 4][: 1 + n % 3]), atol=1e-6)


@pytest.mark.parametrize(
    ("pooling", "tokens"),
    [("pooling_mode_cls_token", [2]), ("pooling_mode_lasttoken", [4]), ("pooling_mode_mean_tokens", [2, 3, 4])],
)
async def test_pools_as_the_folder_says(tmp_path: Path, pooling: str, tokens: list[int]) -> None:
    path = folder(tmp_path / "m", None, **{"pooling_mode_cls_token": False, pooling: True})
    (first, _) = await embed(path, "return refund order", "order order order order order")
    np.testing.assert_allclose(first, expected(*tokens), atol=1e-6)


async def test_cuts_what_is_longer_than_the_model_takes(tmp_path: Path) -> None:
    long, short = await embed(folder(tmp_path / "m"), "return " * 6 + "invoice " * 50, "return " * 6)
    np.testing.assert_allclose(long, short, atol=1e-6)


def test_names_the_vector_space_by_what_the_model_is_and_not_where(tmp_path: Path) -> None:
    first, same = OnnxEmbedder(folder(tmp_path / "a")), OnnxEmbedder(folder(tmp_path / "b"))
    other = OnnxEmbedder(folder(tmp_path / "c", model(table=TABLE * 2)))
    pooled = OnnxEmbedder(folder(tmp_path / "d", pooling_mode_cls_token=True))
    assert first.fingerprint == same.fingerprint
    assert len({first.fingerprint, other.fingerprint, pooled.fingerprint}) == 3
    assert first.dimension == DIMENSION


def without(name: str) -> Any:
    return lambda path: (path / name).unlink()


BROKEN = {
    "no model": (without("onnx/model.onnx"), "holds none of model.onnx"),
    "no tokenizer": (without("tokenizer.json"), "no tokenizer.json"),
    "a model that is none": (lambda path: (path / "onnx/model.onnx").write_bytes(b"x"), "cannot be loaded"),
    "a tokenizer that is none": (lambda path: (path / "tokenizer.json").write_text("{}"), "is no tokenizer"),
    "a configuration that is none": (lambda path: (path / "config.json").write_text("{"), "cannot be read as JSON"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_says_what_is_wrong_with_a_folder(tmp_path: Path, case: str) -> None:
    spoil, message = BROKEN[case]
    path = folder(tmp_path / "m")
    spoil(path)
    with pytest.raises(EncoderMissing, match=message):
        OnnxEmbedder(path)


def test_says_when_the_folder_is_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="does not exist"):
        OnnxEmbedder(tmp_path / "absent")


def test_refuses_a_pooling_that_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="asks for a pooling"):
        OnnxEmbedder(folder(tmp_path / "m", pooling_mode_weightedmean_tokens=True))


def test_the_builtin_embedder_names_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "encoder.onnx").write_bytes(b"x")
    with pytest.raises(EncoderMissing, match="cannot be loaded as an ONNX model"):
        BuiltinEmbedder(tmp_path / "encoder.onnx")
