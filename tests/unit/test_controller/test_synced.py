"""What stands after a sync, from what stood before and what was done."""

from typing import Any

from kefu_operator.apply import Synced


def service(name: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "acme"},
        "spec": {"port": port},
    }


def test_what_was_written_takes_the_place_of_what_stood_and_what_was_deleted_goes() -> None:
    kept, changed, gone = service("kept", 1), service("changed", 2), service("gone", 3)
    synced = Synced((), (service("changed", 4), service("new", 5)), (gone,))
    assert synced.over((kept, changed, gone)) == (kept, service("changed", 4), service("new", 5))


def test_where_nothing_was_done_all_stands_as_it_did() -> None:
    assert Synced(()).over((service("a", 1),)) == (service("a", 1),)
