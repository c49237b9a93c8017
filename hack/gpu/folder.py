"""Folders as a hub would have filled them, without weights: config.json and a tokenizer; and a LoRA adapter of small numbers."""

import json
import random
import shutil
from array import array
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
RANK = 16
BLOCK = 65_536


def model(folder: Path, config: dict[str, Any]) -> None:
    """What a server reads where it is told to invent the weights."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(config["vocab_size"])))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "chat_template": TEMPLATE,
                "eos_token": "<end>",
                "model_max_length": config["max_position_embeddings"],
            }
        )
    )


def _tokenizer(size: int) -> dict[str, Any]:
    """As many tokens as the model has: the 256 bytes, by which every text is read, and words that answers can hold."""
    vocabulary = {letter: index for index, letter in enumerate(_letters())}
    vocabulary |= {f"Ġw{index}": index for index in range(len(vocabulary), size - 1)}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": size - 1,
                "content": "<end>",
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocabulary | {"<end>": size - 1},
            "merges": [],
        },
    }


def _letters() -> list[str]:
    """The letter that stands for each byte.

    Source: `bytes_to_unicode` of GPT-2's encoder.py: printable ones for themselves, others from U+0100 on.
    """
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) if byte in plain else chr(256 + others.index(byte)) for byte in range(256)]


def adapter(folder: Path, config: dict[str, Any], strength: float = 0.01) -> None:
    """A LoRA adapter of queries and values, of random numbers up to `strength`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    hidden, head = config["hidden_size"], config["head_dim"]
    outputs = {"q_proj": config["num_attention_heads"] * head, "v_proj": config["num_key_value_heads"] * head}
    said = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": 2 * RANK, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(said | {"target_modules": list(outputs)}))
    shapes = {}
    for layer in range(config["num_hidden_layers"]):
        for name, width in outputs.items():
            stem = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            shapes[f"{stem}.lora_A.weight"] = (RANK, hidden)
            shapes[f"{stem}.lora_B.weight"] = (width, RANK)
    _write(folder / "adapter_model.safetensors", shapes, strength)


def _write(file: Path, shapes: dict[str, tuple[int, int]], strength: float) -> None:
    """Source: the format's description (github.com/huggingface/safetensors): length of the header, header, tensors."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * shape[0] * shape[1]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    draw = random.Random(7)  # noqa: S311 - weights, not secrets
    block = array("f", (draw.uniform(-strength, strength) for _ in range(BLOCK))).tobytes()
    with file.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.write(block * (end // len(block)) + block[: end % len(block)])
