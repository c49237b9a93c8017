"""Services: the address under which a workload is reached."""

from kefu_operator.desired.metadata import Scope, metadata, selector
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import Port, Workload

WEB = 80
"""Port of a Service that people type: where a workload shows only some of its ports, the first is the web's."""


def service(workload: Workload, scope: Scope) -> Object:
    """The Service in front of a workload's pods."""
    ports = [port for port in workload.container.ports if _is_public(port, workload)]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(scope, workload.service or workload.name, workload.component, workload.name),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(workload.name, workload.component),
            "ports": [
                {
                    "name": port.name,
                    "port": WEB if workload.public_ports else port.number,
                    "protocol": "TCP",
                    "targetPort": port.name,
                }
                for port in ports
            ],
        },
    }


def _is_public(port: Port, workload: Workload) -> bool:
    return not workload.public_ports or port.name in workload.public_ports
