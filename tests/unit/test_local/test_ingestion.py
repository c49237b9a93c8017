import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kefu_api.documents.index import Alike, FailedGate, HeldVersion, IngestionReport, Judgement, Repeated, Scores
from kefu_operator.local.ingestion import Ingestion, Memory, Wanted
from kefu_operator.local.jobs import Folders, Jobs
from kefu_operator.local.mounts import Contents, Mounts
from kefu_operator.plan.workload import Task
from tests.unit.test_local.processes import Sleeps, Told, alive, container, python, until


class Kept:
    def __init__(self) -> None:
        self.value: Mapping[str, Any] = {}

    def __call__(self, value: Mapping[str, Any]) -> None:
        self.value = dict(value)


async def at_once() -> None:
    return


def ingestion(state: Path, told: Told, known: dict[str, Any] | None = None, kept: Kept | None = None) -> Ingestion:
    folders = Folders(state)
    return Ingestion(
        "shop",
        jobs=Jobs(folders, Mounts(state, Contents({}, {})), {}),
        folders=folders,
        memory=Memory(known or {}, kept or Kept()),
        store_ready=at_once,
        tell=told,
        sleep=Sleeps(),
    )


def remembered(*versions: str) -> dict[str, Any]:
    """What an earlier run kept: the first of these published, the others kept."""
    counts = {"documents": 2, "chunks": 5}
    held = [{"version": each, "state": "Kept", "built": "2026-01-01T00:00:00+00:00", **counts} for each in versions]
    return {"shop": {"version": versions[0], "at": "2026-01-01T00:00:00+00:00", **counts, "versions": held}}


def report(version: str, *, published: bool = True, **more: Any) -> str:
    told = IngestionReport(version=version, published=published, documents=2, chunks=5, embedded=1, **more)
    return told.model_dump_json(by_alias=True)


def wanted(version: str, *command: str) -> Wanted:
    task = Task(name=f"shop-ingest-{version}", component="ingestion", container=container(*command, name="ingest"))
    return Wanted("shop", version, task)


def saying(message: str, code: int = 0, before: str = "") -> tuple[str, ...]:
    return python(
        f"import os, sys; {before}\nopen(os.environ['KEFU_TERMINATION_LOG'], 'w').write(sys.argv[1]); sys.exit({code})",
        message,
    )


async def test_says_what_the_documents_say_twice(tmp_path: Path) -> None:
    told = Told()
    report = IngestionReport(
        version="v1",
        published=True,
        documents=9,
        chunks=9,
        embedded=9,
        duplicates=2,
        alike=(Alike(first="faq/a", second="faq/b", share=0.93),),
        alike_total=3,
        repeated=(Repeated(source="site", line="版权所有", pages=7),),
        repeated_total=1,
    )
    built = ingestion(tmp_path, told)
    await built.want(wanted("v1", *saying(report.model_dump_json(by_alias=True))))
    await asyncio.wait_for(built.settled.wait(), 60)
    said = "\n".join(text for _, text, _ in told.lines)
    assert "faq/a and faq/b say nearly the same (93%)" in said
    assert "2 more pairs of documents say nearly the same" in said
    assert "2 chunks say what another says" in said
    assert '"版权所有" is on 7 pages of site' in said


async def test_a_version_is_built_published_and_remembered(tmp_path: Path) -> None:
    told, kept = Told(), Kept()
    built = ingestion(tmp_path, told, kept=kept)
    await built.want(wanted("v1", *saying(report("v1"))))
    await asyncio.wait_for(built.settled.wait(), 30)
    assert told.has("published version v1: 2 documents, 5 chunks, 1 of them embedded anew")
    assert kept.value["shop"]["version"] == "v1"
    assert built.problem == ""


async def test_a_published_version_is_not_built_again(tmp_path: Path) -> None:
    told = Told()
    built = ingestion(tmp_path, told, remembered("v1"))
    await built.want(wanted("v1", "absent-program"))
    await asyncio.wait_for(built.settled.wait(), 5)
    assert told.lines == []


async def test_it_is_built_again_when_the_store_lost_it(tmp_path: Path) -> None:
    told = Told()
    built = ingestion(tmp_path, told, remembered("v1"))
    await built.want(wanted("v1", *saying(report("v1"))))
    await built.rebuild()
    await asyncio.wait_for(built.settled.wait(), 30)
    assert told.has("published version v1")


