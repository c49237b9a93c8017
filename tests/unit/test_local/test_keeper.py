import asyncio
import os
import signal
from pathlib import Path

import pytest

from kefu_operator.local.errors import LocalError, StepFailed
from kefu_operator.local.keeper import GIVE_UP, Keeper, Phase
from kefu_operator.plan.workload import Container, Probe, Workload
from tests.unit.test_local.processes import Answers, Sleeps, Told, alive, container, python, server, tools, until

SLEEP = python("import time; print('up', flush=True); time.sleep(600)")


def workload(*command: str, steps: tuple[Container, ...] = (), **probes: Probe) -> Workload:
    probe = Probe("http", None, period_seconds=1)
    return Workload(
        name="w",
        component="test",
        container=container(*command, name="server", mounts=(), readiness=probe, **probes),
        steps=steps,
        grace_seconds=1,
    )


async def test_a_server_becomes_ready_and_stops_without_a_trace(tmp_path: Path) -> None:
    told = Told()
    keeper = Keeper(server(tmp_path), tools(tmp_path, told=told))
    await asyncio.wait_for(keeper.settled(), 30)
    pid = keeper.pid
    assert keeper.phase is Phase.READY
    assert alive(pid)
    assert told.has("ready")
    await keeper.stop()
    assert not alive(pid)
    assert "serving" in (tmp_path / "logs/web.log").read_text()


async def test_a_killed_server_starts_again(tmp_path: Path) -> None:
    told = Told()
    keeper = Keeper(server(tmp_path), tools(tmp_path, told=told))
    await asyncio.wait_for(keeper.settled(), 30)
    first = keeper.pid
    assert first
    os.kill(first, signal.SIGKILL)
    await until(lambda: keeper.phase is Phase.READY and keeper.pid not in (None, first))
    assert keeper.restarts == 1
    assert told.has("was ended by signal 9; starts again in 0.5 s")
    await keeper.stop()


async def test_what_never_becomes_ready_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    sleep = Sleeps()
    command = python("import sys; print('no such option', file=sys.stderr); sys.exit(3)")
    keeper = Keeper(workload(*command), tools(tmp_path, sleep=sleep, prober=Answers("refused")))
    with pytest.raises(StepFailed, match=r"w ended with exit code 3: no such option.*never became ready.*w\.log"):
        await asyncio.wait_for(keeper.settled(), 60)
    assert keeper.phase is Phase.FAILED
    assert [pause for pause in sleep.asked if pause >= 0.5] == [0.5 * 2**n for n in range(GIVE_UP - 1)]


async def test_a_process_that_answers_no_more_is_replaced(tmp_path: Path) -> None:
    answers = Answers()
    probe = Probe("http", "/healthz", period_seconds=1, failures=3)
    keeper = Keeper(workload(*SLEEP, liveness=probe), tools(tmp_path, prober=answers, told=(told := Told())))
    await keeper.settled()
    first = keeper.pid
    answers.problem = "no answer within 3 s"
    await until(lambda: told.has("did not answer any more"))
    answers.problem = None
    await until(lambda: keeper.phase is Phase.READY and keeper.pid != first)
    assert not alive(first)
    await keeper.stop()


async def test_a_server_that_loses_readiness_is_not_restarted(tmp_path: Path) -> None:
    answers = Answers()
    keeper = Keeper(workload(*SLEEP), tools(tmp_path, prober=answers))
    await keeper.settled()
    pid, answers.problem = keeper.pid, "HTTP 503: draining"
    await until(lambda: keeper.phase is Phase.UNREADY)
    assert keeper.detail == "HTTP 503: draining"
    answers.problem = None
    await until(lambda: keeper.phase is Phase.READY)
    assert keeper.pid == pid
    await keeper.stop()


async def test_a_start_that_takes_too_long_ends(tmp_path: Path) -> None:
    seconds = iter(range(0, 10_000, 5))
    slow = Probe("http", "/", period_seconds=1, failures=10)
    told = Told()
    keeper = Keeper(
        workload(*SLEEP, startup=slow),
        tools(tmp_path, prober=Answers("refused"), now=lambda: float(next(seconds)), told=told),
    )
    await until(lambda: told.has("did not start within 10 s"))
    await keeper.stop()


async def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    keeper = Keeper(workload(*python(stubborn)), tools(tmp_path, prober=Answers()))
    log = tmp_path / "logs/w.log"
    await until(lambda: log.exists() and "up" in log.read_text())
    pid = keeper.pid
    await keeper.stop()
    assert not alive(pid)


async def test_grandchildren_end_with_their_parent(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    keeper = Keeper(workload(*python(code)), tools(tmp_path, prober=Answers()))
    log = tmp_path / "logs/w.log"
    await until(lambda: log.exists() and log.read_text().strip().isdigit())
    grandchild = int(log.read_text())
    assert alive(grandchild)
    await keeper.stop()
    await until(lambda: not alive(grandchild))


async def test_steps_come_first_and_show_their_progress(tmp_path: Path) -> None:
    progress = '{"event": "progress", "done": 5000000, "total": 10000000, "seconds_left": 3}'
    fetch = container(*python(f"print('{progress}'); open('fetched', 'w').close()"), name="fetch")
    serve = python("import os, time; assert os.path.exists('fetched'); time.sleep(600)")
    told = Told()
    keeper = Keeper(workload(*serve, steps=(fetch,)), tools(tmp_path, prober=Answers(), told=told))
    await asyncio.wait_for(keeper.settled(), 30)
    assert ("w", "fetch 50 % (5 of 10 MB, 3 s left)") in {(subject, text) for subject, text, _ in told.lines}
    await keeper.stop()


@pytest.mark.parametrize(
    ("code", "temporary", "exit_code"), [(69, True, 69), (65, False, 1)], ids=["temporary", "permanent"]
)
async def test_a_failed_step_tells_its_reason(tmp_path: Path, code: int, temporary: bool, exit_code: int) -> None:
    script = (
        "import os, sys; open(os.environ['KEFU_TERMINATION_LOG'], 'w')"
        f""".write('{{"reason": "ModelUnreachable", "message": "the hub does not answer"}}'); sys.exit({code})"""
    )
    keeper = Keeper(workload(*SLEEP, steps=(container(*python(script), name="fetch"),)), tools(tmp_path))
    with pytest.raises(StepFailed, match="w: the hub does not answer") as caught:
        await asyncio.wait_for(keeper.settled(), 30)
    assert (caught.value.temporary, caught.value.exit_code) == (temporary, exit_code)
    assert keeper.pid is None


async def test_a_missing_program_is_a_sentence(tmp_path: Path) -> None:
    keeper = Keeper(workload("absent-program"), tools(tmp_path))
    with pytest.raises(LocalError, match="absent-program is not installed"):
        await asyncio.wait_for(keeper.settled(), 30)
