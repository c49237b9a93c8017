"""What an embedder outside this process gives is checked before it is believed."""

import numpy as np

from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import EmbeddingFailed


def unit(vectors: Vectors, count: int, dimension: int, field: str) -> Vectors:
    """`vectors` as unit vectors; `field` is the part of the spec that says what they should be, e.g. `embedding.endpoint`.

    A server need not normalise, since only directions are compared; a vector without a direction is refused.

    Raises:
        EmbeddingFailed: another number or length than expected, numbers that are not finite, or a vector of zeros.
    """
    if vectors.shape != (count, dimension):
        shape = "x".join(str(side) for side in vectors.shape)
        raise EmbeddingFailed(
            f"{field} gives {shape} numbers where {count}x{dimension} were expected; correct {field}.dimension"
        )
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    if not np.all(np.isfinite(norms)):
        raise EmbeddingFailed(
            f"{field} gives a vector with numbers that are not finite; run the model in float32 or bfloat16, not float16"
        )
    if np.any(norms < 1e-12):
        raise EmbeddingFailed(f"{field} gives a vector of zeros; check that it is an embedding model and how it pools")
    return np.asarray(vectors / norms, dtype=np.float32)
