"""Every object name and label that Kefu gives, formatted in one place."""

from kefu_api import GROUP, digest

MAX_LABEL = 63

MANAGER = "kefu-operator"
"""Field manager of every server-side apply, and value of `app.kubernetes.io/managed-by`."""

HANDOVER = "kefu-operator-handover"
"""Field manager that holds a Deployment's `replicas` from when Kefu lets go of them until an autoscaler changes them."""

OWNED_BY = f"{GROUP}/owned-by"
"""Label that pruning selects by: `<Kind>.<name>` of the object that made this one."""

FINALIZER = f"{GROUP}/external-store"
"""Of an index that wants to be taken out of a store of somebody else's before it goes."""

FINALIZING = "kefu-operator-finalizer"
"""Field manager of that finalizer, apart from all that the operator applies."""

RETAINED = f"{GROUP}/retained"
"""Label of what outlives its owner, a volume mostly: it has no owner reference, and is pruned by nobody."""

ENGINE = f"{GROUP}/engine"
"""Label of an engine's objects: the engine's name. Engines may have several owners, so they carry no OWNED_BY."""


SERVER = f"{GROUP}/server"
"""Label of the workers of an engine over several nodes: the number of the server that they are a part of."""

_SECRET_ENDINGS = ("-token", "-redis-password", "-api-key", "-desk-key", "-user-salt", "-milvus-root", "-milvus-minio")
"""Of the names of all Secrets but those of sources; the operator, which cannot read them, could not tell whose one is."""
_SECRET_BITS = ("-push-", "-milvus-token-")
"""The same of those that end in a hash, or in what a user chose."""

WATCHED = f"{GROUP}/namespaces"
"""Annotation of a release's Lease, which the chart makes: the namespaces that it watches, with commas between; empty: all."""

NUDGE = f"{GROUP}/document"
"""Annotation of a gateway's pods: the digest of the document that they were last told of. Nothing reads it."""


def owned_by(kind: str, name: str) -> str:
    """Value of the OWNED_BY label."""
    return f"{kind}.{name}"


def uses(workload: str) -> str:
    """Label of the pods that call a workload, which its NetworkPolicy looks for."""
    return f"uses.{GROUP}/{workload}"


def gateway(chatbot: str) -> str:
    """Deployment, Service, HPA and PodDisruptionBudget of a chatbot's gateway."""
    return f"{chatbot}-gateway"


def release(chatbot: str) -> str:
    """ConfigMap that holds a chatbot's release document."""
    return f"{chatbot}-release"


def session_store(chatbot: str) -> str:
    """StatefulSet, Service, volume and PodDisruptionBudget of a chatbot's Redis."""
    return f"{chatbot}-redis"


def session_password(chatbot: str) -> str:
    """Secret with the password of a chatbot's Redis."""
    return f"{chatbot}-redis-password"


def api_keys(chatbot: str) -> str:
    """Secret with the API key that Kefu makes where the user names none."""
    return f"{chatbot}-api-key"


def desk_keys(chatbot: str) -> str:
    """Secret with the key that Kefu makes for the people to whom conversations are handed over."""
    return f"{chatbot}-desk-key"


def user_salt(chatbot: str) -> str:
    """Secret with the salt that user ids are hashed with."""
    return f"{chatbot}-user-salt"


def engine(key: str) -> str:
    """Deployment, Service, volume and PodDisruptionBudget of an engine, from the hash of its model and settings."""
    return f"engine-{key[:10]}"


def group(engine: str) -> str:
    """LeaderWorkerSet of an engine over several nodes, and the headless Service and StatefulSets that its controller makes."""
    return f"{engine}-group"


def nodes(engine: str) -> str:
    """Headless Service and StatefulSet of an engine's leaders, where there are no LeaderWorkerSets."""
    return f"{engine}-nodes"


def workers(engine: str, number: int) -> str:
    """StatefulSet of the workers of one of its groups, which has the name of the group's leader."""
    return f"{nodes(engine)}-{number}"


def grouped(name: str) -> str:
    """The engine of a LeaderWorkerSet."""
    return name.removesuffix("-group")


def build(key: str) -> str:
    """Job, volume and NetworkPolicy of an engine that is compiled, from the hash of all that goes into it."""
    return f"build-{key[:10]}"


def adapters(engine: str) -> str:
    """ConfigMap that lists the LoRA adapters of an engine."""
    return f"{engine}-adapters"


def model(key: str) -> str:
    """Volume of a model that several engines use, from the hash of what is downloaded."""
    return f"model-{key[:10]}"


