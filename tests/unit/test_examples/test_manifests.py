import re

import pytest

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex

from .shop import SHOP, documents, faq, golden, policies

MANIFESTS = sorted(path.name for path in SHOP.glob("*.yaml"))
LARGEST = 200 * 1024


def test_the_folder_holds_the_four_manifests() -> None:
    assert MANIFESTS == ["faq.yaml", "golden.yaml", "policies.yaml", "shop.yaml"]


@pytest.mark.parametrize("file", MANIFESTS)
def test_a_manifest_stays_small_enough_to_apply(file: str) -> None:
    assert (SHOP / file).stat().st_size < LARGEST


@pytest.mark.parametrize("file", ["faq.yaml", "golden.yaml", "policies.yaml"])
def test_a_config_map_holds_text_under_legal_keys(file: str) -> None:
    (document,) = documents(file)
    assert (document["apiVersion"], document["kind"]) == ("v1", "ConfigMap")
    assert all(
        isinstance(text, str) and re.fullmatch(r"[-._a-zA-Z0-9]+", key) for key, text in document["data"].items()
    )


def test_the_objects_satisfy_the_api_and_refer_to_each_other() -> None:
    index_document, bot_document = documents("shop.yaml")
    index, bot = KnowledgeIndex.model_validate(index_document), ChatbotDeployment.model_validate(bot_document)
    maps = {document["metadata"]["name"] for file in MANIFESTS for document in documents(file)}
    assert {source.config_map.name for source in index.spec.sources if source.config_map} == {
        "shop-faq",
        "shop-policies",
    }
    assert maps >= {"shop-faq", "shop-policies", "shop-golden"}
    assert [reference.name for reference in bot.spec.knowledge] == [index.metadata.name]
    assert {source.split("/")[0] for question in golden() for source in question.sources} == {
        source.name for source in index.spec.sources
    }


def test_the_model_is_pinned_by_its_checksum() -> None:
    bot = ChatbotDeployment.model_validate(documents("shop.yaml")[1])
    assert bot.spec.model is not None
    assert bot.spec.model.sha256 is not None


def test_the_readme_tells_the_counts() -> None:
    readme = (SHOP / "README.md").read_text(encoding="utf-8")
    assert f"{len(faq()) // 2} topics" in readme
    assert f"{len(policies()) // 2} policies" in readme
    assert f"{len(golden())} questions" in readme
    assert f"{sum(not question.answerable for question in golden())} of them" in readme
