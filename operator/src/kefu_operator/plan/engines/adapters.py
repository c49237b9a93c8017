"""LoRA adapters of a running vLLM: fetched and loaded by a companion in its pod, so that one more restarts nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from kefu_api import digest
from kefu_api.documents import adapters as document
from kefu_api.documents.adapters import Adapters, AdapterServer, AdapterSource
from kefu_api.kinds.model import Adapter, ModelSource
from kefu_operator import naming
from kefu_operator.plan.engines.lora import Lora
from kefu_operator.plan.engines.plan import PORT
from kefu_operator.plan.group import LEADER_ADDRESS, WORKER_INDEX
from kefu_operator.plan.model_files import Download, fetch_environment
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import (
    CacheMount,
    ClaimMount,
    Compute,
    Container,
    DocumentMount,
    Mount,
    Port,
    Probe,
    SecretMount,
)

LOADER = "adapters"
"""Name of the companion."""
READY = Port(LOADER, 8003)
"""Where it tells the kubelet whether the pod may be asked."""


@dataclass(frozen=True)
class WantedAdapter:
    """One adapter, as a chatbot asks for it."""

    adapter: Adapter
    download: Download

    @property
    def name(self) -> str:
        """What the engine knows it by: unique among all chatbots that share it, and another where its source changes."""
        return f"{self.adapter.name[:54]}-{self.download.key[:8]}"


@dataclass(frozen=True)
class AdapterPlan:
    """What adapters add to an engine."""

    options: tuple[str, ...]
    """Of its command line."""
    mounts: tuple[Mount, ...]
    """Of its container."""
    companion: Container
    worker: Container | None = None
    """The companion of a group's workers, which fetches alone; None where a pod is the whole engine."""


def wanted_adapters(model: ModelSource) -> tuple[WantedAdapter, ...]:
    """The adapters of one chatbot."""
    return tuple(
        WantedAdapter(each, Download("adapter", each.uri, each.size, each.revision, None, model.token_secret, model.s3))
        for each in model.adapters
    )


def claim_of(uri: str) -> str | None:
    """The claim that an adapter lies on; None where it is fetched."""
    scheme, _, rest = uri.partition("://")
    return rest.partition("/")[0] if scheme == "pvc" else None


def union(wanted: Iterable[WantedAdapter]) -> tuple[WantedAdapter, ...]:
    """Each adapter once, in the order of their names; of one that several chatbots use, the greatest rank holds."""
    by_name: dict[str, WantedAdapter] = {}
    for each in wanted:
        known = by_name.get(each.name)
        if known is None or known.adapter.rank < each.adapter.rank:
            by_name[each.name] = each
    return tuple(by_name[name] for name in sorted(by_name))


def plan_adapters(
    engine: str,
    model: ModelSource,
    lora: Lora,
    wanted: Sequence[WantedAdapter],
    placement: Placement,
    settings: PlanSettings,
    nodes: int = 1,
) -> AdapterPlan:
    """Plan the adapters of the engine named `engine`, of that model, which has a pod on each of its nodes.

    There need not be any: what the engine offers may be more than is wanted now.
    """
    folder = CacheMount(LOADER, placement.path(engine, LOADER, writable=True), f"{lora.room // 2**30}Gi")
    sources, claims, secrets = [], list[ClaimMount](), list[SecretMount]()
    for each in wanted:
        sources.append(_source(each, engine, placement, claims, secrets))
    env = fetch_environment(settings)
    # All that share the engine have the same, so that it need not come with an adapter and go with it.
    if token := model.token_secret:
        mount = SecretMount("hub-token", placement.path(engine, "hub-token"), token.name, token.key)
        env["HF_TOKEN_PATH"] = f"{mount.path}/{token.key}"
        secrets.append(mount)
    listed = DocumentMount(
        "adapter-list",
        placement.path(engine, "adapter-list"),
        config_map=naming.adapters(engine),
        files={document.FILE: Adapters(adapters=tuple(sources)).to_json()},
    )
    unique = {mount.name: mount for mount in (*claims, *secrets)}
    follow = (
        "python", "-m", "kefu_operator.adapters",
        "--document", f"{listed.path}/{document.FILE}",
        "--into", folder.path,
    )  # fmt: skip
    number = placement.listen(f"{engine}-{LOADER}", READY)
    tell = ("--host", placement.bind, "--readiness", str(number))
    # Never by the Service: every pod loads for itself.
    load = ("--engine", f"http://127.0.0.1:{placement.listen(engine, PORT)}")
    group = ("--leader", f"$({LEADER_ADDRESS})")
    companion = Container(
        name=LOADER,
        image="operator",
        command=(*follow, *tell, *load, *((*group, "--workers", str(nodes - 1)) if nodes > 1 else ())),
        compute=Compute(cpu="50m", memory="256Mi"),
        env=env,
        mounts=(folder, listed, *unique.values()),
        ports=(READY,),
        # Twice is sooner than a vLLM that was started anew answers.
        readiness=Probe(READY.name, "/readyz", failures=2, timeout_seconds=5),
    )
    worker = (*follow, *group, "--number", f"$({WORKER_INDEX})", "--host", placement.bind)
    seen = {mount.name: mount for mount in claims}
    # A worker answers nobody, and its leader waits for it.
    beside = replace(companion, command=worker, ports=(), readiness=None) if nodes > 1 else None
    return AdapterPlan(lora.options, (folder, *seen.values()), companion, beside)


def _source(
    wanted: WantedAdapter, engine: str, placement: Placement, claims: list[ClaimMount], secrets: list[SecretMount]
) -> AdapterSource:
    uri = wanted.download.uri
    path = None
    if claim := claim_of(uri):
        inside = uri.removeprefix(f"pvc://{claim}/")
        name = f"adapters-{digest.of_text(claim)[:8]}"
        mount = ClaimMount(name, placement.path(engine, name), claim)
        claims.append(mount)
        path = str(PurePosixPath(mount.path) / inside)
    return AdapterSource(
        name=wanted.name,
        uri=uri,
        revision=wanted.adapter.revision,
        path=path,
        server=_server(wanted.download, engine, placement, secrets),
    )


def _server(download: Download, engine: str, placement: Placement, secrets: list[SecretMount]) -> AdapterServer | None:
    server = download.bucket
    if server is None:
        return None
    files: list[str | None] = []
    for reference in (server.access_key_secret, server.secret_key_secret):
        if reference is None:
            files.append(None)
            continue
        # Chatbots that share an engine may have different buckets.
        name = f"s3-{digest.of_text(f'{reference.name}/{reference.key}')[:8]}"
        # In a cluster pods start without it, and it comes to them: the engine is others' too. Here, its absence is told at once.
        optional = placement.model_store is None
        mount = SecretMount(name, placement.path(engine, name), reference.name, reference.key, optional)
        secrets.append(mount)
        files.append(f"{mount.path}/{mount.key}")
    return AdapterServer(
        endpoint=server.endpoint, region=server.region, access_key_file=files[0], secret_key_file=files[1]
    )
