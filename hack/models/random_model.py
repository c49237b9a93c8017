"""Script: a random Qwen2 of 0.2 million parameters, which loads in seconds and talks noise. Usage: random_model.py FOLDER."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hack.models.checkpoint import Tensor, tokenizer_json, write_safetensors, write_texts

HIDDEN, INNER, LAYERS, HEADS, KV_HEADS = 128, 256, 2, 4, 2
CONFIG = {
    "hidden_size": HIDDEN, "intermediate_size": INNER, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
    "num_key_value_heads": KV_HEADS, "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
    "vocab_size": 320, "tie_word_embeddings": True,
}  # fmt: skip
SPECIAL = {"<|endoftext|>": 256, "<|im_start|>": 257, "<|im_end|>": 258}
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def byte_letters() -> dict[str, int]:
    """Give the letters that stand for the 256 bytes in byte-level BPE (GPT-2's `bytes_to_unicode`)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + index): byte for index, byte in enumerate(others)}


def shapes() -> dict[str, tuple[int, ...]]:
    """Give the shape of every tensor by name."""
    head = HIDDEN // HEADS
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (CONFIG["vocab_size"], HIDDEN),  # type: ignore[dict-item]
        "model.norm.weight": (HIDDEN,),
    }
    for layer in range(LAYERS):
        base = f"model.layers.{layer}"
        found[f"{base}.input_layernorm.weight"] = found[f"{base}.post_attention_layernorm.weight"] = (HIDDEN,)
        for name, rows in {"q": HIDDEN, "k": head * KV_HEADS, "v": head * KV_HEADS}.items():
            found[f"{base}.self_attn.{name}_proj.weight"] = (rows, HIDDEN)
            found[f"{base}.self_attn.{name}_proj.bias"] = (rows,)
        found[f"{base}.self_attn.o_proj.weight"] = (HIDDEN, HIDDEN)
        found[f"{base}.mlp.gate_proj.weight"] = found[f"{base}.mlp.up_proj.weight"] = (INNER, HIDDEN)
        found[f"{base}.mlp.down_proj.weight"] = (HIDDEN, INNER)
    return found


def main(folder: Path) -> None:
    """Write the model into the existing `folder`; the same numbers each time."""
    numpy: Any = import_module("numpy")
    generator = numpy.random.default_rng(7)

    def load(shape: tuple[int, ...], name: str) -> Any:
        return numpy.ones(shape, "f4") if "norm" in name else generator.normal(0, 0.05, shape).astype("f4")

    tensors = [Tensor(name, shape, lambda n=name, s=shape: load(s, n)) for name, shape in shapes().items()]  # type: ignore[misc]
    write_texts(folder, dict(CONFIG), tokenizer_json(byte_letters(), [], SPECIAL), TEMPLATE)
    write_safetensors(folder / "model.safetensors", tensors)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
