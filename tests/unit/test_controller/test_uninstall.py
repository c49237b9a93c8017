"""What must be let go of before the operator is taken away, and what is gone already."""

import logging
from typing import Any

import pytest

from kefu_operator.client.client import Listing
from kefu_operator.errors import Absent, ApiError, Forbidden, Unavailable
from kefu_operator.uninstall import let_go

Object = dict[str, Any]


def index(namespace: str, *finalizers: str) -> Object:
    return {"metadata": {"name": "shop", "namespace": namespace, "finalizers": list(finalizers)}}


class Namespaces:
    """What a list of each namespace gives, or how it fails; remembers what was let go of."""

    def __init__(self, **found: list[Object] | ApiError) -> None:
        self._found = found
        self.freed: list[str] = []

    async def list(self, _: object, namespace: str | None) -> Listing:
        found = self._found[namespace or "everywhere"]
        if isinstance(found, ApiError):
            raise found
        return Listing(tuple(found), "1")

    async def let_go(self, found: Object, finalizer: str) -> None:
        assert finalizer in found["metadata"]["finalizers"]
        self.freed.append(found["metadata"]["namespace"])


async def freed(namespaces: Namespaces, *names: str) -> list[str]:
    count = await let_go(namespaces, namespaces, names)  # type: ignore[arg-type]
    assert count == len(namespaces.freed)
    return namespaces.freed


OURS = "kefu.dev/external-store"


async def test_what_has_our_finalizer_is_let_go_of_and_nothing_else() -> None:
    cluster = Namespaces(everywhere=[index("a", "theirs", OURS), index("b"), index("c", "theirs")])
    assert await freed(cluster) == ["a"]


async def test_a_namespace_that_is_gone_with_its_role_is_told_and_keeps_no_other_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cluster = Namespaces(gone=Forbidden("kefu cannot list knowledgeindexes", 403), acme=[index("acme", OURS)])
    with caplog.at_level(logging.WARNING):
        assert await freed(cluster, "gone", "acme") == ["acme"]
    assert "namespace gone is left out" in caplog.text


async def test_where_the_kind_is_gone_nothing_is_left_to_do(caplog: pytest.LogCaptureFixture) -> None:
    assert await freed(Namespaces(everywhere=Absent("no such kind", 404))) == []
    assert caplog.text == ""


@pytest.mark.parametrize(
    "error", [Forbidden("no right at all", 403), Unavailable("away")], ids=["Forbidden", "Unavailable"]
)
async def test_where_nothing_can_be_looked_at_it_fails(error: ApiError) -> None:
    with pytest.raises(type(error)):
        await freed(Namespaces(everywhere=error))
