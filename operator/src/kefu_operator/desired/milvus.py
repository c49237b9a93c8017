"""A Milvus object, for the Milvus operator to run, and the NetworkPolicies around what it makes of it.

Source of the fields: milvus-operator, `apis/milvus.io/v1beta1`; of the labels: its `NewComponentAppLabels` and the charts of
etcd and MinIO that it installs. Milvus takes each setting from the environment as well, in capitals and with `_` for `.`.
"""

from collections.abc import Sequence

from kefu_operator import naming
from kefu_operator.desired.claim import claim
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import Scope, metadata, outliving
from kefu_operator.desired.network import Network, Peer
from kefu_operator.desired.types import Object
from kefu_operator.plan.knowledge.milvus import COMPONENT, ETCD_SIZE, MILVUS, MilvusPlan
from kefu_operator.resources import MILVUSES

ROOT_PASSWORD = "COMMON_SECURITY_DEFAULTROOTPASSWORD"  # noqa: S105 - a name
"""Of `common.security.defaultRootPassword`, which Milvus 2.4.7 and later give to root when they make it, before they listen."""
METRICS_PORT = 9091
ELSEWHERE = "from the environment"
"""In the place of MinIO's keys, which the Milvus operator would write into a ConfigMap for everybody to read; it gives them to Milvus
as environment from the Secret as well, which Milvus heeds first."""
KEPT_MIB = 2048
"""Of the log of writes; what is older is in object storage."""
OPERATOR: Peer = {
    "namespaceSelector": {},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "milvus-operator"}},
}
"""It asks etcd and object storage how they are, from whatever namespace it is in."""


def milvus_objects(planned: MilvusPlan, scope: Scope, images: Images, network: Network) -> list[Object]:
    """The Milvus object and what must be there before it; without the object where its kind is not served."""
    return [
        *(_policies(planned, scope, network) if network.enabled else []),
        claim(planned.data, scope, COMPONENT, naming.milvus(planned.index)),
        *([milvus(planned, scope, images)] if planned.served else []),
    ]


def milvus(planned: MilvusPlan, scope: Scope, images: Images) -> Object:
    """A Milvus in one pod, which knows who asks from its first moment on."""
    return {
        "apiVersion": MILVUSES.api_version,
        "kind": MILVUSES.kind,
        "metadata": metadata(scope, naming.milvus(planned.index), COMPONENT),
        "spec": {
            "mode": "standalone",
            "components": _components(planned, images),
            "config": {
                "common": {"security": {"authorizationEnabled": True}},
                "minio": {"accessKeyID": ELSEWHERE, "secretAccessKey": ELSEWHERE},
                "rocksmq": {"retentionSizeInMB": KEPT_MIB},
            },
            "dependencies": _dependencies(planned),
        },
    }


def _components(planned: MilvusPlan, images: Images) -> Object:
    memory = planned.options.memory
    password = {"secretKeyRef": {"name": planned.root.name, "key": "password"}}
    components: Object = {
        "image": images.reference("milvus"),
        "imagePullPolicy": images.pull_policy,
        "env": [{"name": ROOT_PASSWORD, "valueFrom": password}],
        "resources": {"requests": {"cpu": "500m", "memory": memory}, "limits": {"memory": memory}},
        # It runs as root: the Milvus operator gives its pod no group that could write to a volume.
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if images.pull_secrets:
        components["imagePullSecrets"] = [{"name": name} for name in images.pull_secrets]
    return components


def _dependencies(planned: MilvusPlan) -> Object:
    """Their releases stay where what they hold is to stay: an uninstalled chart may take its claims with it."""
    keep: Object = {"deletionPolicy": "Retain" if planned.retained else "Delete", "pvcDeletion": not planned.retained}
    storage_class = {"storageClass": planned.options.storage_class} if planned.options.storage_class else {}
    return {
        "etcd": {"inCluster": {**keep, "values": {"replicaCount": 1, "persistence": {"size": ETCD_SIZE, **storage_class}}}},
        "msgStreamType": "rocksmq",
        "rocksmq": {
            "persistence": {"enabled": True, "persistentVolumeClaim": {"existingClaim": planned.data.claim}}
        },
        "storage": {
            "inCluster": {
                **keep,
                "values": {
                    "mode": "standalone",
                    "existingSecret": planned.storage.name,
                    "persistence": {"size": planned.options.size, **storage_class},
                },
            }
        },
    }  # fmt: skip


def _policies(planned: MilvusPlan, scope: Scope, network: Network) -> list[Object]:
    """Who may call Milvus, its etcd, which asks nobody who they are, and its object storage."""
    name = naming.milvus(planned.index)
    etcd, storage = naming.milvus_etcd(planned.index), naming.milvus_storage(planned.index)
    milvus_pods = {"app.kubernetes.io/instance": name, "app.kubernetes.io/name": "milvus"}
    etcd_pods, storage_pods = {"app.kubernetes.io/instance": etcd}, {"release": storage}
    callers = [_pods({naming.uses(name): "true"})]
    rules = [_rule(callers, MILVUS.number)]
    if readers := network.readers():
        rules.append(_rule(readers, METRICS_PORT))
    # What goes on running without its index goes on being guarded.
    stays = planned.retained
    return [
        _policy(scope, name, milvus_pods, rules, stays=False),
        _policy(scope, etcd, etcd_pods, [_rule([_pods(milvus_pods), _pods(etcd_pods), OPERATOR])], stays=stays),
        _policy(
            scope, storage, storage_pods, [_rule([_pods(milvus_pods), _pods(storage_pods), OPERATOR])], stays=stays
        ),
    ]


def _policy(scope: Scope, name: str, pods: dict[str, str], rules: Sequence[Object], *, stays: bool) -> Object:
    meta = metadata(scope, name, COMPONENT)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": outliving(meta) if stays else meta,
        "spec": {"podSelector": {"matchLabels": pods}, "policyTypes": ["Ingress"], "ingress": list(rules)},
    }


def _rule(peers: Sequence[Peer], port: int | None = None) -> Object:
    ports = {"ports": [{"port": port, "protocol": "TCP"}]} if port else {}
    return {"from": [dict(peer) for peer in peers], **ports}


def _pods(labels: dict[str, str]) -> Peer:
    return {"podSelector": {"matchLabels": labels}}
