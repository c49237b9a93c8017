"""How often a process that serves for months looks for reference cycles (`gc` of Python)."""

import gc

YOUNG, MIDDLE, OLD = 10_000, 20, 20
"""New containers until the youngest are looked at, and how many such looks until older ones are."""


def look_seldom(young: int = YOUNG) -> None:
    """Look seldom, and never again at what was imported so far; `young`: new containers until the youngest are looked at.

    By its defaults Python looks after every 700 new containers, and one object of Kubernetes or one search has hundreds: an
    eighth of the operator's processor time went there, while reference counts alone free nearly all that is left behind.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, MIDDLE, OLD)
