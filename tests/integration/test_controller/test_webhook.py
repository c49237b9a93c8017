"""The webhook on a real API server: what it refuses, what its absence does, and a change of certificates that nobody notices."""

import asyncio
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kefu_operator.client.connect import connect
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.webhook.certificates import OVERLAP, SKEW
from kefu_operator.webhook.conversion import Step
from kefu_operator.webhook.keeper import Keeper, Place
from kefu_operator.webhook.server import Webhook, serve
from tests.integration.test_controller.chart import SPACE, WEBHOOK_USER, rendered
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.objects import chatbot, config_map, index

STEP = timedelta(days=60.7)
"""After which a certificate is renewed: 39 of them before an authority is old, all of them before now."""
PLACE = Place(SPACE, "kefu-webhook-tls", f"{SPACE}.kefu-webhook", ("localhost",))
SETTINGS = PlanSettings(accelerators={"nvidia": AcceleratorClass("nvidia.com/gpu")})


class RunningWebhook:
    """Server and keeper in a thread; the clock is the test's."""

    def __init__(self, kubeconfig: Path, folder: Path, now: datetime) -> None:
        self.now = now
        self.versions: dict[str, Sequence[Step]] = {}
        """What it converts; a test may add to it."""
        self.port = 0
        self._kubeconfig, self._folder = kubeconfig, folder
        self._loop = asyncio.new_event_loop()
        self._ready: Future[Keeper] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        self.keeper = self._ready.result(60)

    def _live(self) -> None:
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        async with connect(self._kubeconfig) as client:
            keeper = Keeper(client, PLACE, context, self._folder, lambda: self.now)
            runner, self.port = await serve(Webhook(client, SETTINGS, self.versions).app(), "127.0.0.1", 0, context)
            self._ready.set_result(keeper)
            await self._stop.wait()
            await runner.cleanup()

    def look(self) -> None:
        asyncio.run_coroutine_threadsafe(self.keeper.look(), self._loop).result(60)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)


def configuration(cluster: Cluster, port: int, policy: str) -> dict[str, Any]:
    """The chart's, called by address since there are no Services here, and for the test's namespace alone."""
    found = next(each for each in rendered() if each["kind"] == "ValidatingWebhookConfiguration")
    (hook,) = found["webhooks"]
    hook["clientConfig"] = {"url": f"https://localhost:{port}/validate"}
    hook["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": cluster.namespace}}
    hook["failurePolicy"], hook["timeoutSeconds"] = policy, 20
    return found


@pytest.fixture
def webhook(cluster: Cluster, tmp_path: Path) -> Iterator[RunningWebhook]:
    secret = next(each for each in rendered() if each["kind"] == "Secret")
    cluster.run("apply", "-n", SPACE, "-f", "-", stdin=json.dumps(secret))
    # The API server goes by its own clock, to which everything that is served must be valid: so it all began years ago.
    began = datetime.now(UTC) - timedelta(days=70) - 39 * STEP
    running = RunningWebhook(cluster.plane.user(WEBHOOK_USER), tmp_path, began)
    # Strict, so that nothing passes because the webhook was not asked.
    cluster.run("apply", "-f", "-", stdin=json.dumps(configuration(cluster, running.port, "Fail")))
    for _ in range(39):
        running.look()
        running.now += STEP
    running.look()
    cluster.until(lambda: ask(cluster, chatbot(knowledge=[{"name": "absent"}])).returncode == 0)
    yield running
    cluster.run("delete", "validatingwebhookconfiguration", PLACE.configuration)
    cluster.run("delete", "secret", PLACE.secret, "-n", SPACE)
    running.stop()


