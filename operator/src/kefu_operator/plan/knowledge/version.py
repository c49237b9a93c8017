"""What a version is named for, and how it is judged: hashes of all that goes into either."""

from collections.abc import Mapping

from kefu_api import digest
from kefu_api.documents import index as document
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_api.kinds.knowledge.source import Source

NOTHING_PUSHED = ""
"""Digest of a source that nothing was pushed to yet."""
QUESTIONS = "evaluation.questions"
"""Key of the golden questions among the digests; no source can have this name, since names hold no dot."""


def config_maps_of(index: KnowledgeIndex) -> Mapping[str, str]:
    """Names of the ConfigMaps that an index draws from: by source, and that of the golden questions by `QUESTIONS`."""
    named = {source.name: source.config_map.name for source in index.spec.sources if source.config_map}
    evaluation = index.spec.evaluation
    return named | ({QUESTIONS: evaluation.questions.config_map.name} if evaluation else {})


def publishes_itself(index: KnowledgeIndex) -> bool:
    """Whether a version that passes every gate is published without a person."""
    return index.spec.publishing.mode == "Automatic" and index.spec.publishing.version is None


def version_of(index: KnowledgeIndex, digests: Mapping[str, str]) -> str | None:
    """Name of the version that the sources ask for; None while a source is missing, or nothing was pushed yet."""
    contents = {source.name: source_digest(source, digests) for source in index.spec.sources}
    if None in contents.values() or not any(contents.values()):
        return None
    value = {
        "layout": document.LAYOUT,
        "contents": contents,
        "formats": {source.name: source.format for source in index.spec.sources},
        "chunking": index.spec.chunking.model_dump(mode="json"),
        "embedding": index.spec.embedding.model_dump(mode="json", exclude_none=True),
    }
    columns = {source.name: source.columns.model_dump(mode="json") for source in index.spec.sources if source.columns}
    if columns:
        value["columns"] = columns
    external = index.spec.store.external
    if external:
        # Another server holds nothing yet: what was published in the one before does not count there.
        value["store"] = {"uri": external.uri, "database": external.database}
    return f"v{digest.of_value(value)[:10]}"


def judgement_of(index: KnowledgeIndex, digests: Mapping[str, str]) -> str | None:
    """Hash of golden questions, gates and search settings; None where there is no evaluation, or no question."""
    evaluation, questions = index.spec.evaluation, digests.get(QUESTIONS)
    if evaluation is None or questions is None:
        return None
    value = {
        "questions": questions,
        "gates": [gate.model_dump(mode="json") for gate in evaluation.gates],
        "search": index.spec.search.model_dump(mode="json", exclude_none=True),
        "vocabulary": index.spec.vocabulary.model_dump(mode="json"),
    }
    if evaluation.calibration == "Off":
        value["calibration"] = "Off"
    if index.spec.graph.enabled:
        value["graph"] = index.spec.graph.model_dump(mode="json")
    if index.spec.reranker:
        value["reranker"] = index.spec.reranker.model_dump(mode="json", exclude_none=True)
    return digest.of_value(value)[:16]


def manner(index: KnowledgeIndex, digests: Mapping[str, str]) -> str:
    """What a Job does beyond building, so that one that does something else has another name; empty where it is plain."""
    judged_by, itself = judgement_of(index, digests), publishes_itself(index)
    return "" if judged_by is None and itself else digest.of_value([judged_by, itself])


def source_digest(source: Source, digests: Mapping[str, str]) -> str | None:
    """Of what a source holds now; None while it is missing."""
    if source.push:
        return digests.get(source.name, NOTHING_PUSHED)
    return digest.of_text(source.inline) if source.inline is not None else digests.get(source.name)
