"""The tree of a running local instance."""

from collections.abc import Mapping
from typing import Any

from kefu_operator.cli.tree import Mark, Node
from kefu_operator.local.instance import Instance
from kefu_operator.local.keeper import Phase

_MARKS = {Phase.READY: Mark.GOOD, Phase.PREPARING: Mark.WAITING, Phase.STARTING: Mark.WAITING}


def nodes(instance: Instance) -> tuple[Node, ...]:
    """One node for the instance, its parts below."""
    content = instance.content
    parts = (
        *(
            Node(Mark.GOOD, f"ChatbotDeployment/{bot['name']}", f"{bot['url']}  {bot['release']}")
            for bot in content["chatbots"]
        ),
        *(_index(index) for index in content["indexes"]),
        *(_workload(workload) for workload in content["workloads"]),
    )
    whole = Node(Mark.GOOD, f"kefu run (process {content['pid']})", f"state in {instance.state}", parts)
    return (Node(whole.worst, whole.title, whole.note, parts),)


def _index(index: Mapping[str, Any]) -> Node:
    title, published = f"KnowledgeIndex/{index['name']}", index["published"]
    note = ""
    if published and "version" in published:
        note = f"{published['version']}, {published['documents']} documents, {published['chunks']} chunks"
    if index["problem"]:
        return Node(Mark.BAD, title, index["problem"])
    built = {held["version"] for held in (published or {}).get("versions", ())}
    if not note or index["wanted"] not in {published["version"], *built}:
        return Node(Mark.WAITING, title, f"building {index['wanted']}" + (f"; {note} answers" if note else ""))
    return Node(Mark.GOOD, title, note)


def _workload(workload: Mapping[str, Any]) -> Node:
    phase = Phase(workload["phase"])
    restarts = f", {workload['restarts']} restarts" if workload["restarts"] else ""
    process = f" (process {workload['pid']}{restarts})" if workload["pid"] else restarts
    detail = f": {workload['detail']}" if workload["detail"] else ""
    return Node(_MARKS.get(phase, Mark.BAD), workload["name"], f"{phase}{process}{detail}")
