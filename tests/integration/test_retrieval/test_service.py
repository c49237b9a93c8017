"""The job and the service as processes, on Milvus Lite's server, with the real encoder."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hack.ports import free_port

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.store.milvus import MilvusStore
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.world import World, encoder, eventually

pytestmark = pytest.mark.model

FAQ = """
- id: returns.zh
  question: 收到货后几天内可以退货？
  variants: [七天无理由退货怎么算, 东西不想要了能退吗]
  answer: 签收后 7 天内可以无理由退货。
- id: postage.zh
  question: 多少钱包邮？
  variants: [运费怎么算]
  answer: 满 99 元免运费，不足的收 8 元。
- id: invoice.en
  question: How do I get an invoice?
  variants: [can you send me a receipt for my company]
  answer: Request it in the app within 30 days.
- id: battery.en
  question: How long is the battery guaranteed?
  answer: One year from delivery.
"""
PAGES = {
    "privacy.en.md": "# Privacy\n\n## Phone calls\n\nCalls are recorded and kept for 60 days.\n\n## Deletion\n\nWe delete accounts."
    " It takes 15 days.\n",
    "membership.zh.md": "# 会员制度\n\n| 等级 | 每年消费 |\n|---|---|\n| 银卡 | 1000 元 |\n| 金卡 | 5000 元 |\n",
}


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.milvus_lite(tmp_path_factory.mktemp("lite")) as running:
        yield running


@pytest.fixture
def world(lite: servers.Server, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, lite.uri, encoder(), FAQ, dict(PAGES))
    store = store_of(made)
    for held in store.collections("kefu_acme_shop"):
        store.drop(f"kefu_acme_shop_{held.version}")
    yield made
    store.close()


def store_of(world: World) -> MilvusStore:
    return MilvusStore(StoreTarget(uri=world.uri, alias="kefu_acme_shop"), timeout=10.0)


LETTER = (
    "您好，我上个月在你们店里买了一部手机，总的来说很满意。有三件事想麻烦你们：我想知道金卡一年要买多少才能升级；另外电池的保修期是多长时间？"
    "还有，公司要报销，can you give me a receipt for a company, please? 谢谢，祝生意兴隆。"
)


def test_finds_answers_in_both_languages_and_across_them(world: World) -> None:
    status, report = world.ingest(world.document())
    assert status == 0
    assert report["documents"] == 6
    questions = {
        "不想要了还能退回去吗": "faq/returns.zh",
        "买多少免邮费": "faq/postage.zh",
        "receipts for a company please": "faq/invoice.en",
        "are my calls recorded": "pages/privacy.en.md",
        "金卡一年要买多少": "pages/membership.zh.md",
        "how many days do I have to send it back": "faq/returns.zh",
        "电池保修多长时间": "faq/battery.en",
    }
    with world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)
        for query, document in questions.items():
            status, found = service.search(query, topK=3)
            assert (status, found["version"]) == (200, report["version"])
            assert document in [hit["document"] for hit in found["hits"]], query
            assert found["answerable"], query
            assert len({hit["chunk"] for hit in found["hits"]}) == len(found["hits"]) <= 3
        _, nonsense = service.search("成都有没有线下门店可以试机")
        assert not nonsense["answerable"]
        _, letter = service.search(LETTER, topK=4)
        assert {"faq/invoice.en", "pages/membership.zh.md", "faq/battery.en"} <= {h["document"] for h in letter["hits"]}
        assert letter["answerable"]
        metrics = service.get("/metrics")[1]
        assert f'kefu_retrieval_published_info{{index="shop",version="{report["version"]}"}} 1.0' in metrics
        assert 'kefu_retrieval_leg_seconds_count{leg="sparse"}' in metrics


BAD_BODIES = {
    "no JSON": (b"query=a", "body"),
    "an empty query": (b'{"query": ""}', "query"),
    "a query that is too long": (b'{"query": "%s"}' % (b"x" * 8_001), "query"),
    "top_k out of bounds": (b'{"query": "a", "topK": 51}', "topK"),
    "an unknown field": (b'{"query": "a", "top": 3}', "top"),
    "text that is not UTF-8": (b'{"query": "\xff\xfe"}', "body"),
}


def test_refuses_what_is_no_search_and_stays_up(world: World) -> None:
    world.document()
    with world.service() as service:
        for body, field in BAD_BODIES.values():
            status, problem = service.post(body)
            assert (status, problem["code"]) == (400, "V1002"), problem
            assert problem["message"].startswith(field), problem
        status, problem = service.post(b'{"query": "%s"}' % (b"x" * 340_000))
        assert (status, problem["code"]) == (413, "V1006")
        trace = "0af7651916cd43dd8448eb211c80319c"
        _, problem = service.post(b"{}", {"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        assert problem["requestId"] == trace
        assert trace in service.log.read_text()


def test_says_that_nothing_is_published_until_something_is(world: World) -> None:
    document = world.document()
    with world.service() as service:
        status, problem = service.search("退货")
        assert (status, problem["code"]) == (503, "V2002")
        status, text = service.get("/readyz")
        assert status == 503
        assert text.startswith("IndexNotPublished")
        assert world.ingest(document)[0] == 0
        eventually(lambda: service.get("/readyz")[0] == 200, 20)
        assert service.search("退货")[0] == 200


def test_an_edit_shows_without_a_moment_of_neither_or_both(world: World) -> None:
    """Searches run while three versions are published one after the other, the oldest dropped at once (keep: 1)."""
    texts = [FAQ.replace("7 天内可以", f"{days} 天内可以") for days in (7, 8, 9, 10)]
    assert world.ingest(world.document(keep=1))[0] == 0
    seen: list[tuple[int, str, frozenset[str]]] = []
    stop = threading.Event()
    with world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)

        def ask() -> None:
            while not stop.is_set():
                status, found = service.search("东西不想要了能退吗")
                answers = frozenset(hit["text"] for hit in found.get("hits", ()) if "无理由" in hit["text"])
                seen.append((status, found.get("version", str(found)), answers))
                stop.wait(0.05)

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        try:
            versions = {}
            for text in texts:
                world.faq = text
                document = world.document(keep=1)
                status, report = world.ingest(document)
                assert status == 0
                versions[document.version] = text
                flipped = time.monotonic()
                eventually(lambda v=document.version: any(s[1] == v for s in seen[-3:]), 30)
                late = time.monotonic() - flipped
                print(f"seen {late:.2f} s after the job ended, embedded {report['embedded']}")
        finally:
            stop.set()
            for asker in askers:
                asker.join()
    assert {status for status, _, _ in seen} == {200}, [entry for entry in seen if entry[0] != 200][:3]
    for _, version, answers in seen:
        assert len(answers) == 1
        assert next(iter(answers)) in versions[version]
    assert {version for _, version, _ in seen} == set(versions)


def test_the_store_may_go_and_come_back(world: World, lite: servers.Server) -> None:
    assert world.ingest(world.document())[0] == 0
    with world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)
        lite.kill()
        try:
            for _ in range(3):
                began = time.monotonic()
                status, problem = service.search("退货")
                print(f"answered {status} after {time.monotonic() - began:.2f} s")
                assert (status, problem["code"]) == (503, "V2001")
            assert service.get("/readyz")[0] == 503
            assert service.get("/healthz")[0] == 200
        finally:
            lite.start()
        eventually(lambda: service.search("退货")[0] == 200, 30)
        assert service.get("/readyz")[0] == 200


def test_a_store_that_hangs_is_given_up_on_and_searched_again_when_it_goes_on(
    world: World, lite: servers.Server
) -> None:
    assert world.ingest(world.document())[0] == 0
    with world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)
        lite.pause()
        try:
            for _ in range(3):
                began = time.monotonic()
                status, problem = service.search("退货")
                print(f"answered {status} after {time.monotonic() - began:.2f} s")
                assert (status, problem["code"]) == (503, "V2001")
            assert service.get("/healthz")[0] == 200
        finally:
            lite.resume()
        eventually(lambda: service.search("退货")[0] == 200, 30)


def test_a_killed_ingestion_is_built_anew_and_published(world: World) -> None:
    assert world.ingest(world.document())[0] == 0
    before = store_of(world).published("kefu_acme_shop")
    more = "\n".join(
        f"- {{id: n{n}, question: What is rule {n} about parcels, answer: Rule {n} says {n} days.}}"
        for n in range(1_500)
    )
    world.faq = f"{FAQ}\n{more}"
    document = world.document()
    store = store_of(world)
    job = world.start_ingestion(document)
    eventually(lambda: job.poll() is not None or store.manifest(document.collection) is not None)
    eventually(lambda: job.poll() is not None or store.count(document.collection) > 0)
    job.kill()
    job.communicate()
    assert store.published("kefu_acme_shop") == before
    held, manifest = store.count(document.collection), store.manifest(document.collection)
    assert manifest is not None
    assert 0 < held < manifest.rows, "the job was to be killed in the middle"
    status, report = world.ingest(document)
    assert status == 0
    assert store.published("kefu_acme_shop") == document.collection
    assert store.count(document.collection) == manifest.rows
    assert report["documents"] == 1_506


def test_the_job_says_why_it_failed(world: World) -> None:
    document = world.document()
    (world.folder / "faq" / "faq.yaml").write_text("[]")
    assert failure(world.ingest(document)) == (75, "SourceChanged", True)
    world.faq, world.pages = "not: a list", {}
    assert failure(world.ingest(world.document())) == (65, "NothingToIndex", False)
    world.faq, world.uri = FAQ, f"http://127.0.0.1:{free_port()}"
    assert failure(world.ingest(world.document())) == (75, "StoreUnreachable", True)
    world.encoder = world.folder / "absent.onnx"
    assert failure(world.ingest(world.document())) == (65, "EncoderMissing", False)


def failure(ended: tuple[int, dict[str, object]]) -> tuple[int, object, object]:
    status, message = ended
    return status, message["reason"], message["temporary"]


def test_follows_the_document_and_keeps_the_last_good_one(world: World) -> None:
    document = world.document()
    assert world.ingest(document)[0] == 0
    with world.service() as service:
        eventually(lambda: service.get("/readyz")[0] == 200)
        assert service.search("退货")[1]["answerable"]
        strict = document.model_copy(update={"search": document.search.model_copy(update={"min_confidence": 1.0})})
        world.follow(strict)
        eventually(lambda: not service.search("退货")[1]["answerable"], 20)
        world.served.write_text("{broken")
        eventually(lambda: 'reloads_total{outcome="invalid"} 1.0' in service.get("/metrics")[1], 20)
        status, found = service.search("退货")
        assert (status, found["answerable"]) == (200, False)
