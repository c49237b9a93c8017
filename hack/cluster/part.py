"""A line of the cluster's status."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One line of the status: a process or an object of the cluster."""

    name: str
    running: bool
    detail: str = ""
