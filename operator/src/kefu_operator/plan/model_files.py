"""How an engine gets its weights: a fetch step into a volume, or a claim that holds them already."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.model import ModelSource, Snapshot
from kefu_operator.plan.errors import LocalOnly
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import ClaimMount, Compute, Container, Mount, SecretMount, VolumeMount

FETCH = "fetch"
"""Name of the step that brings the model; those of other weights begin with it."""


@dataclass(frozen=True)
class ModelFiles:
    """Where the weights will lie, and what brings them there."""

    path: str
    """File, or folder of a snapshot."""
    mounts: tuple[Mount, ...]
    """For the engine's container."""
    steps: tuple[Container, ...]
    """To run before it."""


def model_files(source: ModelSource, workload: str, placement: Placement, settings: PlanSettings) -> ModelFiles:
    """Plan the weights of one engine.

    Raises:
        LocalOnly: a file:// model in a cluster.
    """
    download = _Download("model", source.uri, source.revision, source.sha256, source.size, source.token_secret)
    return _files(download, workload, placement, settings)


def snapshot_files(
    snapshot: Snapshot, role: str, model: ModelSource, workload: str, placement: Placement, settings: PlanSettings
) -> ModelFiles:
    """Plan a folder of weights beside the model's own, with the model's token; `role` tells it from others.

    Raises:
        LocalOnly: a file:// folder in a cluster.
    """
    download = _Download(role, snapshot.uri, snapshot.revision, None, snapshot.size, model.token_secret)
    return _files(download, workload, placement, settings)


@dataclass(frozen=True)
class _Download:
    role: str
    """Names volume, claim and folder: at most 40 characters of a DNS label."""
    uri: str
    revision: str | None
    sha256: str | None
    size: str
    token: SecretKeyReference | None


def _files(download: _Download, workload: str, placement: Placement, settings: PlanSettings) -> ModelFiles:
    scheme, _, rest = download.uri.partition("://")
    if scheme == "pvc":
        claim, _, inside = rest.partition("/")
        mount = ClaimMount(download.role, placement.path(workload, download.role), claim)
        return ModelFiles(str(PurePosixPath(mount.path) / inside), (mount,), ())
    if scheme == "file" and placement.model_store is None:
        raise LocalOnly("spec.model.uri: file:// models work with `kefu run` only; use hf://, https:// or pvc://")
    return _fetched(download, workload, placement, settings)


def _fetched(download: _Download, workload: str, placement: Placement, settings: PlanSettings) -> ModelFiles:
    folder = placement.path(workload, download.role, writable=True)
    volume = VolumeMount(download.role, folder, claim=f"{workload}-{download.role}", size=download.size)
    arguments = ["--uri", download.uri, "--into", folder]
    if download.revision:
        arguments += ["--revision", download.revision]
    if download.sha256:
        arguments += ["--sha256", download.sha256]
    if placement.model_store:
        arguments += ["--store", placement.model_store]
    env: dict[str, str] = {"KEFU_ALLOW_HTTP": "1"} if settings.allow_http else {}
    if settings.hub_endpoint:
        env["HF_ENDPOINT"] = settings.hub_endpoint
    mounts: tuple[Mount, ...] = (volume,)
    if download.token and download.uri.startswith("hf://"):
        token = SecretMount("hub-token", placement.path(workload, "hub-token"), download.token.name, download.token.key)
        env["HF_TOKEN_PATH"] = f"{token.path}/{token.key}"
        mounts += (token,)
    fetch = Container(
        name=FETCH if download.role == "model" else f"{FETCH}-{download.role}",
        image="operator",
        command=("python", "-m", "kefu_operator.fetch", *arguments),
        compute=Compute(cpu="100m", memory="512Mi"),
        env=env,
        mounts=mounts,
    )
    file = _file_name(download.uri)
    return ModelFiles(f"{folder}/{file}" if file else folder, (volume,), (fetch,))


def _file_name(uri: str) -> str | None:
    """Last part of a URI that names one file; None where it names a snapshot (`hf://org/repo`)."""
    scheme, _, rest = uri.partition("://")
    parts = [part for part in rest.split("/") if part]
    if scheme == "hf" and len(parts) == 2:
        return None
    return parts[-1]
