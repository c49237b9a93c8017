"""From an index's embedding to what the retrieval code reads of it, and what has to be mounted for it."""

from kefu_api.documents import index as document
from kefu_api.kinds.knowledge.embedding import Embedding
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator.plan.model_folder import model_folder
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import Mount


def api_key(embedding: Embedding) -> SecretKeyReference | None:
    """The Secret key that the embedding's server wants, if any."""
    return embedding.endpoint.api_key_secret if embedding.endpoint else None


def planned_embedding(
    embedding: Embedding, workload: str, placement: Placement, key_file: str | None
) -> tuple[document.Embedding, tuple[Mount, ...]]:
    """The embedding as `workload` sees it, and its mounts; `key_file` is where the key of `api_key` is mounted."""
    if embedding.endpoint:
        endpoint = embedding.endpoint
        return (
            document.EndpointEmbedding(
                url=endpoint.url, model=endpoint.model, dimension=endpoint.dimension, api_key_file=key_file
            ),
            (),
        )
    if embedding.triton:
        triton = embedding.triton
        return document.TritonEmbedding(url=triton.url, model=triton.model, dimension=triton.dimension), ()
    if embedding.model:
        path, mounts = model_folder(embedding.model.uri, "embedding-model", workload, placement)
        return document.ModelEmbedding(path=path), mounts
    return document.BuiltinEmbedding(), ()
