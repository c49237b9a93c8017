"""The store suite on the embedded Milvus behind its guard, and what only a server can show."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from pymilvus.grpc_gen import milvus_pb2  # type: ignore[import-untyped]

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.errors import StoreRefused, StoreUnreachable
from kefu_retrieval.store.milvus import MilvusStore
from tests.integration.test_retrieval import servers, tls
from tests.integration.test_retrieval.store_suite import ROWS, StoreSuite, manifest, unit

TOKEN = "the-token-of-this-index"
ALIAS = "kefu_t_shop"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.embedded_milvus(tmp_path_factory.mktemp("lite"), TOKEN) as running:
        yield running


def target(server: servers.Server) -> StoreTarget:
    return StoreTarget(uri=server.uri, alias=ALIAS, token_file=str(server.log.with_name("token")))


@pytest.fixture
def store(server: servers.Server) -> Iterator[MilvusStore]:
    made = MilvusStore(target(server), timeout=10.0)
    for alias in ("kefu_t_shop", "kefu_t_shop_eu"):
        for held in made.collections(alias):
            made.drop(f"{alias}_{held.version}")
    yield made
    made.close()


class TestMilvusLite(StoreSuite):
    def test_keeps_a_published_version_when_it_is_killed(self, store: MilvusStore, server: servers.Server) -> None:
        collection = self.fill(store, "v1")
        store.publish("kefu_t_shop", collection)
        server.kill()
        quick = MilvusStore(target(server), timeout=1.0)
        for attempt in (store, quick):
            with pytest.raises(StoreUnreachable):
                attempt.published("kefu_t_shop")
        server.start()
        for survivor in (store, quick):
            assert survivor.published("kefu_t_shop") == collection
            survivor.load(collection)
            assert survivor.count(collection) == len(ROWS)
            assert survivor.dense(collection, unit(1), 1)[0].payload.chunk == "returns"
        quick.close()

    @pytest.mark.parametrize("token", [None, "wrong", "the-token-of-another-index", "", "root:Milvus"])
    def test_refuses_every_call_without_its_token(
        self, store: MilvusStore, server: servers.Server, tmp_path: Path, token: str | None
    ) -> None:
        collection = self.fill(store, "v1")
        store.publish(ALIAS, collection)
        (tmp_path / "token").write_text(token or "")
        file = None if token is None else str(tmp_path / "token")
        stranger = MilvusStore(StoreTarget(uri=server.uri, alias=ALIAS, token_file=file), timeout=10.0)
        tried: dict[str, Callable[[], object]] = {
            "version": stranger.capabilities,
            "collections": lambda: stranger.collections(ALIAS),
            "manifest": lambda: stranger.manifest(collection),
            "published": lambda: stranger.published(ALIAS),
            "count": lambda: stranger.count(collection),
            "dense": lambda: stranger.dense(collection, unit(1), 1),
            "dense by alias": lambda: stranger.dense(ALIAS, unit(1), 1),
            "sparse": lambda: stranger.sparse(collection, "return", 1),
            "probes": lambda: list(stranger.probes(collection, 9)),
            "vectors": lambda: stranger.vectors(collection, ["key-returns"]),
            "ids": lambda: list(stranger.ids(collection)),
            "insert": lambda: stranger.insert(collection, ROWS),
            "drop": lambda: stranger.drop(collection),
            "publish": lambda: stranger.publish(ALIAS, collection),
            "create": lambda: stranger.create(f"{ALIAS}_v2", manifest("v2", sparse=True)),
        }
        for name, attempt in tried.items():
            with pytest.raises(StoreRefused, match="UNAUTHENTICATED"):
                print(name, attempt())
        stranger.close()
        assert store.count(collection) == len(ROWS)
        assert store.published(ALIAS) == collection

    def test_guards_every_method_of_the_protocol(self, server: servers.Server) -> None:
        """Those that our client never calls as well, asked raw."""
        channel = grpc.insecure_channel(server.uri.removeprefix("http://"))
        methods = milvus_pb2.DESCRIPTOR.services_by_name["MilvusService"].methods
        assert len(methods) > 80
        for method in methods:
            call = channel.unary_unary(f"/milvus.proto.milvus.MilvusService/{method.name}")
            with pytest.raises(grpc.RpcError) as refused:
                call(b"", timeout=10)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED, method.name
        channel.close()

    def test_speaks_tls_with_whom_its_ca_has_signed_and_with_nobody_else(
        self, store: MilvusStore, server: servers.Server, tmp_path: Path
    ) -> None:
        collection = self.fill(store, "v1")
        ca, chain = tls.authority(tmp_path / "right")
        other, _ = tls.authority(tmp_path / "wrong")
        with tls.in_front_of(server.port, chain) as port:
            encrypted = target(server).model_copy(
                update={"uri": f"https://127.0.0.1:{port}", "ca_file": str(ca), "consistency": "Strong"}
            )
            trusting = MilvusStore(encrypted, timeout=10.0)
            assert trusting.count(collection) == len(ROWS)
            assert trusting.dense(collection, unit(1), 1)[0].payload.chunk == "returns"
            trusting.close()
            for file in (str(other), None):
                stranger = MilvusStore(encrypted.model_copy(update={"ca_file": file}), timeout=3.0)
                with pytest.raises(StoreUnreachable, match="see whether caSecret holds the CA"):
                    stranger.published(ALIAS)
                stranger.close()
            with pytest.raises(StoreRefused, match="CA certificates /absent cannot be read"):
                MilvusStore(encrypted.model_copy(update={"ca_file": "/absent"}), timeout=3.0).published(ALIAS)

    def test_makes_its_database_where_it_is_missing(self, server: servers.Server) -> None:
        tenant = target(server).model_copy(update={"database": "made_by_kefu"})
        first, second = MilvusStore(tenant, timeout=10.0), MilvusStore(tenant, timeout=10.0)
        assert first.published(ALIAS) is None
        collection = self.fill(second, "v7")
        assert (first.count(collection), [held.version for held in first.collections(ALIAS)]) == (len(ROWS), ["v7"])
        first.drop(collection)
        first.close()
        second.close()

    def test_follows_a_rotated_token_without_a_failure(self, store: MilvusStore, server: servers.Server) -> None:
        collection = self.fill(store, "v1")
        file = server.log.with_name("token")
        try:
            file.write_text("a-new-token")
            fresh = MilvusStore(target(server), timeout=10.0)
            until = time.monotonic() + 30
            while True:
                assert store.count(collection) == len(ROWS), "the former token is good for a while"
                try:
                    assert fresh.count(collection) == len(ROWS)
                    break
                except StoreRefused:
                    assert time.monotonic() < until
                    time.sleep(0.1)
            fresh.close()
            server.kill()
            server.start()
            assert store.count(collection) == len(ROWS), "it comes again with the new one when the former is refused"
        finally:
            file.write_text(TOKEN)
            server.kill()
            server.start()


def test_names_a_credentials_file_that_cannot_be_read(tmp_path: Path) -> None:
    away = StoreTarget(uri="http://127.0.0.1:9", alias="a", token_file=str(tmp_path / "token"))
    with pytest.raises(StoreRefused, match="token"):
        MilvusStore(away, timeout=1.0).published("a")


def test_the_removal_job_tells_what_it_dropped(server: servers.Server, store: MilvusStore) -> None:
    store.publish(ALIAS, TestMilvusLite().fill(store, "v1"))
    words = [sys.executable, "-m", "kefu_retrieval", "remove", "--uri", server.uri, "--alias", ALIAS]

    def run(*more: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run([*words, *more], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    code, told = run()
    assert (code, told["reason"]) == (65, "StoreRefused"), "without the token, trying again is in vain"
    assert store.published(ALIAS)
    assert run("--token-file", str(server.log.with_name("token"))) == (0, {"alias": ALIAS, "dropped": 1})
    assert store.published(ALIAS) is None
