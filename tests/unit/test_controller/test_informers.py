"""Copies of watched objects: found as the API server would list them, never older than what was known, small."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kefu_operator.informers.copies import Copies
from kefu_operator.informers.packing import Packer
from kefu_operator.informers.store import Index, Store
from kefu_operator.informers.untold import MOST, Untold
from kefu_operator.resources import CHATBOTS, CONFIG_MAPS, DEPLOYMENTS
from tests.unit.traced import traced

Object = dict[str, Any]
GOLDEN = Path(__file__).parent / "golden"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def deployment(name: str, version: int, owner: str = "shop", **meta: Any) -> Object:
    labels = {"kefu.dev/owned-by": f"ChatbotDeployment.{owner}"}
    described = {"name": name, "namespace": "acme", "uid": f"u-{name}", "resourceVersion": str(version)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**described, "labels": labels, **meta}}


def names(found: Any) -> list[str]:
    return [each["metadata"]["name"] for each in found]


@given(st.lists(st.dictionaries(st.text(), JSON), max_size=6))
def test_what_is_packed_comes_back_as_it_was(objects: list[Object]) -> None:
    packer = Packer()
    packed = [packer.pack(found) for found in objects]
    assert [packer.unpack(each) for each in packed] == objects


def test_objects_of_one_kind_take_a_tenth_of_their_text() -> None:
    packer = Packer()
    found = [
        made for path in sorted(GOLDEN.glob("*.out.yaml")) for made in yaml.safe_load_all(path.read_text())
        if made["kind"] == "Deployment"
    ]  # fmt: skip
    many = [
        {**made, "metadata": {**made["metadata"], "name": f"bot-{number * 7919 % 1000}", "uid": str(number)}}
        for number in range(200)
        for made in found[number % len(found) :][:1]
    ]
    packed = [packer.pack(made) for made in many]
    assert [packer.unpack(each) for each in packed] == many
    assert sum(map(len, packed[50:])) * 10 < sum(len(json.dumps(made)) for made in many[50:])


def test_objects_of_several_sorts_are_packed_well_though_all_of_one_sort_come_first() -> None:
    packer = Packer()
    texts = sorted((path.read_text() for path in GOLDEN.glob("*.out.yaml")), key=len)
    sorts = [made for text in texts for made in yaml.safe_load_all(text) if made["kind"] == "Deployment"][-3:]
    many = [{**sort, "metadata": {**sort["metadata"], "uid": str(number)}} for sort in sorts for number in range(100)]
    packed = [packer.pack(made) for made in many]
    assert [packer.unpack(each) for each in packed] == many
    for first in (0, 100, 200):
        some = slice(first + 10, first + 100)
        assert sum(map(len, packed[some])) * 20 < sum(len(json.dumps(made)) for made in many[some])


def test_a_mark_is_of_one_version_alone() -> None:
    store = Store()
    found = deployment("a", 2**40)
    store.put(found)
    assert not store.is_marked(found, -7)
    store.mark(found, -7)
    assert store.is_marked(found, -7)
    assert (store.get("acme", "a") or {}) == found
    newer = deployment("a", 2**40 + 1)
    store.put(newer)
    assert not store.is_marked(found, -7)
    assert not store.is_marked(newer, -7)


def test_an_unpacked_copy_is_the_readers_own() -> None:
    store = Store()
    store.put(deployment("a", 1))
    first = store.get("acme", "a") or {}
    first["metadata"]["name"] = "changed"
    assert (store.get("acme", "a") or {})["metadata"]["name"] == "a"


def test_an_older_copy_never_takes_a_newer_ones_place() -> None:
    store = Store()
    assert store.put(deployment("a", 10))
    assert not store.put(deployment("a", 9))
    assert not store.put(deployment("a", 10))
    assert (store.get("acme", "a") or {})["metadata"]["resourceVersion"] == "10"
    assert store.put(deployment("a", 100))


def test_what_was_made_anew_is_not_forgotten_by_the_news_of_its_end() -> None:
    store = Store()
    store.put(deployment("a", 12))
    assert store.drop("acme", "a", 11) is None
    assert names([store.drop("acme", "a", 12)]) == ["a"]
    assert store.get("acme", "a") is None


def test_objects_are_found_by_their_labels_as_these_are_now() -> None:
    store = Store()
    for name, owner in (("b", "shop"), ("a", "shop"), ("c", "outlet")):
        store.put(deployment(name, 1, owner))
    label = "kefu.dev/owned-by"
    assert names(store.labelled("acme", label, "ChatbotDeployment.shop")) == ["a", "b"]
    store.put(deployment("a", 2, "outlet"))
    assert names(store.labelled("acme", label, "ChatbotDeployment.shop")) == ["b"]
    assert names(store.labelled("acme", label, "")) == ["a", "b", "c"]
    assert names(store.labelled("other", label, "")) == []
    for name in "abc":
        store.drop("acme", name)
    assert names(store.labelled("acme", label, "")) == []


def test_an_index_reads_a_spec_once_a_generation() -> None:
    read: list[str] = []

    def first_word(found: Object) -> tuple[str, ...]:
        read.append(found["metadata"]["name"])
        return (str(found["metadata"]["annotations"]["word"]),)

    store = Store(Index("word", first_word))
    store.put(deployment("a", 1, generation=1, annotations={"word": "red"}))
    store.put(deployment("a", 2, generation=1, annotations={"word": "ignored"}))
    assert names(store.indexed("acme", "red")) == ["a"]
    store.put(deployment("a", 3, generation=2, annotations={"word": "blue"}))
    assert (names(store.indexed("acme", "red")), names(store.indexed("acme", "blue"))) == ([], ["a"])
    assert len(read) == 2


def test_what_an_index_takes_from_a_status_is_read_of_every_version_and_the_spec_is_not() -> None:
    read: list[str] = []

    def wanted(found: Object) -> tuple[str, ...]:
        read.append(found["metadata"]["name"])
        return ("red",)

    store = Store(Index("word", wanted, lambda found: tuple(found.get("status", ()))))

    def listed(version: int, *status: str) -> list[int]:
        store.put(deployment("a", version, generation=1) | {"status": list(status)})
        return [len(store.indexed("acme", word)) for word in ("red", "blue", "green")]

    assert listed(1) == [1, 0, 0]
    assert listed(2, "blue") == [1, 1, 0]
    assert listed(3, "green", "red") == [1, 0, 1]
    assert listed(4) == [1, 0, 0]
    assert len(read) == 1


def test_before_a_watch_has_listed_a_kind_the_api_server_is_asked() -> None:
    copies = Copies({DEPLOYMENTS: Store()})
    label = "kefu.dev/owned-by=ChatbotDeployment.shop"
    copies.learn(deployment("a", 1))
    assert copies.find(DEPLOYMENTS, "acme", label) is None
    copies.completed(DEPLOYMENTS, "other")
    assert copies.find(DEPLOYMENTS, "acme", label) is None
    copies.completed(DEPLOYMENTS, "acme")
    assert names(copies.find(DEPLOYMENTS, "acme", label)) == ["a"]


def test_a_watch_of_all_namespaces_covers_each() -> None:
    copies = Copies({CHATBOTS: Store(whole=True), CONFIG_MAPS: Store()})
    copies.completed(CHATBOTS, None)
    copies.completed(CONFIG_MAPS, None)
    assert copies.find(CHATBOTS, "acme", "") == ()
    # Of ConfigMaps only ours are watched whole: a list of all of them, or by another label, is not known.
    assert copies.find(CONFIG_MAPS, "acme", "") is None
    assert copies.find(CONFIG_MAPS, "acme", "app=x") is None


def test_our_writes_are_told_once_and_read_at_once() -> None:
    told: list[str] = []
    copies = Copies({DEPLOYMENTS: Store()}, lambda found: told.append(found["metadata"]["name"]))
    copies.completed(DEPLOYMENTS, None)
    copies.learn(deployment("a", 5))
    copies.learn(deployment("a", 5))
    assert told == ["a"]
    copies.forget(deployment("a", 4, uid="another"))
    assert names(copies.find(DEPLOYMENTS, "acme", "kefu.dev/owned-by=ChatbotDeployment.shop")) == ["a"]
    copies.forget(deployment("a", 4))
    assert copies.find(DEPLOYMENTS, "acme", "kefu.dev/owned-by=ChatbotDeployment.shop") == ()


def test_what_goes_slowly_is_forgotten_when_it_is_gone() -> None:
    copies = Copies({DEPLOYMENTS: (store := Store())})
    store.put(deployment("a", 5))
    # The watch is faster than the answer to our deletion.
    store.put(deployment("a", 6, deletionTimestamp="2026-11-27T00:00:00Z"))
    copies.forget(deployment("a", 5))
    assert names([store.drop("acme", "a", 7)]) == ["a"]


def event(change: str, found: Object) -> bytes:
    return json.dumps({"type": change, "object": found}, separators=(",", ":")).encode()


def test_news_of_what_we_wrote_need_not_be_read_once() -> None:
    copies = Copies({DEPLOYMENTS: Store()})
    copies.learn(deployment("a", 5))
    assert copies.told(DEPLOYMENTS, event("MODIFIED", deployment("a", 4))) is None
    assert copies.told(CONFIG_MAPS, event("MODIFIED", deployment("a", 5))) is None
    assert copies.told(DEPLOYMENTS, event("DELETED", deployment("a", 5))) is None
    assert copies.told(DEPLOYMENTS, event("MODIFIED", deployment("a", 5))) == 5
    assert copies.told(DEPLOYMENTS, event("MODIFIED", deployment("a", 5))) is None


def test_what_a_text_says_is_no_version_of_an_object() -> None:
    copies = Copies({DEPLOYMENTS: Store()})
    copies.learn(deployment("a", 5))
    other = deployment("b", 6)
    quoting = {
        "apiVersion": "v1",
        "kind": "A",
        "metadata": {"annotations": {"x": '{"resourceVersion":"5"}'}, **other["metadata"]},
    }
    assert copies.told(DEPLOYMENTS, event("ADDED", quoting)) is None


@pytest.mark.parametrize("place", ["labels", "annotations"])
def test_a_label_or_annotation_of_that_name_is_no_version_of_an_object(place: str) -> None:
    copies = Copies({CHATBOTS: Store()})
    written = {**deployment("a", 5), "apiVersion": CHATBOTS.api_version, "kind": CHATBOTS.kind}
    copies.learn(written)
    # The API server sorts the fields of our kinds.
    other = {
        **written,
        "metadata": {place: {"resourceVersion": "5"}, "name": "b", "namespace": "acme", "resourceVersion": "6"},
    }
    assert copies.told(CHATBOTS, event("MODIFIED", other)) is None
    labelled = {
        **written,
        "metadata": {"labels": {"app": "x"}, "name": "a", "namespace": "acme", "resourceVersion": "5"},
    }
    assert copies.told(CHATBOTS, event("MODIFIED", labelled)) == 5


def test_what_a_watch_told_first_is_not_awaited() -> None:
    copies = Copies({DEPLOYMENTS: (store := Store())})
    store.put(deployment("a", 5))
    copies.learn(deployment("a", 5))
    assert copies.told(DEPLOYMENTS, event("MODIFIED", deployment("a", 5))) is None


def test_writes_that_no_watch_tells_of_are_forgotten() -> None:
    untold = Untold()
    for version in range(1, MOST + 2):
        untold.add(DEPLOYMENTS, version)
    assert untold.told(DEPLOYMENTS, event("ADDED", deployment("a", 1))) is None
    assert untold.told(DEPLOYMENTS, event("ADDED", deployment("a", 2))) == 2


def test_a_copy_takes_less_than_a_kilobyte() -> None:
    store = Store()
    found = next(
        made for path in sorted(GOLDEN.glob("*.out.yaml")) for made in yaml.safe_load_all(path.read_text())
        if made["kind"] == "Deployment"
    )  # fmt: skip
    made = [
        {**found, "metadata": {**found["metadata"], "name": f"bot-{number}", "namespace": "acme", "resourceVersion": str(number)}}
        for number in range(1100)
    ]  # fmt: skip
    for each in made[:100]:
        store.put(each)
    assert traced(lambda: [store.put(each) for each in made[100:]]).left < 1000 * 1000


def test_what_is_known_of_a_version_is_not_known_of_the_next() -> None:
    store = Store()
    store.put(deployment("a", 1))
    store.mark(deployment("a", 1), 7)
    assert store.is_marked(deployment("a", 1), 7)
    assert not store.is_marked(deployment("a", 1), 8)
    store.put(deployment("a", 2))
    assert not store.is_marked(deployment("a", 2), 7)
    store.mark(deployment("a", 1), 7)
    assert not store.is_marked(deployment("a", 2), 7)


def test_news_of_our_own_write_is_told_to_others_once_whichever_comes_first() -> None:
    told: list[str] = []
    copies = Copies({DEPLOYMENTS: Store()}, lambda found: told.append("ours"))
    with copies.writing(deployment("a", 0)):
        # The watch is faster than the answer to the write.
        assert copies.store(DEPLOYMENTS).put(deployment("a", 5))  # type: ignore[union-attr]
        assert copies.hold(DEPLOYMENTS, deployment("a", 5), lambda: told.append("watch"))
        copies.learn(deployment("a", 5))
    assert told == ["ours"]
    assert not copies.hold(DEPLOYMENTS, deployment("a", 6), lambda: None)


def test_news_of_anothers_write_amid_ours_is_told_afterwards_even_where_ours_fails() -> None:
    told: list[str] = []
    copies = Copies({DEPLOYMENTS: Store()})
    with suppress(KeyError), copies.writing(deployment("a", 0)):
        assert copies.hold(DEPLOYMENTS, deployment("a", 5), lambda: told.append("watch"))
        assert not copies.hold(DEPLOYMENTS, deployment("b", 6), lambda: None)
        assert told == []
        raise KeyError
    assert told == ["watch"]
