"""What a model folder says about its model: which file, how to pool, how long a text may be.

The layout is that of sentence-transformers and of Hugging Face's ONNX exports: `tokenizer.json`, `model.onnx` (or
`onnx/model.onnx`), `1_Pooling/config.json`, `sentence_bert_config.json`, `config.json`.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kefu_retrieval.errors import EncoderMissing

Pooling = Literal["mean", "cls", "max", "last"]

MODELS = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
_POOLING: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}
_LONGEST = 8192
_DEFAULT_TOKENS = 512


@dataclass(frozen=True)
class ModelFolder:
    """A folder that was read."""

    model: Path
    tokenizer: Path
    pooling: Pooling
    tokens: int
    """Longest text, in tokens; what is longer is cut."""
    pad: int
    """Id of the padding token."""
    digest: str
    """Names what decides the vectors: 16 hex digits of SHA-256 over model, tokenizer, pooling and length."""


def read(folder: Path, field: str) -> ModelFolder:
    """Look into a mounted model folder, which `field` of the spec names.

    Raises:
        EncoderMissing: a file is absent or says something that cannot be; the message names it.
    """
    if not folder.is_dir():
        raise EncoderMissing(
            f"the model folder {folder} does not exist; correct {field}.uri (file:// works with `kefu run` only)"
        )
    model = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    if model is None:
        raise EncoderMissing(f"{folder} holds none of {', '.join(MODELS)}; export the model to ONNX")
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.is_file():
        raise EncoderMissing(f"{folder} holds no tokenizer.json; save the model's fast tokenizer beside it")
    pooling, tokens = _pooling(folder), _tokens(folder)
    pad = _json(folder / "config.json").get("pad_token_id")
    return ModelFolder(
        model,
        tokenizer,
        pooling,
        tokens,
        pad if isinstance(pad, int) else 0,
        _digest(model, tokenizer, pooling, tokens),
    )


def _pooling(folder: Path) -> Pooling:
    """As `1_Pooling/config.json` says; without it the mean over the tokens, which most sentence models are trained for."""
    said = _json(folder / "1_Pooling" / "config.json")
    chosen: list[Pooling] = [pooling for name, pooling in _POOLING.items() if said.get(name) is True]
    if not said:
        return "mean"
    if len(chosen) != 1:
        raise EncoderMissing(
            f"{folder}/1_Pooling/config.json asks for a pooling other than one of {', '.join(_POOLING)}"
        )
    return chosen[0]


def _tokens(folder: Path) -> int:
    said = [
        _json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _json(folder / "tokenizer_config.json").get("model_max_length"),
        _json(folder / "config.json").get("max_position_embeddings"),
    ]
    lengths = [number for number in said if isinstance(number, int) and 0 < number <= 10**6]
    return min(lengths[0], _LONGEST) if lengths else _DEFAULT_TOKENS


def _json(file: Path) -> dict[str, Any]:
    """The object in `file`; empty when there is no such file."""
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EncoderMissing(f"{file} cannot be read as JSON") from error
    return value if isinstance(value, dict) else {}


def _digest(model: Path, tokenizer: Path, *settings: object) -> str:
    digest = hashlib.sha256(repr(settings).encode())
    data = model.with_name(f"{model.name}_data")
    try:
        for file in (model, tokenizer, *([data] if data.is_file() else [])):
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError as error:
        raise EncoderMissing(f"the model folder {model.parent} cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:16]