def retrieval(index: str) -> str:
    """Deployment and Service of an index's retrieval service."""
    return f"{index}-retrieval"


def store(index: str) -> str:
    """Deployment, volume and, mostly, Service of an index's embedded Milvus."""
    return f"{index}-milvus"


def store_service(index: str) -> str:
    """Service of an index's embedded Milvus; for index `x` the Milvus operator makes that of name `x-milvus-milvus`."""
    return store(index) if not index.endswith("-milvus") else f"{index}-store"


def index_token(index: str) -> str:
    """Secret with the token that an index's retrieval service asks for; the store of index `x` asks for that of name `x-milvus-token`."""
    return f"{index}-token" if not index.endswith("-milvus") else f"{index}-token-{digest.of_text(index)[:8]}"


def store_token(index: str) -> str:
    """Secret with the token that an index's embedded Milvus asks for."""
    return f"{store(index)}-token"


def milvus(index: str) -> str:
    """Milvus object of an index, from which the Milvus operator derives the names of what it makes; of at most 47 characters."""
    return store(index)


def milvus_service(index: str) -> str:
    """Service that the Milvus operator makes for a Milvus object."""
    return f"{milvus(index)}-milvus"


def milvus_etcd(index: str) -> str:
    """Helm release of the etcd of an index's Milvus, and its NetworkPolicy."""
    return f"{milvus(index)}-etcd"


def milvus_storage(index: str) -> str:
    """Helm release of the object storage of an index's Milvus, its NetworkPolicy, and the Secret that both sides read."""
    return f"{milvus(index)}-minio"


def milvus_data(index: str) -> str:
    """Volume of the Milvus pod itself: its log of writes, and its cache."""
    return f"{milvus(index)}-data"


def milvus_root(index: str) -> str:
    """Secret with the password of an index's Milvus."""
    return f"{milvus(index)}-root"


def index_of_milvus(name: str) -> str:
    """The index that a Milvus object of ours is made for."""
    return name.removesuffix("-milvus")


def store_alias(namespace: str, index: str) -> str:
    """Milvus alias that an index's readers search.

    Such names hold letters, digits and underscores only; the hash keeps `a-b/c` and `a/b-c` apart.
    """
    return f"kefu_{digest.of_text(f'{namespace}/{index}')[:8]}_{index.replace('-', '_')}"


def index_document(index: str) -> str:
    """ConfigMap that the retrieval service follows."""
    return f"{index}-index"


def ingestion(index: str, version: str, manner: str = "", pods: int = 1) -> str:
    """Job, and its ConfigMap, that builds one version of an index; `manner`: how it is judged and published, as a hash.

    At most 63 characters, with three of the hash: what a Job did is checked by its report, never by its name alone. Of several
    pods each has its number behind it, in as many characters.
    """
    tail = version + (f"-{manner[:3]}" if manner else "")
    name = f"{index}-ingest-{tail}"
    last = len(f"-{pods - 1}") if pods > 1 else 0
    return name if len(name) + last <= MAX_LABEL else f"{index}-in-{tail}"


def push(index: str) -> str:
    """Deployment, Service and document of an index's push service."""
    return f"{index}-push"


def push_key(index: str, source: str) -> str:
    """Secret with the key that pushes to a source are signed with, where the user names none.

    Source `token` of index `x` is hashed, since that of name `x-push-token` belongs to index `x-push`; so is all that ends likewise.
    """
    name = f"{push(index)}-{source}"
    clashes = any(bit in f"-{source}" for bit in _SECRET_BITS) or f"-{source}".endswith(_SECRET_ENDINGS)
    return f"{push(index)}-{digest.of_text(source)[:12]}" if clashes or len(name) > MAX_LABEL else name


def removal(index: str) -> str:
    """Job that takes an index out of its store."""
    return f"{index}-remove"


def ingestion_policy(index: str) -> str:
    """NetworkPolicy of the pods that build and publish an index."""
    return f"{index}-ingestion"


def fetching_policy(index: str) -> str:
    """NetworkPolicy of the pods that fetch an index's remote sources."""
    return f"{index}-fetching"


def sources(index: str) -> str:
    """Volume that keeps what an index's remote sources gave."""
    return f"{index}-sources"


def fetching(index: str, key: str) -> str:
    """Job, and its ConfigMap, that fetches the remote sources of an index; `key`: hash of what it fetches."""
    return f"{index}-fetch-{key[:8]}"


def publication(index: str, version: str) -> str:
    """Job, and its ConfigMap, that publishes one version of an index."""
    return f"{index}-publish-{version}"
