"""How an engine gets its weights: a fetch step into a volume, or a claim that holds them already."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from kefu_api.kinds.engine import ModelSource
from kefu_operator.plan.errors import LocalOnly
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import ClaimMount, Compute, Container, Mount, SecretMount, VolumeMount


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
    scheme, _, rest = source.uri.partition("://")
    if scheme == "pvc":
        claim, _, inside = rest.partition("/")
        mount = ClaimMount("model", placement.path(workload, "model"), claim)
        return ModelFiles(str(PurePosixPath(mount.path) / inside), (mount,), ())
    if scheme == "file" and placement.model_store is None:
        raise LocalOnly("spec.model.uri: file:// models work with `kefu run` only; use hf://, https:// or pvc://")
    return _fetched(source, workload, placement, settings)


def _fetched(source: ModelSource, workload: str, placement: Placement, settings: PlanSettings) -> ModelFiles:
    folder = placement.path(workload, "model", writable=True)
    volume = VolumeMount("model", folder, claim=f"{workload}-model", size=source.size)
    arguments = ["--uri", source.uri, "--into", folder]
    if source.revision:
        arguments += ["--revision", source.revision]
    if source.sha256:
        arguments += ["--sha256", source.sha256]
    if placement.model_store:
        arguments += ["--store", placement.model_store]
    env: dict[str, str] = {"KEFU_ALLOW_HTTP": "1"} if settings.allow_http else {}
    if settings.hub_endpoint:
        env["HF_ENDPOINT"] = settings.hub_endpoint
    mounts: tuple[Mount, ...] = (volume,)
    if source.token_secret:
        token = SecretMount(
            "hub-token", placement.path(workload, "hub-token"), source.token_secret.name, source.token_secret.key
        )
        env["HF_TOKEN_PATH"] = f"{token.path}/{token.key}"
        mounts += (token,)
    fetch = Container(
        name="fetch",
        image="operator",
        command=("python", "-m", "kefu_operator.fetch", *arguments),
        compute=Compute(cpu="100m", memory="512Mi"),
        env=env,
        mounts=mounts,
    )
    file = _file_name(source.uri)
    return ModelFiles(f"{folder}/{file}" if file else folder, (volume,), (fetch,))


def _file_name(uri: str) -> str | None:
    """Last part of a URI that names one file; None where it names a snapshot (`hf://org/repo`)."""
    scheme, _, rest = uri.partition("://")
    parts = [part for part in rest.split("/") if part]
    if scheme == "hf" and len(parts) == 2:
        return None
    return parts[-1]
