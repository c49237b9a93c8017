"""From texts to what an ONNX text model takes: token ids, mask, types and positions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kefu_retrieval.embeddings.onnx_folder import ModelFolder
from kefu_retrieval.errors import EncoderMissing


def load(folder: ModelFolder, field: str) -> Any:
    """The folder's tokenizer, which cuts and pads; `field` is the part of the spec that names the folder.

    Raises:
        EncoderMissing: it cannot be loaded.
    """
    try:
        from tokenizers import Tokenizer  # heavy and only for models of one's own: the extra `onnx`
    except ImportError as error:
        raise EncoderMissing(f"{field} needs the package tokenizers; install kefu-retrieval[onnx]") from error
    try:
        made = Tokenizer.from_file(str(folder.tokenizer))
    except Exception as error:  # the library raises nothing narrower
        raise EncoderMissing(f"{folder.tokenizer} is no tokenizer: {str(error)[:200]}") from error
    made.enable_truncation(folder.tokens)  # of a pair, its longer text
    made.enable_padding(pad_id=folder.pad)
    return made


def feed(encoded: Sequence[Any]) -> dict[str, NDArray[np.int64]]:
    """Arrays of (texts, tokens) by the names that exported models use; `attention_mask` tells padding."""
    mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
    return {
        "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
        "attention_mask": mask,
        "token_type_ids": np.array([one.type_ids for one in encoded], dtype=np.int64),
        "position_ids": np.cumsum(mask, axis=1) - 1,
    }
