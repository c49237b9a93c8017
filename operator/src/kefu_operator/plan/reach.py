"""Whom a workload's pods talk to, and who may talk to them: decided here, said in NetworkPolicies."""

from dataclasses import dataclass
from enum import StrEnum


class Outside(StrEnum):
    """How far a workload reaches beyond what it names."""

    NOTHING = "Nothing"
    PUBLIC = "Public"
    """The internet, but no private network: neither the cluster's own nor the company's."""
    ANYTHING = "Anything"


class Access(StrEnum):
    """Who may call a port."""

    CALLERS = "Callers"
    """Workloads of the same namespace whose `Reach.uses` names this one."""
    CALLERS_AND_OPERATORS = "CallersAndOperators"
    """And people, by way of the API server."""
    CALLERS_OPERATORS_AND_SCRAPERS = "CallersOperatorsAndScrapers"
    """And what reads metrics, where an installation says what that is: they are told at the very port that answers."""
    SCRAPERS = "Scrapers"
    """What reads metrics alone."""
    PUSHERS = "Pushers"
    """Content systems that an installation lets in."""
    CUSTOMERS = "Customers"
    """Whoever an installation lets in."""


@dataclass(frozen=True)
class Reach:
    """What a workload's pods call; whatever is not named is refused."""

    uses: tuple[str, ...] = ()
    """Workloads of ours in the same namespace, by name."""
    urls: tuple[str, ...] = ()
    """Servers that others run, by addresses of which host and port are looked at."""
    outside: Outside = Outside.NOTHING
