"""How Prometheus finds what to scrape: annotations of pods, as Prometheus's own Helm chart and its kin read them."""

from kefu_operator.plan.workload import Port


def scraping(port: Port) -> dict[str, str]:
    """Annotations of a pod that tells how it is, at `/metrics`."""
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(port.number),
        "prometheus.io/path": "/metrics",
    }
