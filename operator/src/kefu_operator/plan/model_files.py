"""How an engine gets its weights: a fetch step into a volume, a claim that holds them already, or an image."""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from kefu_api import digest
from kefu_api.kinds.bucket import BucketServer
from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.model import ModelSource, Snapshot
from kefu_operator import naming
from kefu_operator.plan.errors import ImageVolumesMissing, LocalOnly
from kefu_operator.plan.placement import Placement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.workload import ClaimMount, Compute, Container, ImageMount, Mount, SecretMount, VolumeMount

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


@dataclass(frozen=True)
class Download:
    """Weights that are to be had from somewhere."""

    role: str
    """Names volume and folder: at most 40 characters of a DNS label."""
    uri: str
    size: str
    revision: str | None = None
    sha256: str | None = None
    token: SecretKeyReference | None = None
    s3: BucketServer | None = None
    path: str | None = None
    """Inside an image."""

    @property
    def bucket(self) -> BucketServer | None:
        """The server, where the weights lie in a bucket."""
        return self.s3 if self.uri.startswith("s3://") else None

    @property
    def key(self) -> str:
        """Hash of what comes, however large its volume and whoever asks for it."""
        server = {"endpoint": self.bucket.endpoint, "region": self.bucket.region} if self.bucket else None
        return digest.of_value({"uri": self.uri, "revision": self.revision, "sha256": self.sha256, "server": server})


def model_files(source: ModelSource, workload: str, placement: Placement, settings: PlanSettings) -> ModelFiles:
    """Plan the weights of one engine.

    Raises:
        LocalOnly: a file:// model in a cluster.
        ImageVolumesMissing: an oci:// model in a cluster that cannot mount images.
    """
    download = Download(
        "model",
        source.uri,
        source.size,
        source.revision,
        source.sha256,
        source.token_secret,
        source.s3,
        source.path,
    )
    return files_of(download, workload, placement, settings)


def snapshot_files(
    snapshot: Snapshot, role: str, model: ModelSource, workload: str, placement: Placement, settings: PlanSettings
) -> ModelFiles:
    """Plan a folder of weights beside the model's own, with the model's secrets; `role` tells it from others.

    Raises:
        LocalOnly: a file:// folder in a cluster.
    """
    download = Download(role, snapshot.uri, snapshot.size, snapshot.revision, None, model.token_secret, model.s3)
    return files_of(download, workload, placement, settings)


def files_of(download: Download, workload: str, placement: Placement, settings: PlanSettings) -> ModelFiles:
    """Plan one download.

    Raises:
        LocalOnly: file:// in a cluster.
        ImageVolumesMissing: oci:// in a cluster that cannot mount images.
    """
    scheme, _, rest = download.uri.partition("://")
    if scheme == "pvc":
        claim, _, inside = rest.partition("/")
        mount = ClaimMount(download.role, placement.path(workload, download.role), claim)
        return ModelFiles(str(PurePosixPath(mount.path) / inside), (mount,), ())
    if scheme == "oci":
        if not settings.image_volumes:
            raise ImageVolumesMissing(
                "spec.model.uri: this cluster cannot mount images (Kubernetes can from 1.35): use hf://, s3:// or pvc://"
            )
        image = ImageMount(download.role, placement.path(workload, download.role), rest)
        return ModelFiles(str(PurePosixPath(image.path) / (download.path or "")), (image,), ())
    if scheme == "file" and placement.model_store is None:
        raise LocalOnly(
            "spec.model.uri: file:// models work with `kefu run` only; use hf://, https://, s3:// or pvc://"
        )
    return _fetched(download, workload, placement, settings)


def _fetched(download: Download, workload: str, placement: Placement, settings: PlanSettings) -> ModelFiles:
    volume = _volume(download, workload, placement, settings)
    arguments = ["--uri", download.uri, "--into", volume.path]
    if download.revision:
        arguments += ["--revision", download.revision]
    if download.sha256:
        arguments += ["--sha256", download.sha256]
    if placement.model_store:
        arguments += ["--store", placement.model_store]
    env, secrets = _access(download, workload, placement, settings)
    fetch = Container(
        name=FETCH if download.role == "model" else f"{FETCH}-{download.role}",
        image="operator",
        command=("python", "-m", "kefu_operator.fetch", *arguments),
        compute=Compute(cpu="100m", memory="512Mi"),
        env=env,
        mounts=(volume, *secrets),
    )
    file = _file_name(download.uri)
    path = f"{volume.path}/{file}" if file else volume.path
    return ModelFiles(path, (replace(volume, read_only=True),), (fetch,))


def _volume(download: Download, workload: str, placement: Placement, settings: PlanSettings) -> VolumeMount:
    """The engine's own volume; one for all that want the same weights where pods of several nodes can mount it."""
    folder = placement.path(workload, download.role, writable=True)
    claim = naming.model(download.key) if settings.volumes.shared else f"{workload}-{download.role}"
    return VolumeMount(
        download.role,
        folder,
        claim=claim,
        size=download.size,
        storage_class=settings.volumes.storage_class,
        shared=settings.volumes.shared,
    )


def _access(
    download: Download, workload: str, placement: Placement, settings: PlanSettings
) -> tuple[dict[str, str], list[SecretMount]]:
    """What a fetch must know of its source: environment and secrets."""
    env = fetch_environment(settings)
    mounts: list[SecretMount] = []

    def secret(name: str, variable: str, reference: SecretKeyReference | None) -> None:
        if reference:
            mount = SecretMount(name, placement.path(workload, name), reference.name, reference.key)
            env[variable] = f"{mount.path}/{mount.key}"
            mounts.append(mount)

    if download.uri.startswith("hf://"):
        secret("hub-token", "HF_TOKEN_PATH", download.token)
    if server := download.bucket:
        env |= {"S3_ENDPOINT": server.endpoint, "S3_REGION": server.region}
        secret("s3-access-key", "S3_ACCESS_KEY_PATH", server.access_key_secret)
        secret("s3-secret-key", "S3_SECRET_KEY_PATH", server.secret_key_secret)
    return env, mounts


def fetch_environment(settings: PlanSettings) -> dict[str, str]:
    """What the installation tells every fetch."""
    env: dict[str, str] = {"KEFU_ALLOW_HTTP": "1"} if settings.allow_http else {}
    return env | ({"HF_ENDPOINT": settings.hub_endpoint} if settings.hub_endpoint else {})


def _file_name(uri: str) -> str | None:
    """Last part of a URI that names one file; None where it names a folder."""
    scheme, _, rest = uri.partition("://")
    parts = [part for part in rest.split("/") if part]
    if (scheme == "hf" and len(parts) == 2) or (scheme == "s3" and rest.endswith("/")):
        return None
    return parts[-1]
