"""From an index's embedding to what the retrieval code reads of it, and what has to be mounted for it."""

from pathlib import PurePosixPath

from kefu_api.documents import index as document
from kefu_api.kinds.knowledge.embedding import Embedding
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import ClaimMount, Mount


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
        return _folder(embedding.model.uri, workload, placement)
    return document.BuiltinEmbedding(), ()


def _folder(uri: str, workload: str, placement: Placement) -> tuple[document.Embedding, tuple[Mount, ...]]:
    scheme, _, rest = uri.partition("://")
    if scheme == "file":
        return document.ModelEmbedding(path=rest), ()
    claim, _, inside = rest.partition("/")
    mount = ClaimMount("embedding-model", placement.path(workload, "embedding-model"), claim)
    return document.ModelEmbedding(path=str(PurePosixPath(mount.path) / inside)), (mount,)
