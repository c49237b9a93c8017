"""Model folders in the hub's format, read back as the format says."""

import json
import struct
from pathlib import Path

import numpy
import pytest
from hack.models.checkpoint import bfloat16
from hack.models.convert_gguf import hub_name
from hack.models.random_model import byte_letters, main, shapes


def test_the_random_model_is_a_readable_and_repeatable_checkpoint(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        main(tmp_path / name)
    data = (tmp_path / "a/model.safetensors").read_bytes()
    assert data == (tmp_path / "b/model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    del header["__metadata__"]
    assert {name: tuple(entry["shape"]) for name, entry in header.items()} == shapes()
    assert max(entry["data_offsets"][1] for entry in header.values()) == len(data) - 8 - length
    config = json.loads((tmp_path / "a/config.json").read_text())
    tokenizer = json.loads((tmp_path / "a/tokenizer.json").read_text())
    ids = [*tokenizer["model"]["vocab"].values(), *(token["id"] for token in tokenizer["added_tokens"])]
    assert sorted(ids) == list(range(259))
    assert max(ids) < config["vocab_size"]


@pytest.mark.parametrize(
    ("value", "bits"),
    [(1.0, 0x3F80), (-2.0, 0xC000), (1.00390625, 0x3F80), (1.01171875, 0x3F82), (3.14159265, 0x4049)],
)
def test_bfloat16_rounds_to_the_nearest_even(value: float, bits: int) -> None:
    assert bfloat16(numpy.array([value])) == struct.pack("<H", bits)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("blk.11.attn_q.bias", "model.layers.11.self_attn.q_proj.bias"),
        ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"),
        ("output.weight", "lm_head.weight"),
    ],
)
def test_names_of_tensors(name: str, expected: str) -> None:
    assert hub_name(name) == expected


def test_every_byte_has_a_letter() -> None:
    letters = byte_letters()
    assert sorted(letters.values()) == list(range(256))
    assert (letters["Ġ"], letters["Ċ"]) == (ord(" "), ord("\n"))
