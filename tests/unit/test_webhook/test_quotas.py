"""Which ResourceQuotas are for engines, scope by scope."""

from typing import Any

import pytest

from kefu_operator.webhook.quotas import limits

GPU = "nvidia.com/gpu"


def quota(most: str = "0", **spec: Any) -> dict[str, Any]:
    return {"spec": {"hard": {f"requests.{GPU}": most, "pods": "9"}, **spec}}


def selecting(scope: str, operator: str = "Exists", *values: str) -> dict[str, Any]:
    expression = {"scopeName": scope, "operator": operator, **({"values": list(values)} if values else {})}
    return {"scopeSelector": {"matchExpressions": [expression]}}


def test_the_least_of_several_counts_and_only_whole_numbers_of_devices_do() -> None:
    assert limits([quota("4"), quota("2"), quota("3")]) == {GPU: 2}
    assert limits([{"spec": {"hard": {"requests.cpu": "4", "nvidia.com/gpu": "1"}}}, {"spec": {}}]) == {}


@pytest.mark.parametrize(
    ("scoped", "counts"),
    [
        ({"scopes": []}, True),
        ({"scopes": ["NotBestEffort"]}, True),
        ({"scopes": ["NotTerminating"]}, True),
        ({"scopes": ["NotBestEffort", "NotTerminating"]}, True),
        (selecting("NotTerminating"), True),
        (selecting("NotBestEffort"), True),
        ({"scopes": ["BestEffort"]}, False),
        ({"scopes": ["Terminating"]}, False),
        ({"scopes": ["NotBestEffort", "Terminating"]}, False),
        ({"scopes": ["NotBestEffort"], **selecting("PriorityClass", "In", "batch")}, False),
        (selecting("Terminating"), False),
        (selecting("PriorityClass", "In", "batch"), False),
        (selecting("PriorityClass", "NotIn", "batch"), False),
        (selecting("PriorityClass"), False),
        (selecting("PriorityClass", "DoesNotExist"), False),
        (selecting("CrossNamespacePodAffinity"), False),
        (selecting("VolumeAttributesClass", "In", "gold"), False),
        (selecting("OfTomorrow"), False),
    ],
    ids=str,
)
def test_a_quota_with_scopes_counts_only_where_engines_match_all_of_them(scoped: dict[str, Any], counts: bool) -> None:
    assert limits([quota(**scoped)]) == ({GPU: 0} if counts else {})
