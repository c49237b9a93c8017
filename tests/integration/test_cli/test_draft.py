"""`kefu knowledge draft` in a cluster: service and engine are reached through the API server, which answers from memory here."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from kefu_api.documents.release import Budget, EngineTarget, KnowledgeTarget, Persona, Release, SessionStore
from kefu_api.documents.variants import only

KINDS = "/apis/kefu.dev/v1alpha1/namespaces/acme"
CORE = "/api/v1/namespaces/acme"
SERVICE = f"{CORE}/services/shop-retrieval:http/proxy/v1/versions"
ENGINE = f"{CORE}/services/engine-1:http/proxy/v1/chat/completions"
PASSAGE = {"chunk": "c1", "document": "faq/pay", "title": "怎么付款？", "text": "微信或支付宝。", "language": "zh"}
RESULT = {"id": "x", "question": "能用微信吗？", "expected": True, "answered": True, "rank": 1, "right": True}


def release(url: str) -> str:
    served = Release(
        name="r1",
        namespace="acme",
        chatbot="shop",
        engine=EngineTarget(url=url, model="m"),
        knowledge=(KnowledgeTarget(name="shop", url="http://shop-retrieval:8081"),),
        persona=Persona(name="", prompt="", greeting="", languages=("zh",)),
        session=SessionStore(url="redis://r", ttl_seconds=1, window=1),
        budget=Budget(total_seconds=1, tokens=1),
    )
    return only(served).to_json()


class ApiServer:
    """Answers from a dictionary, keeps what it was asked, and is known by a kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.answers: dict[str, object] = {
            f"{KINDS}/knowledgeindexes": {"items": [{"metadata": {"name": "shop"}, "spec": {}}]},
            f"{KINDS}/chatbotdeployments": {
                "items": [
                    {"metadata": {"name": "other"}, "spec": {}},
                    {"metadata": {"name": "bot"}, "spec": {"knowledge": [{"name": "shop"}]}},
                ]
            },
            f"{CORE}/secrets/shop-token": {"data": {"key": base64.b64encode(b"t0ken").decode()}},
            f"{SERVICE}/passages": {"version": "v1", "languages": ["zh"], "passages": [PASSAGE]},
            f"{SERVICE}/evaluate": {"version": "v1", "scores": {"questions": 1}, "questions": [RESULT]},
            ENGINE: {"choices": [{"message": {"content": "能用微信吗？"}}]},
        }
        self.asked: list[tuple[str, str, str]] = []

    def engine_at(self, url: str) -> None:
        self.answers[f"{CORE}/configmaps/bot-release"] = {"data": {"release.json": release(url)}}

    def draft(self, file: Path) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "kefu_operator.cli", "knowledge", "draft", "shop", "-n", "acme", "-o", "json"]
        done = subprocess.run(
            [*command, "--passages", "1", "--out", str(file)],
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ApiServer]:
    kept = ApiServer(tmp_path / "kubeconfig")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, body: str) -> None:
            path = self.path.split("?")[0]
            kept.asked.append((path, self.headers.get("Authorization", ""), body))
            told = json.dumps(kept.answers.get(path, {"kind": "Status", "message": "not found"})).encode()
            self.send_response(200 if path in kept.answers else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{listening.server_port}"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
        kept.kubeconfig.write_text(yaml.safe_dump(config))
        try:
            yield kept
        finally:
            listening.shutdown()
            thread.join()


def test_service_and_engine_are_asked_through_the_api_server(server: ApiServer, tmp_path: Path) -> None:
    server.engine_at("http://engine-1.acme.svc:8000")
    code, out, err = server.draft(tmp_path / "golden.yaml")
    assert (code, json.loads(out)["kept"]) == (0, 1), err
    assert yaml.safe_load((tmp_path / "golden.yaml").read_text())[0]["sources"] == ["faq/pay"]
    _path, token, body = next(each for each in server.asked if each[0] == ENGINE)
    assert (token, json.loads(body)["model"]) == ("Bearer t", "m")


def test_an_engine_elsewhere_must_be_named(server: ApiServer, tmp_path: Path) -> None:
    server.engine_at("https://api.example.com")
    code, _, err = server.draft(tmp_path / "golden.yaml")
    assert code == 1
    assert "api.example.com, outside of this namespace: give it with --engine URL" in err
    assert not (tmp_path / "golden.yaml").exists()


def test_an_engine_that_refuses_is_a_sentence(server: ApiServer, tmp_path: Path) -> None:
    server.engine_at("http://engine-1.acme.svc:8000")
    del server.answers[ENGINE]
    code, _, err = server.draft(tmp_path / "golden.yaml")
    assert code == 1
    assert "the engine at engine-1 refuses (HTTP 404" in err
