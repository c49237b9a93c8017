"""Containers: a program as a pod runs it, under the Pod Security Standard `restricted`."""

from kefu_operator.desired.images import Images
from kefu_operator.desired.types import Object
from kefu_operator.desired.volumes import volume_mounts
from kefu_operator.plan.workload import Compute, Container, Probe


def container(planned: Container, images: Images) -> Object:
    """A container of a pod."""
    env = {"HOME": "/tmp", **planned.env}  # noqa: S108 - the only folder that is writable
    made: Object = {
        "name": planned.name,
        "image": images.reference(planned.image),
        "imagePullPolicy": images.pull_policy,
        "command": list(planned.command),
        "env": [{"name": name, "value": value} for name, value in sorted(env.items())],
        "resources": resources(planned.compute),
        "volumeMounts": volume_mounts(planned),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        # A program that dies without a last word of its own leaves the end of its log instead.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if planned.ports:
        made["ports"] = [{"name": port.name, "containerPort": port.number, "protocol": "TCP"} for port in planned.ports]
    probes = {
        "startupProbe": planned.startup,
        "readinessProbe": planned.readiness,
        "livenessProbe": planned.liveness,
    }
    return made | {name: probe(planned_probe) for name, planned_probe in probes.items() if planned_probe}


def resources(compute: Compute) -> Object:
    """Memory and devices are limit and request alike; CPU is a request only."""
    devices = {name: str(count) for name, count in compute.devices.items()}
    return {
        "requests": {"cpu": compute.cpu, "memory": compute.memory, **devices},
        "limits": {"memory": compute.memory, **devices},
    }


def probe(planned: Probe) -> Object:
    """How the kubelet asks."""
    if planned.command:
        question: Object = {"exec": {"command": list(planned.command)}}
    elif planned.path is None:
        question = {"tcpSocket": {"port": planned.port}}
    else:
        question = {"httpGet": {"path": planned.path, "port": planned.port}}
    return {
        **question,
        "periodSeconds": planned.period_seconds,
        "failureThreshold": planned.failures,
        "timeoutSeconds": planned.timeout_seconds,
    }
