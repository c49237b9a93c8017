import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kefu_operator.local.errors import StepFailed
from kefu_operator.local.keeper import Phase
from kefu_operator.local.supervisor import Supervisor, identity
from kefu_operator.plan.workload import DocumentMount, Workload
from tests.unit.test_local.processes import Told, alive, container, python, server, tools


def with_document(state: Path, text: str, name: str = "web") -> Workload:
    mount = DocumentMount("d", str(state / name / "d"), "cm", {"doc": text})
    return server(state, name, mounts=(mount,))


async def test_a_new_document_reaches_a_process_without_a_restart(tmp_path: Path) -> None:
    supervisor = Supervisor(tools(tmp_path))
    await supervisor.apply([with_document(tmp_path, "1")], patient=False)
    await asyncio.wait_for(supervisor.settled(), 30)
    pid = supervisor.keepers[0].pid
    await supervisor.apply([with_document(tmp_path, "2")], patient=True)
    assert supervisor.keepers[0].pid == pid
    assert (tmp_path / "web/d/doc").read_text() == "2"
    await supervisor.close()
    assert not alive(pid)


async def test_only_what_changed_starts_again(tmp_path: Path) -> None:
    told = Told()
    supervisor = Supervisor(tools(tmp_path, told=told))
    await supervisor.apply([server(tmp_path, "a"), server(tmp_path, "b")], patient=False)
    await asyncio.wait_for(supervisor.settled(), 30)
    before = {keeper.workload.name: keeper.pid for keeper in supervisor.keepers}
    await supervisor.apply([server(tmp_path, "a", marker="new"), server(tmp_path, "b")], patient=True)
    await asyncio.wait_for(supervisor.settled(), 30)
    after = {keeper.workload.name: keeper.pid for keeper in supervisor.keepers}
    assert after["b"] == before["b"]
    assert after["a"] != before["a"]
    assert told.has("settings changed")
    await supervisor.close()


async def test_what_is_wanted_no_more_ends(tmp_path: Path) -> None:
    supervisor = Supervisor(tools(tmp_path))
    await supervisor.apply([server(tmp_path, "a"), server(tmp_path, "b")], patient=False)
    await asyncio.wait_for(supervisor.settled(), 30)
    gone = supervisor.keepers[1].pid
    await supervisor.apply([server(tmp_path, "a")], patient=True)
    assert [keeper.workload.name for keeper in supervisor.keepers] == ["a"]
    assert not alive(gone)
    await supervisor.close()


async def test_the_old_goes_on_when_the_new_cannot_start(tmp_path: Path) -> None:
    supervisor = Supervisor(tools(tmp_path))
    await supervisor.apply([with_document(tmp_path, "old")], patient=False)
    await asyncio.wait_for(supervisor.settled(), 30)
    pid = supervisor.keepers[0].pid
    step = container(*python("import sys; sys.exit(69)"), name="fetch")
    broken = replace(server(tmp_path, "engine-2"), steps=(step,))
    with pytest.raises(StepFailed, match="engine-2"):
        await supervisor.apply([with_document(tmp_path, "new"), broken], patient=True)
    assert [(keeper.workload.name, keeper.pid) for keeper in supervisor.keepers] == [("web", pid)]
    assert (tmp_path / "web/d/doc").read_text() == "old"
    await supervisor.close()


async def test_a_workload_that_was_given_up_is_tried_again_at_the_next_change(tmp_path: Path) -> None:
    supervisor = Supervisor(tools(tmp_path))
    broken = replace(server(tmp_path), steps=(container(*python("raise SystemExit(65)"), name="fetch"),))
    await supervisor.apply([broken], patient=False)
    with pytest.raises(StepFailed):
        await asyncio.wait_for(supervisor.settled(), 30)
    first = supervisor.keepers[0]
    assert first.phase is Phase.FAILED
    await supervisor.apply([broken], patient=True)
    assert supervisor.keepers[0] is not first
    await supervisor.close()


def test_contents_of_documents_are_no_part_of_the_identity(tmp_path: Path) -> None:
    one, other = with_document(tmp_path, "1"), with_document(tmp_path, "2")
    assert identity(one) == identity(other)
    assert identity(one) != identity(replace(one, steps=(container("x"),)))
    changed = replace(one, container=replace(one.container, env={"A": "1"}))
    assert identity(one) != identity(changed)
    moved = replace(one, container=replace(one.container, mounts=(DocumentMount("d", "/elsewhere", "cm", {}),)))
    assert identity(one) != identity(moved)
