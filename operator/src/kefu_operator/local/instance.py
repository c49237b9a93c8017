"""What a running instance tells other commands: one file in the state folder, rewritten at every change."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kefu_operator.local.errors import NoInstance
from kefu_operator.local.ingestion import Ingestion, Memory
from kefu_operator.local.keeper import Keeper
from kefu_operator.local.plan import LocalPlan
from kefu_operator.local.state import INSTANCE, is_held
from kefu_operator.plan.workload import ConfigMapMount

STATES = Path(".kefu")
"""Where state folders lie unless the user says otherwise, below the current folder."""


@dataclass(frozen=True)
class Instance:
    """A running instance as found from its state folder."""

    state: Path
    content: Mapping[str, Any]

    def chatbot(self, name: str | None = None) -> Mapping[str, Any]:
        """One of its chatbots: the named one, or the first.

        Raises:
            NoInstance: it serves no such chatbot.
        """
        for chatbot in self.content["chatbots"]:
            if name in (None, chatbot["name"]):
                return dict(chatbot)
        raise NoInstance(f"the instance in {self.state} serves no chatbot {name or ''}".rstrip())


def describe(
    plan: LocalPlan,
    keepers: Iterable[Keeper],
    ingestions: Iterable[Ingestion],
    memory: Memory,
    *,
    ready: bool,
) -> dict[str, Any]:
    """The instance as JSON; `ready` tells that everything answered once."""
    return {
        "pid": os.getpid(),
        "ready": ready,
        "chatbots": [asdict(chatbot) for chatbot in plan.chatbots],
        "indexes": [asdict(index) | _index(index.name, ingestions, memory) for index in plan.indexes],
        "workloads": [
            {
                "name": keeper.workload.name,
                "component": keeper.workload.component,
                "phase": str(keeper.phase),
                "detail": keeper.detail,
                "pid": keeper.pid,
                "restarts": keeper.restarts,
            }
            for keeper in keepers
        ],
    }


def _index(name: str, ingestions: Iterable[Ingestion], memory: Memory) -> dict[str, Any]:
    for ingestion in ingestions:
        if ingestion.index == name:
            wanted = ingestion.wanted.version if ingestion.wanted else None
            return {
                "published": memory.entries().get(name),
                "wanted": wanted,
                "problem": ingestion.problem,
                "ingestionPid": ingestion.pid,
                "pinned": ingestion.wanted.pinned if ingestion.wanted else None,
                "questions": _questions(ingestion),
            }
    return {"published": memory.entries().get(name), "wanted": None, "problem": "",
            "ingestionPid": None, "pinned": None, "questions": None}  # fmt: skip


def _questions(ingestion: Ingestion) -> str | None:
    """The folder with the golden questions, as the last task that judged has it."""
    mounts = ingestion.wanted.task.container.mounts if ingestion.wanted else ()
    return next((each.path for each in mounts if isinstance(each, ConfigMapMount) and each.name == "questions"), None)


def find(state: Path | None = None, below: Path = STATES) -> Instance:
    """The running instance of a state folder, or the only one below the current folder.

    Raises:
        NoInstance: none runs, or several do.
    """
    candidates = [state] if state else sorted(below.glob("*"))
    running = [folder for folder in candidates if is_held(folder) and (folder / INSTANCE).is_file()]
    if not running:
        where = state or below.absolute()
        raise NoInstance(f"nothing runs in {where}: start it with `kefu run PATH`, or say where it is with --state")
    if len(running) > 1:
        names = ", ".join(str(folder) for folder in running)
        raise NoInstance(f"several instances run here ({names}): choose one with --state")
    try:
        return Instance(running[0], json.loads((running[0] / INSTANCE).read_text()))
    except (FileNotFoundError, ValueError) as error:
        raise NoInstance(f"the instance in {running[0]} is just stopping") from error