def kubectl(cluster: Cluster, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [str(cluster.plane.kubectl), "--kubeconfig", str(cluster.plane.kubeconfig), "-n", cluster.namespace]
    return subprocess.run([*command, *words], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def ask(
    cluster: Cluster, *made: dict[str, Any], words: tuple[str, ...] = ("--dry-run=server",)
) -> "subprocess.CompletedProcess[str]":
    listed = {"apiVersion": "v1", "kind": "List", "items": list(made)}
    return kubectl(cluster, "apply", *words, "-f", "-", stdin=json.dumps(listed))


def vllm(name: str, **engine: Any) -> dict[str, Any]:
    return chatbot(name, model={"uri": "hf://Qwen/Qwen3-8B"}, engine={"vllm": {}, **engine})


def test_refusals_name_field_and_remedy_and_what_may_still_come_is_a_warning(
    cluster: Cluster, webhook: RunningWebhook
) -> None:
    unknown = ask(cluster, vllm("a", accelerator={"class": "warp", "count": 1}))
    assert unknown.returncode != 0
    assert "spec.engine.accelerator.class" in unknown.stderr
    assert "nvidia" in unknown.stderr
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus"},
             "spec": {"hard": {"requests.nvidia.com/gpu": "2"}}}  # fmt: skip
    cluster.apply(quota)
    greedy = ask(cluster, vllm("a", accelerator={"class": "nvidia", "count": 1}, replicas=3))
    assert "spec.engine: the engines of this namespace would ask for 3 nvidia.com/gpu" in greedy.stderr
    early = ask(cluster, chatbot())
    assert early.returncode == 0
    assert "Warning: spec.knowledge: KnowledgeIndex shop does not exist" in early.stderr
    together = ask(cluster, config_map(), index(), chatbot(), words=())
    assert (together.returncode, together.stderr) == (0, "")
    assert "chatbots shop name this index" in kubectl(cluster, "delete", "ki/shop").stderr


def test_what_cannot_be_planned_any_more_is_labelled_and_deleted_in_the_foreground(
    cluster: Cluster, webhook: RunningWebhook
) -> None:
    cluster.run("delete", "validatingwebhookconfiguration", PLACE.configuration)
    cluster.until(lambda: ask(cluster, vllm("a", accelerator={"class": "warp", "count": 1}), words=()).returncode == 0)
    cluster.run("apply", "-f", "-", stdin=json.dumps(configuration(cluster, webhook.port, "Fail")))
    webhook.look()
    other = vllm("a", accelerator={"class": "weft", "count": 1})
    cluster.until(lambda: "spec.engine.accelerator.class" in ask(cluster, other).stderr)
    for words in (("label", "chatbot/a", "team=shop"), ("annotate", "chatbot/a", "note=old")):
        done = kubectl(cluster, *words)
        assert done.returncode == 0, done.stderr
    cluster.run("delete", "chatbot/a", "--cascade=foreground", "--wait=false")
    assert (cluster.get("chatbot", "a") or {})["metadata"]["finalizers"] == ["foregroundDeletion"]
    # What the garbage collector sends once all that it owned is gone.
    done = kubectl(cluster, "patch", "chatbot/a", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert done.returncode == 0, done.stderr
    assert cluster.get("chatbot", "a") is None


def test_a_quota_for_other_pods_refuses_no_engine(cluster: Cluster, webhook: RunningWebhook) -> None:
    batch = {"scopeName": "PriorityClass", "operator": "In", "values": ["batch"]}
    hard = {"requests.nvidia.com/gpu": "0"}
    for name, scoped in (
        ("batch", {"scopeSelector": {"matchExpressions": [batch]}}),
        ("jobs", {"scopes": ["Terminating"]}),
    ):
        cluster.apply(
            {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": hard, **scoped}}
        )
    made = vllm("a", accelerator={"class": "nvidia", "count": 1})
    done = ask(cluster, made)
    assert done.returncode == 0, done.stderr
    cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "servers"},
                   "spec": {"hard": hard, "scopes": ["NotTerminating"]}})  # fmt: skip
    assert "ResourceQuota lets it have 0" in ask(cluster, made).stderr


def test_while_it_is_away_everything_is_let_in(cluster: Cluster, webhook: RunningWebhook) -> None:
    refused = vllm("a", accelerator={"class": "warp", "count": 1})
    assert ask(cluster, refused).returncode != 0
    webhook.stop()
    assert ask(cluster, refused).returncode != 0
    cluster.run("apply", "-f", "-", stdin=json.dumps(configuration(cluster, webhook.port, "Ignore")))
    cluster.until(lambda: ask(cluster, refused).returncode == 0)


def test_certificate_and_authority_change_without_a_request_that_fails(
    cluster: Cluster, webhook: RunningWebhook
) -> None:
    stop, failed, asked = threading.Event(), [], []

    def insist() -> None:
        while not stop.is_set():
            done = ask(cluster, chatbot())
            asked.append(done)
            if done.returncode:
                failed.append(done.stderr)

    asking = threading.Thread(target=insist)
    asking.start()
    certificates, authorities = {served(webhook)}, {trusted(cluster)}
    # The certificate is renewed; then a new authority comes beside the old one; then it signs.
    for step in (timedelta(days=60.1), timedelta(days=6.9), OVERLAP + 2 * SKEW):
        before = len(asked)
        webhook.now += step
        webhook.look()
        certificates.add(served(webhook))
        authorities.add(trusted(cluster))
        cluster.until(lambda before=before: len(asked) >= before + 3)  # type: ignore[misc]
    stop.set()
    asking.join(60)
    assert not failed
    assert len(certificates) == 3
    assert len(authorities) == 2


def served(webhook: RunningWebhook) -> str:
    return ssl.get_server_certificate(("127.0.0.1", webhook.port), timeout=20)


def trusted(cluster: Cluster) -> str:
    found = cluster.get("validatingwebhookconfiguration", PLACE.configuration) or {}
    return str(found["webhooks"][0]["clientConfig"]["caBundle"])
