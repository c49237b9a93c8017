"""`kefu run` with real search and an engine that quotes its evidence: quick, and blind to nothing but the model."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hack.ports import listens

from kefu_api.wire.chat import Outcome
from kefu_operator.local.encoder import SHA256
from kefu_operator.local.options import cache
from tests.integration.test_local.engine import quoting_engine
from tests.integration.test_local.instance import Instance, running, seconds_shown, until
from tests.unit.test_local.objects import chatbot, config_map, index, write

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not (cache() / "models" / "sha256" / SHA256).is_dir(),
        reason="the sentence encoder is missing: python -m hack.models fetch encoder",
    ),
]

QUESTION = "收到货后几天内可以退货？"


def faq(fact: str) -> str:
    return (
        f"- {{id: return, question: {QUESTION}, variants: [几天内可以退], answer: 签收后可以退货，期限是 FACT:{fact} 。}}\n"
        "- {id: pay, question: 可以用哪些方式付款？, answer: 支持微信和支付宝。}\n"
        "- {id: ship, question: 多久发货？, answer: 下单后四十八小时内发货。}\n"
    )


def shop(folder: Path, engine: str, fact: str = "seven") -> Path:
    bot = chatbot(engine={"endpoint": {"url": engine, "model": "m"}})
    return write(folder, index(), bot, config_map(text=faq(fact)))


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    with quoting_engine() as url:
        yield url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Path:
    return shop(tmp_path_factory.mktemp("shop") / "files", engine)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Instance]:
    with running(folder, tmp_path_factory.mktemp("state") / "s") as started:
        yield started.ready()


def test_a_question_is_answered_from_evidence_with_a_citation(instance: Instance) -> None:
    turn = instance.ask(QUESTION)
    assert turn.outcome is Outcome.ANSWERED
    assert "FACT:seven" in turn.answer
    assert [citation.document for citation in turn.citations] == ["faq/return"]


def test_the_end_of_the_start_says_how_to_go_on(instance: Instance) -> None:
    for fragment in (f"http://127.0.0.1:{instance.port}/#key=", "kefu chat", "curl -H", "Logs", "Ctrl-C"):
        assert fragment in instance.output
    assert seconds_shown(instance.output) == sorted(seconds_shown(instance.output))


def test_the_other_commands_find_it(instance: Instance) -> None:
    command = [sys.executable, "-m", "kefu_operator.cli"]
    asked = subprocess.run(
        [*command, "chat", "--state", str(instance.state), QUESTION], capture_output=True, text=True, check=True
    )
    assert "FACT:seven" in asked.stdout
    status = subprocess.run(
        [*command, "status", "--state", str(instance.state)], capture_output=True, text=True, check=False
    )
    assert status.returncode == 0, status.stdout
    assert "✔ shop-gateway  ready" in status.stdout


def test_the_state_is_held_by_one(instance: Instance, folder: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "kefu_operator.cli", "run", str(folder), "--state", str(instance.state)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 69
    assert second.stderr.startswith(f"kefu: {instance.state} is in use by another `kefu run`")


def test_a_port_in_use_is_a_sentence(instance: Instance, folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kefu_operator.cli", "run", str(folder), "--state", str(tmp_path / "other")]
    second = subprocess.run(
        [*command, "--port", str(instance.port)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 69
    assert second.stderr == (
        f"kefu: port {instance.port} on 127.0.0.1 is in use by another program: "
        "stop it, or choose another port with --port\n"
    )


def test_secrets_are_private_and_in_no_argument_and_no_log(instance: Instance) -> None:
    key = Path(instance.content["chatbots"][0]["key_file"])
    assert key.stat().st_mode & 0o077 == 0
    value = key.read_text()
    assert not [command for command in instance.processes() if value in command]
    for log in (instance.state / "logs").iterdir():
        assert value not in log.read_text()


def test_a_killed_process_comes_back(instance: Instance) -> None:
    first = instance.workload("retrieval")["pid"]
    os.kill(first, signal.SIGKILL)

    def back() -> bool:
        workload = instance.workload("retrieval")
        return workload["phase"] == "ready" and workload["pid"] not in (None, first)

    until(back, "the retrieval service is back")
    assert "FACT:seven" in instance.ask(QUESTION).answer


def test_an_edit_is_answered_with_no_process_restarted(instance: Instance, folder: Path, engine: str) -> None:
    before, seen = instance.pids(), set()

    def changed() -> bool:
        turn = instance.ask(QUESTION)
        seen.add(turn.answer)
        return "FACT:nineteen" in turn.answer

    shop(folder, engine, "nineteen")
    until(changed, "the edit is answered", seconds=120)
    until(instance.settled, "the version is published")
    assert instance.pids() == before
    assert {answer.split()[0] for answer in seen} <= {"FACT:seven", "FACT:nineteen"}


def test_a_broken_file_leaves_everything_as_it_is(instance: Instance, folder: Path, engine: str) -> None:
    good, before = (folder / "shop.yaml").read_text(), instance.pids()
    (folder / "shop.yaml").write_text(good.replace("knowledge:", "knowlegde:"))
    until(lambda: "did you mean knowledge?" in instance.output, "the mistake is told")
    assert "change not taken over" in instance.output
    assert instance.ask(QUESTION).outcome is Outcome.ANSWERED
    (folder / "shop.yaml").write_text(good)
    assert instance.pids() == before


def test_a_version_that_cannot_be_built_leaves_the_published_one(instance: Instance, folder: Path, engine: str) -> None:
    good = (folder / "shop.yaml").read_text()
    bot = chatbot(engine={"endpoint": {"url": engine, "model": "m"}})
    write(folder, index(), bot, config_map(text="no list at all"))
    until(lambda: "goes on answering" in instance.output, "the failure is told")
    assert instance.ask(QUESTION).outcome is Outcome.ANSWERED
    (folder / "shop.yaml").write_text(good)
    until(instance.settled, "the old files are good again")


def test_ctrl_c_leaves_nothing_and_the_next_start_knows_everything(instance: Instance, folder: Path) -> None:
    key = Path(instance.content["chatbots"][0]["key_file"]).read_text()
    assert len(instance.processes()) >= 4
    instance.process.send_signal(signal.SIGINT)
    assert instance.ended() == 0
    assert "nothing is left running" in instance.output
    assert instance.processes() == []
    assert not [port for port in instance.ports() if listens(port)]
    with running(folder, instance.state) as again:
        again.ready()
        assert "building version" not in again.output
        assert again.gateway().key == key
        assert again.ask(QUESTION).outcome is Outcome.ANSWERED
        again.process.kill()  # Nothing may survive even this.
        again.ended()
        until(lambda: again.processes() == [], "all children are gone")


def test_an_index_that_was_removed_from_the_store_is_built_again(tmp_path: Path, engine: str) -> None:
    folder = shop(tmp_path / "files", engine)
    with running(folder, tmp_path / "s") as first:
        first.ready()
    data = tmp_path / "s/shop-milvus/data"
    assert data.is_dir()
    data.rename(tmp_path / "lost")
    with running(folder, tmp_path / "s") as again:
        again.ready()
        assert "building version" in again.output
        assert "FACT:seven" in again.ask(QUESTION).answer
