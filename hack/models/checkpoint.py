"""Writes model folders in the hub's own format: safetensors in bfloat16, config, tokenizer.

Runs in a virtual environment of its own (`snapshots`), which has numpy and gguf; torch and transformers, 6 GB, are not
needed for a copy of numbers.
"""

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen2 cuts text before merging bytes, as in its published tokenizer.json."""


TRANSFORMERS = "5.0.0"
"""Release whose format the folder follows; without it, transformers takes the tokenizer for an old Mistral's and warns."""


@dataclass(frozen=True)
class Tensor:
    """One tensor, computed when it is written."""

    name: str
    shape: tuple[int, ...]
    load: Callable[[], Any]
    """Gives a float32 array of `shape`."""


def write_safetensors(path: Path, tensors: Sequence[Tensor]) -> None:
    """Write tensors as bfloat16: 8 bytes of header length, a JSON header, the data (the safetensors format)."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for tensor in tensors:
        size = 2
        for length in tensor.shape:
            size *= length
        header[tensor.name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as out:
        out.write(struct.pack("<Q", len(encoded)) + encoded)
        for tensor in tensors:
            array = tensor.load()
            if tuple(array.shape) != tensor.shape:
                raise ValueError(f"{tensor.name} has shape {array.shape}, not {tensor.shape}")
            out.write(bfloat16(array))


def bfloat16(array: Any) -> bytes:
    """Round float32 to the nearest bfloat16, ties to even."""
    bits = array.astype("<f4").view("<u4")
    rounded: bytes = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
    return rounded


def tokenizer_json(vocabulary: dict[str, int], merges: Sequence[str], special: dict[str, int]) -> dict[str, Any]:
    """Give a byte-level BPE tokenizer in the form of the `tokenizers` library."""
    bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": QWEN_WORDS}, "behavior": "Isolated", "invert": False}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number, "content": text, **plain} for text, number in special.items()],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, bytes_only]},
        "post_processor": bytes_only,
        "decoder": bytes_only,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": vocabulary, "merges": list(merges),
        },
    }  # fmt: skip


def write_texts(folder: Path, config: dict[str, Any], tokenizer: dict[str, Any], template: str) -> None:
    """Write all but the weights of a Qwen2 model."""
    ids = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    common = {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
              "torch_dtype": "bfloat16", "transformers_version": TRANSFORMERS, "use_sliding_window": False, "initializer_range": 0.02,
              "attention_dropout": 0.0, "bos_token_id": ids["<|endoftext|>"],
              "eos_token_id": ids["<|im_end|>"]}  # fmt: skip
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer_config = {
        "tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
        "model_max_length": config["max_position_embeddings"], "chat_template": template,
        "add_prefix_space": False, "clean_up_tokenization_spaces": False,
        "added_tokens_decoder": {str(number): {"content": text, **plain} for text, number in ids.items()},
    }  # fmt: skip
    generation = {
        "eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]], "pad_token_id": ids["<|endoftext|>"],
    }  # fmt: skip
    for name, content in {
        "config.json": {**common, **config},
        "generation_config.json": generation,
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": tokenizer_config,
    }.items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
