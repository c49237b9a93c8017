"""Looking for claims and Secrets: only for what would keep a pod of a shared engine from starting."""

from typing import Any, cast

import pytest

from kefu_operator.client.client import Client
from kefu_operator.errors import ApiError, Forbidden, Unavailable
from kefu_operator.plan.engines.needs import CLAIM, SECRET, Need
from kefu_operator.reconcile.needs import missing_of
from kefu_operator.write import Writer

Object = dict[str, Any]
LORAS, KEYS = Need(CLAIM, "loras"), Need(SECRET, "keys")
CLAIM_THERE: Object = {"metadata": {"name": "loras"}}
CLAIM_GOING: Object = {"metadata": {"name": "loras", "deletionTimestamp": "2026-01-01T00:00:00Z"}}


class Server:
    """Has one claim and some Secrets, of which nobody may read any."""

    def __init__(self, claim: Object | None = None, *secrets: str, error: ApiError | None = None) -> None:
        self.claim, self.secrets, self.error = claim, secrets, error
        self.tried: list[str] = []

    async def get(self, _resource: object, _namespace: str, _name: str) -> Object | None:
        return self.claim

    async def lacks(self, desired: Object) -> bool:
        self.tried.append(desired["metadata"]["name"])
        if self.error:
            raise self.error
        return desired["metadata"]["name"] not in self.secrets


def engine(*volumes: Object) -> Object:
    spec = {"template": {"spec": {"volumes": list(volumes)}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "engine-1"}, "spec": spec}


MOUNTED = engine(
    {"name": "a", "persistentVolumeClaim": {"claimName": "loras", "readOnly": True}},
    {"name": "b", "secret": {"secretName": "keys", "optional": True}},
    {"name": "tmp", "emptyDir": {}},
)


async def missing(server: Server, need: Need, *owned: Object) -> bool:
    found = await missing_of(cast("Client", server), cast("Writer", server), "acme", [need], owned)
    assert found <= {need}
    return bool(found)


@pytest.mark.parametrize(
    ("claim", "owned", "is_missing"),
    [
        (CLAIM_THERE, engine(), False),
        (None, engine(), True),
        (None, MOUNTED, True),
        (CLAIM_GOING, engine(), True),
        (CLAIM_GOING, MOUNTED, False),
    ],
    ids=["it is there", "it is not", "pods cannot start any more", "it goes", "it goes when pods that run let it"],
)
async def test_a_claim(claim: Object | None, owned: Object, is_missing: bool) -> None:
    assert await missing(Server(claim), LORAS, owned) is is_missing


async def test_a_secret_is_looked_for_before_it_is_mounted_and_not_again() -> None:
    server = Server(None, "others")
    assert await missing(server, KEYS, engine())
    assert not await missing(Server(None, "keys"), KEYS, engine())
    assert not await missing(server, KEYS, MOUNTED)
    assert server.tried == ["keys"]


async def test_a_quota_that_hides_whether_there_is_a_secret_leaves_nothing_out() -> None:
    assert not await missing(Server(error=Forbidden("exceeded quota")), KEYS, engine())
    with pytest.raises(Unavailable):
        await missing(Server(error=Unavailable("away")), KEYS, engine())
