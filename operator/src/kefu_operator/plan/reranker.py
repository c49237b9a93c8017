"""From an index's reranker to what the retrieval code reads of it, and what has to be mounted for it."""

from kefu_api.documents import index as document
from kefu_api.kinds.knowledge.reranker import Reranker
from kefu_api.kinds.meta import SecretKeyReference
from kefu_operator.plan.model_folder import model_folder
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import Mount


def reranker_key(reranker: Reranker | None) -> SecretKeyReference | None:
    """The Secret key that the reranker's server wants, if any."""
    server = (reranker.endpoint or reranker.chat) if reranker else None
    return server.api_key_secret if server else None


def reranker_url(reranker: Reranker | None) -> str | None:
    """The server that is asked, if one is."""
    server = (reranker.endpoint or reranker.chat) if reranker else None
    return server.url if server else None


def planned_reranking(
    reranker: Reranker | None, workload: str, placement: Placement, key_file: str | None
) -> tuple[document.Reranking | None, tuple[Mount, ...]]:
    """The reranker as `workload` sees it, and its mounts; `key_file` is where the key of `reranker_key` is mounted."""
    if reranker is None:
        return None, ()
    by, mounts = _by(reranker, workload, placement, key_file)
    budget = reranker.budget_milliseconds / 1000
    return document.Reranking(by=by, candidates=reranker.candidates, budget_seconds=budget), mounts


def _by(
    reranker: Reranker, workload: str, placement: Placement, key_file: str | None
) -> tuple[document.Reranker, tuple[Mount, ...]]:
    if server := reranker.endpoint:
        return document.EndpointReranker(url=server.url, model=server.model, api_key_file=key_file), ()
    if engine := reranker.chat:
        return document.ChatReranker(url=engine.url, model=engine.model, api_key_file=key_file), ()
    model = reranker.model
    assert model is not None  # noqa: S101 - one of the three is set
    path, mounts = model_folder(model.uri, "reranker-model", workload, placement)
    return document.ModelReranker(path=path, template=model.template), mounts
