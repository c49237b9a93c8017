"""Two indexes on one Milvus: what the service of one tells about the other, asked by every way in and by guessed names."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from kefu_api.documents.index import EndpointEmbedding, Index
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.words_endpoint import words_endpoint
from tests.integration.test_retrieval.world import Service, World, eventually

OURS = "- {id: hours, question: When is the shop open, answer: From nine to five.}"
THEIRS = "- {id: margin, question: What is our purchase price of the lamp, answer: Confidential eleven euros.}"
SECRET = "eleven euros"
NEIGHBOURS = {"another namespace": "kefu_0a1b2c3d_shop", "a name that continues ours": "kefu_acme_shop_eu"}
"""The second cannot come about: a hash of namespace and name stands in the operator's aliases. The service does not rely on it."""


@pytest.fixture(scope="module")
def embedding() -> Iterator[EndpointEmbedding]:
    with words_endpoint() as served:
        yield served


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.milvus_lite(tmp_path_factory.mktemp("lite")) as running:
        yield running


def publish(folder: Path, uri: str, embedding: EndpointEmbedding, faq: str, alias: str) -> tuple[World, Index]:
    """An index of that alias, published."""
    folder.mkdir()
    world = World(folder, uri, folder / "no-encoder", faq, embedding=embedding)
    plain = world.document()
    document = plain.model_copy(update={"store": plain.store.model_copy(update={"alias": alias})})
    world.follow(document)
    status, report = world.ingest(document)
    assert status == 0, report
    return world, document


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_one_index_tells_nothing_of_another(
    tmp_path: Path, lite: servers.Server, embedding: EndpointEmbedding, neighbour: str
) -> None:
    alias = NEIGHBOURS[neighbour]
    _, theirs = publish(tmp_path / "theirs", lite.uri, embedding, THEIRS, alias)
    world, ours = publish(tmp_path / "ours", lite.uri, embedding, OURS, "kefu_acme_shop")
    guesses = [theirs.version, theirs.collection, alias, f"eu_{theirs.version}", f"../{theirs.collection}", "*", "%"]
    with world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)
        _search(service)
        _, listed = service.get("/v1/versions")
        assert theirs.version not in listed
        assert ours.version in listed
        for guess in guesses:
            for pair in (f"before={quote(guess)}&after={ours.version}", f"before={ours.version}&after={quote(guess)}"):
                status, text = service.get(f"/v1/versions/diff?{pair}")
                assert (status, "margin" in text) == (404, False), (guess, text)
        assert SECRET not in service.log.read_text()


def _search(service: Service) -> None:
    status, found = service.search("What is our purchase price of the lamp", topK=50)
    assert status == 200
    assert not [hit for hit in found["hits"] if SECRET in hit["text"]]
    for field in ("index", "alias", "collection", "namespace", "database", "version", "filter"):
        status, problem = service.search("What is our purchase price of the lamp", **{field: "kefu_0a1b2c3d_shop"})
        assert (status, problem["code"]) == (400, "V1002"), field
