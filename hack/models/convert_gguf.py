"""Script: a Qwen2 GGUF file to a folder that vLLM serves. Usage: convert_gguf.py FILE FOLDER."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hack.models.checkpoint import Tensor, tokenizer_json, write_safetensors, write_texts

_LAYER_NAMES = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
_OTHER_NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_CONTROL, _USER_DEFINED, _UNUSED = 3, 4, 5
"""Kinds of tokens (llama.cpp, llama_token_type)."""


def hub_name(name: str) -> str:
    """Translate a tensor's name from llama.cpp's to transformers' convention."""
    match = re.fullmatch(r"blk\.(\d+)\.(\w+)\.(weight|bias)", name)
    return f"model.layers.{match[1]}.{_LAYER_NAMES[match[2]]}.{match[3]}" if match else _OTHER_NAMES[name]


def main(file: Path, folder: Path) -> None:
    """Convert `file` into the existing `folder`."""
    gguf: Any = import_module("gguf")
    reader = gguf.GGUFReader(file)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    if fields["general.architecture"] != "qwen2":
        sys.exit(f"{file} is a {fields['general.architecture']} model; only qwen2 is converted")
    tensors = [_tensor(gguf, tensor) for tensor in reader.tensors]
    write_texts(folder, _config(fields, tensors), _tokenizer(fields), fields["tokenizer.chat_template"])
    write_safetensors(folder / "model.safetensors", tensors)


def _tensor(gguf: Any, tensor: Any) -> Tensor:
    shape = tuple(int(length) for length in reversed(tensor.shape))  # GGUF counts from the innermost
    return Tensor(
        hub_name(tensor.name), shape, lambda: gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(shape)
    )


def _config(fields: dict[str, Any], tensors: list[Tensor]) -> dict[str, Any]:
    return {
        "hidden_size": fields["qwen2.embedding_length"],
        "intermediate_size": fields["qwen2.feed_forward_length"],
        "num_hidden_layers": fields["qwen2.block_count"],
        "num_attention_heads": fields["qwen2.attention.head_count"],
        "num_key_value_heads": fields["qwen2.attention.head_count_kv"],
        "max_position_embeddings": fields["qwen2.context_length"],
        "rms_norm_eps": 1e-6,
        "rope_theta": fields["qwen2.rope.freq_base"],
        "vocab_size": len(fields["tokenizer.ggml.tokens"]),
        "tie_word_embeddings": not any(tensor.name == "lm_head.weight" for tensor in tensors),
    }


def _tokenizer(fields: dict[str, Any]) -> dict[str, Any]:
    vocabulary: dict[str, int] = {}
    special: dict[str, int] = {}
    kinds = fields["tokenizer.ggml.token_type"]
    for number, (text, kind) in enumerate(zip(fields["tokenizer.ggml.tokens"], kinds, strict=True)):
        if kind in (_CONTROL, _USER_DEFINED):
            special[text] = number
        elif kind != _UNUSED:
            vocabulary[text] = number
    return tokenizer_json(vocabulary, fields["tokenizer.ggml.merges"], special)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