async def test_a_permanent_failure_leaves_the_old_version_and_says_so_once(tmp_path: Path) -> None:
    told, kept = Told(), Kept()
    built = ingestion(tmp_path, told, {"shop": {"version": "v0"}}, kept)
    failure = json.dumps({"reason": "NothingToIndex", "message": "no entry can be read", "temporary": False})
    await built.want(wanted("v1", *saying(failure, 65)))
    await asyncio.wait_for(built.settled.wait(), 30)
    assert [text for _, text, _ in told.lines][1:] == [
        "version v1 failed: no entry can be read. Version v0 goes on answering"
    ]
    assert kept.value == {}


async def test_a_temporary_failure_is_tried_again_until_it_works(tmp_path: Path) -> None:
    told = Told()
    built = ingestion(tmp_path, told)
    failure = json.dumps({"reason": "StoreUnreachable", "message": "the store does not answer", "temporary": True})
    twice = (
        "tries = len([n for n in os.listdir('.') if n.startswith('try')]); open(f'try{tries}', 'w').close();\n"
        "sys.argv[1] = sys.argv[1] if tries < 2 else " + repr(report("v1"))
    )
    command = python(
        f"import os, sys; {twice}\n"
        "open(os.environ['KEFU_TERMINATION_LOG'], 'w').write(sys.argv[1]); sys.exit(75 if tries < 2 else 0)",
        failure,
    )
    await built.want(wanted("v1", *command))
    await asyncio.wait_for(built.settled.wait(), 60)
    texts = [text for _, text, _ in told.lines]
    assert sum("trying again" in text for text in texts) == 1
    assert texts[-1].startswith("published version v1")


async def test_a_newer_version_ends_the_build_of_the_older(tmp_path: Path) -> None:
    told = Told()
    built = ingestion(tmp_path, told)
    await built.want(wanted("v1", *python("import time; time.sleep(600)")))
    await until(lambda: built.pid is not None)
    old = built.pid
    await built.want(wanted("v2", *saying(report("v2"))))
    await asyncio.wait_for(built.settled.wait(), 30)
    assert not alive(old)
    assert told.has("published version v2")


async def test_a_report_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    told = Told()
    built = ingestion(tmp_path, told)
    await built.want(wanted("v1", *saying("{}")))
    await asyncio.wait_for(built.settled.wait(), 30)
    assert "its report cannot be read" in built.problem
    assert told.has("Nothing is published yet")


def publication(version: str, *command: str) -> dict[str, Task]:
    task = Task(name=f"shop-publish-{version}", component="ingestion", container=container(*command, name="publish"))
    return {version: task}


def held(*versions: str) -> tuple[HeldVersion, ...]:
    return tuple(HeldVersion(version=each, documents=2, chunks=5, created=1.0) for each in versions)


async def test_going_back_publishes_without_building(tmp_path: Path) -> None:
    told, kept = Told(), Kept()
    built = ingestion(tmp_path, told, remembered("v2", "v1"), kept)
    back = publication("v1", *saying(report("v1", versions=held("v2", "v1"))))
    await built.want(replace(wanted("v2", "absent-program"), publications=back, automatic=False, pinned="v1"))
    await asyncio.wait_for(built.settled.wait(), 20)
    assert (built.problem, told.has("publishing version v1")) == ("", True)
    assert kept.value["shop"]["version"] == "v1"
    assert [each["state"] for each in kept.value["shop"]["versions"]] == ["Kept", "Published"]


async def test_a_version_that_the_store_has_lost_is_told(tmp_path: Path) -> None:
    told, kept = Told(), Kept()
    built = ingestion(tmp_path, told, remembered("v2", "v1"), kept)
    gone = '{"reason": "VersionGone", "message": "gone", "temporary": false}'
    back = publication("v1", *saying(gone, 65))
    await built.want(replace(wanted("v2", "absent-program"), publications=back, automatic=False, pinned="v1"))
    await asyncio.wait_for(built.settled.wait(), 20)
    assert "names v1, which is not in the store (it holds: v2)" in built.problem
    assert kept.value["shop"]["version"] == "v2"


async def test_a_version_below_a_gate_is_a_problem_while_the_old_one_answers(tmp_path: Path) -> None:
    told, kept = Told(), Kept()
    built = ingestion(tmp_path, told, remembered("v1"), kept)
    failed = FailedGate(metric="mrr", at_least=0.9, value=0.5)
    judgement = Judgement(judged_by="j1", scores=Scores(questions=3, mrr=0.5), failed=(failed,))
    words = report("v2", published=False, judgement=judgement, versions=held("v2", "v1"))
    await built.want(replace(wanted("v2", *saying(words)), judged_by="j1"))
    await asyncio.wait_for(built.settled.wait(), 20)
    assert "mrr 0.5, below 0.9" in built.problem
    assert kept.value["shop"]["version"] == "v1"
    assert kept.value["shop"]["versions"][0]["state"] == "Refused"
