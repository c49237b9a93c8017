"""One vLLM over several nodes, by its own launch: the leader is today's server with a few options more, the others are workers.

Source: vLLM, "Parallelism and scaling", multi-node without Ray (`--nnodes`, `--node-rank`, `--master-addr`, `--headless`), and
`vllm/entrypoints/cli/serve.py`, which alone knows `--headless`.
"""

from dataclasses import replace

from kefu_api import digest
from kefu_operator.plan.engines.drain import SETTLE_SECONDS, drain
from kefu_operator.plan.engines.plan import PORT
from kefu_operator.plan.engines.together import together
from kefu_operator.plan.errors import ClusterOnly, VolumeNotShared
from kefu_operator.plan.group import LEADER_ADDRESS, WORKER_INDEX, Group
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.workload import Container, VolumeMount

MASTER_PORT = 29501
"""Where the leader's part of torch.distributed listens; everything else that the parts say goes over ports of chance."""
SERVE = ("python3", "-m", "vllm.entrypoints.cli.main", "serve")


def leader(container: Container, nodes: int, model: str, options: tuple[str, ...]) -> Container:
    """The server's container, as that of the leader, for a model's path and the options that all parts share."""
    command = (*container.command, *_place(nodes, "0"))
    return replace(container, command=together("python3", nodes, _version(model, options), command))


def group(
    container: Container,
    nodes: int,
    model: str,
    options: tuple[str, ...],
    busy: tuple[str, ...],
    companions: tuple[Container, ...] = (),
) -> Group:
    """The workers of a server's container.

    A worker has no web server that could be asked. That it hangs shows in the leader, which takes no step then; that it stops
    ends the leader. Told to end, it waits until the leader answers nobody any more.

    Args:
        container: the server's.
        nodes: pods of the group.
        model: path of the weights.
        options: those that all parts share.
        busy: figures of the server that are 0 once it answers nobody.
        companions: of each worker.
    """
    command = (*SERVE, model, "--headless", *options, *_place(nodes, f"$({WORKER_INDEX})"))
    worker = replace(
        container,
        command=together("python3", nodes, _version(model, options), command),
        ports=(),
        startup=None,
        readiness=None,
        liveness=None,
    )
    # Later than the leader looks for the first time, which may have been asked something in between.
    settle = SETTLE_SECONDS + 5
    ending = drain("python3", PORT.number, *busy, settle=settle, host=f"${LEADER_ADDRESS}")
    return Group(nodes, worker, ending, companions)


def check(container: Container, placement: Placement) -> None:
    """Whether the pods of several nodes can be had, and can read the weights.

    Raises:
        ClusterOnly: this is a laptop.
        VolumeNotShared: one node alone can mount them.
    """
    if placement.model_store is not None:
        raise ClusterOnly(
            "spec.engine.vllm.nodes: several nodes are to be had in a cluster only: remove the field here"
        )
    if any(isinstance(mount, VolumeMount) and not (mount.shared or mount.many) for mount in container.mounts):
        raise VolumeNotShared(
            "spec.engine.vllm.nodes: pods of several nodes read the weights, and their volume can be mounted by one node alone: "
            "set the chart value `modelVolumes.shared`, or name weights that lie on pvc:// or in an oci:// image"
        )


def _place(nodes: int, rank: str) -> tuple[str, ...]:
    return (
        "--distributed-executor-backend", "mp",
        "--nnodes", str(nodes),
        "--node-rank", rank,
        "--master-addr", f"$({LEADER_ADDRESS})",
        "--master-port", str(MASTER_PORT),
    )  # fmt: skip


def _version(model: str, options: tuple[str, ...]) -> str:
    return digest.of_value([model, *options])[:12]
