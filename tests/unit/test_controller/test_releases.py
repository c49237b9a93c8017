"""Another release over the same namespaces is found by its Lease, in virtual time."""

import asyncio
from typing import Any

import pytest

from kefu_operator.errors import ApiError, Forbidden, Unavailable
from kefu_operator.leadership.elector import Candidate, Elector
from kefu_operator.leadership.releases import LOOK_SECONDS, PATIENCE, Releases
from kefu_operator.naming import WATCHED
from tests.unit.test_controller.test_leadership import TIMING, LeaseServer

Object = dict[str, Any]


def lease(namespace: str, watches: str | None = "", holder: str = "pod-1", version: int = 1) -> Object:
    meta: Object = {"namespace": namespace, "name": "kefu-operator", "resourceVersion": str(version)}
    if watches is not None:
        meta["annotations"] = {WATCHED: watches}
    return {"metadata": meta, "spec": {"holderIdentity": holder}}


class Leases:
    """Those that the API server has."""

    def __init__(self, *leases: Object) -> None:
        self.leases = list(leases)
        self.error: ApiError | None = None
        self.asked: list[str] = []

    async def request(self, method: str, path: str, **options: Any) -> Object:
        assert (method, options["resource_version"]) == ("get", "0")
        self.asked.append(path.partition("/apis/coordination.k8s.io/v1")[2])
        if self.error:
            raise self.error
        return {"metadata": {"resourceVersion": "1"}, "items": self.leases}


class Others:
    """What one release in namespace `own` finds."""

    def __init__(self, leases: Leases, *namespaces: str) -> None:
        self.count = -1.0
        self.now = 0.0
        self._releases = Releases(leases, ("own", "kefu-operator"), namespaces, self._found, seconds=3)  # type: ignore[arg-type]

    def _found(self, count: float) -> None:
        self.count = count

    def look(self, after: float = LOOK_SECONDS) -> str:
        self.now += after
        return asyncio.run(self._releases.look(self.now))


def test_one_that_leads_is_named_with_what_to_do() -> None:
    others = Others(Leases(lease("own"), lease("elsewhere")))
    told = others.look()
    assert "by Lease elsewhere/kefu-operator (held by pod-1): uninstall one of them" in told
    assert "watchNamespaces" in told
    assert others.count == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "meet"),
    [
        ((), "", True),
        ((), "a,b", True),
        (("a", "c"), "", True),
        (("a", "c"), "b,c", True),
        (("a", "c"), "b", False),
        ((), None, True),
        (("a", "c"), None, False),
    ],
    ids=["all and all", "all and some", "some and all", "one of both", "none of both", "all and an older chart", "some and an older chart"],
)  # fmt: skip
def test_only_those_that_watch_namespaces_of_ours_count(ours: tuple[str, ...], theirs: str | None, meet: bool) -> None:
    assert bool(Others(Leases(lease("elsewhere", theirs)), *ours).look()) is meet


def test_leases_are_looked_for_where_we_may() -> None:
    everywhere, here = Leases(), Leases()
    Others(everywhere).look()
    Others(here, "b", "a").look()
    assert everywhere.asked == ["/leases"]
    assert here.asked == ["/namespaces/a/leases", "/namespaces/b/leases"]


def test_between_two_looks_nothing_is_asked() -> None:
    leases = Leases(lease("elsewhere"))
    others = Others(leases)
    told = [others.look(after) for after in (0, 2, 2, LOOK_SECONDS)]
    assert all(told)
    assert len(leases.asked) == 2


def test_one_whose_lease_is_free_does_not_lead() -> None:
    assert Others(Leases(lease("elsewhere", holder=""))).look() == ""


def test_one_that_falls_silent_leads_for_a_minute() -> None:
    others, silent = Others(Leases(lease("elsewhere"))), 0.0
    others.look()
    while others.look():
        silent += LOOK_SECONDS
    assert silent == PATIENCE - LOOK_SECONDS
    assert others.count == 0


def test_one_that_is_upgraded_still_leads() -> None:
    leases = Leases(lease("elsewhere"))
    others = Others(leases)
    others.look()
    leases.leases = [lease("elsewhere", holder="", version=2)]
    assert "held by pod-1" in others.look()
    leases.leases = [lease("elsewhere", holder="pod-2", version=3)]
    assert "held by pod-2" in others.look()


def test_one_that_is_uninstalled_leads_no_more() -> None:
    leases = Leases(lease("elsewhere"))
    others = Others(leases)
    others.look()
    leases.leases = []
    assert others.look() == ""


def test_what_was_seen_holds_while_nothing_can_be_seen_and_not_for_ever() -> None:
    leases = Leases(lease("elsewhere"))
    others = Others(leases)
    others.look()
    leases.error = Unavailable("away")
    assert others.look()
    assert others.look(PATIENCE) == ""


def test_without_the_right_to_list_leases_nobody_is_found() -> None:
    leases = Leases(lease("elsewhere"))
    leases.error = Forbidden("leases is forbidden", 403)
    assert Others(leases).look() == ""


class Told:
    """Another release, which is there or not."""

    def __init__(self) -> None:
        self.text = ""

    async def look(self, now: float) -> str:
        return self.text


def elector(server: LeaseServer, others: Told) -> Elector:
    made: Any = server
    releases: Any = others
    return Elector(made, Candidate("ns", "lease", "a"), lambda _: None, TIMING, server.clock, releases)


async def test_an_operator_does_not_begin_to_lead_beside_another_release() -> None:
    server, others = LeaseServer(), Told()
    others.text = "another release writes"
    candidate = elector(server, others)
    await candidate.stand()
    assert (server.lease, candidate.trouble) == (None, "another release writes")
    others.text = ""
    await candidate.stand()
    assert (server.holder, candidate.trouble, candidate.tenure.holds) == ("a", "", True)


async def test_a_free_lease_is_not_taken_beside_another_release() -> None:
    server, others = LeaseServer(), Told()
    first = elector(server, others)
    await first.stand()
    await first.release()
    others.text = "another release writes"
    await first.stand()
    assert (server.holder, first.tenure.holds, first.trouble) == ("", False, others.text)


async def test_one_that_leads_goes_on_beside_another_release_and_tells_once(caplog: pytest.LogCaptureFixture) -> None:
    server, others = LeaseServer(), Told()
    candidate = elector(server, others)
    for others.text in ("", "another release writes", "another release writes", "", "another release writes"):
        await candidate.stand()
        assert (candidate.tenure.holds, candidate.trouble) == (True, "")
        server.now += 2
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == ["another release writes"] * 2
