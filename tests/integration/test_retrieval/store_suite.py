"""What every store must do: one suite, inherited by the tests of each store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kefu_retrieval.building.plan import Policy
from kefu_retrieval.chunks import terms
from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import CollectionGone, RetrievalError
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest, Payload, Row, mark
from kefu_retrieval.store.view import View
from kefu_retrieval.versions import removal

DIMENSION = 8
TEXTS = {
    "returns": "收到货后七天内可以无理由退货",
    "postage": "满九十九元免运费，不足的每单收八元",
    "invoice": "You can request an electronic invoice within 30 days",
    "battery": "The battery of refurbished phones is guaranteed for one year",
}


def unit(*numbers: float) -> Vectors:
    """A unit vector that begins with `numbers`."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(numbers)] = numbers
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def row(name: str, vector: Vectors, text: str | None = None, chunk: str | None = None) -> Row:
    """A row found by `text`."""
    probe = text or TEXTS.get(name, name)
    payload = Payload(
        chunk=chunk or name,
        document=f"faq/{name}",
        title=f"title {name}",
        headings=("一", "two"),
        text=probe,
        language="zh",
        tags=("a", "标签"),
        probe=probe,
        page=3 if name == "battery" else None,
        valid_from=date(2026, 11, 1) if name == "battery" else None,
        valid_until=date(2026, 11, 30) if name == "battery" else None,
        content="c" * 32,
        also=("faq/other",),
    )
    return Row(f"row-{name}", f"key-{name}", payload, terms.normal(probe), vector)


ROWS = [
    row("returns", unit(1, 0, 0)),
    row("postage", unit(0, 1, 0)),
    row("invoice", unit(0, 0, 1)),
    row("battery", unit(0, 0.6, 0.8)),
]


def manifest(version: str, created: float = 1.0, *, sparse: bool, alias: str = "kefu_t_shop") -> Manifest:
    """A manifest for `ROWS`."""
    return Manifest(
        alias=alias,
        version=version,
        embedder="test",
        dimension=DIMENSION,
        documents=4,
        chunks=4,
        rows=len(ROWS),
        sparse=sparse,
        created=created,
    )


class StoreSuite:
    """Inherit, and give a fixture `store` that is empty of this suite's collections."""

    sparse = True
    """Whether the store is expected to have a keyword leg."""

    def fill(self, store: Store, version: str, created: float = 1.0, alias: str = "kefu_t_shop") -> str:
        collection = f"{alias}_{version}"
        store.create(collection, manifest(version, created, sparse=self.sparse, alias=alias))
        store.insert(collection, ROWS)
        store.seal(collection)
        return collection

    def test_declares_whether_it_can_search_keywords(self, store: Store) -> None:
        assert store.capabilities().sparse is self.sparse

    def test_gives_back_the_whole_payload_nearest_first(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        found = store.dense(collection, unit(0, 0.5, 0.85), 2)
        assert [hit.payload.chunk for hit in found] == ["battery", "invoice"]
        assert found[0].payload == ROWS[3].payload
        assert found[0].score == pytest.approx(float(np.dot(unit(0, 0.5, 0.85), unit(0, 0.6, 0.8))), abs=1e-4)

    def test_gives_each_versions_own_words_however_often_it_is_asked(self, store: Store) -> None:
        for version, text in (("v1", "七天"), ("v2", "十五天")):
            collection = f"kefu_t_shop_{version}"
            made = manifest(version, sparse=self.sparse).model_copy(update={"rows": 1})
            store.create(collection, made)
            store.insert(collection, [row("returns", unit(1, 0, 0), text=text)])
            store.seal(collection)
        for _ in range(3):
            for version, text in (("v1", "七天"), ("v2", "十五天")):
                (hit,) = store.dense(f"kefu_t_shop_{version}", unit(1, 0, 0), 5)
                assert hit.payload.text == text
                assert hit.score == pytest.approx(1.0, abs=1e-4)

    def test_gives_what_a_collection_holds_that_was_dropped_and_made_again(self, store: Store) -> None:
        for text in ("七天", "十五天"):
            made = manifest("v1", sparse=self.sparse).model_copy(update={"rows": 1})
            store.create("kefu_t_shop_v1", made)
            store.insert("kefu_t_shop_v1", [row("returns", unit(1, 0, 0), text=text)])
            store.seal("kefu_t_shop_v1")
            (hit,) = store.dense("kefu_t_shop_v1", unit(1, 0, 0), 5)
            assert hit.payload.text == text
            store.drop("kefu_t_shop_v1")

    def test_counts_what_was_inserted_and_keeps_the_manifest(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        assert store.count(collection) == len(ROWS)
        assert store.manifest(collection) == manifest("v1", sparse=self.sparse)
        assert store.manifest("kefu_t_shop_absent") is None

    def test_finds_chinese_and_english_words_whatever_their_case_and_number(self, store: Store) -> None:
        if not self.sparse:
            pytest.skip("this store declares that it has no keyword leg")
        collection = self.fill(store, "v1")
        for query, expected in {
            "退货": "returns",
            "运费多少": "postage",
            "INVOICES?": "invoice",
            "phone battery": "battery",
        }.items():
            found = store.sparse(collection, terms.normal(query), 3)
            assert found[0].payload.chunk == expected, query
            assert all(hit.score > 0 for hit in found)
            assert found == sorted(found, key=lambda hit: -hit.score)
        assert store.sparse(collection, terms.normal("quantum"), 3) == []
        assert store.sparse(collection, "", 3) == []

    def test_looks_vectors_up_by_key(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        found = store.vectors(collection, ["key-returns", "key-absent", "key-battery"])
        assert set(found) == {"key-returns", "key-battery"}
        np.testing.assert_allclose(found["key-battery"], unit(0, 0.6, 0.8), atol=1e-6)

    def test_reads_every_row_once(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        assert sorted(store.ids(collection)) == sorted(row.id for row in ROWS)
        assert sorted(store.ids(self.many(store))) == sorted(f"{n * 7919 % 25_000:032x}"[::-1] for n in range(25_000))
        scanned = list(store.scan(collection))
        assert sorted(key for key, _ in scanned) == sorted(row.key for row in ROWS)
        np.testing.assert_allclose(dict(scanned)["key-battery"], unit(0, 0.6, 0.8), atol=1e-6)

    def many(self, store: Store) -> str:
        """A version of more rows than one answer holds."""
        collection = "kefu_t_shop_many"
        store.create(
            collection, manifest("many", sparse=self.sparse).model_copy(update={"rows": 25_000, "chunks": 25_000})
        )
        one = ROWS[0]
        rows = [
            Row(f"{n:032x}"[::-1], f"key-{n}", one.payload, one.terms, one.vector)
            for n in (number * 7919 % 25_000 for number in range(25_000))
        ]
        for start in range(0, len(rows), 1_000):
            store.insert(collection, rows[start : start + 1_000])
        store.seal(collection)
        return collection

    def test_tells_what_rows_say_by_their_ids(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        refs = list(store.chunks(collection))
        assert sorted(each.row for each in refs) == sorted(row.id for row in ROWS)
        told = store.payloads(collection, [each.row for each in refs])
        assert sorted(told, key=lambda payload: payload.chunk) == sorted(
            (row.payload for row in ROWS), key=lambda payload: payload.chunk
        )
        assert store.payloads(collection, ["absent"]) == []
        assert store.payloads(collection, []) == []

    def test_lists_probes_up_to_a_limit(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        assert set(store.probes(collection, 100)) == {(f"faq/{name}", text) for name, text in TEXTS.items()}
        assert len(list(store.probes(collection, 2))) == 2

    def test_publishes_by_moving_an_alias(self, store: Store) -> None:
        first, second = self.fill(store, "v1", 1.0), self.fill(store, "v2", 2.0)
        assert store.published("kefu_t_shop") is None
        store.publish("kefu_t_shop", first)
        assert store.published("kefu_t_shop") == first
        store.publish("kefu_t_shop", second)
        store.publish("kefu_t_shop", second)
        assert store.published("kefu_t_shop") == second
        store.drop(first)
        assert store.published("kefu_t_shop") == second
        assert store.dense(second, unit(1), 1)[0].payload.chunk == "returns"

    def test_lists_the_versions_of_one_index_only_oldest_first(self, store: Store) -> None:
        self.fill(store, "v2", 2.0)
        self.fill(store, "v1", 1.0)
        self.fill(store, "v1", 1.0, alias="kefu_t_shop_eu")
        assert [held.version for held in store.collections("kefu_t_shop")] == ["v1", "v2"]
        assert [held.alias for held in store.collections("kefu_t_shop_eu")] == ["kefu_t_shop_eu"]

    def test_takes_an_index_out_and_leaves_the_others(self, store: Store) -> None:
        self.fill(store, "v1", 1.0)
        store.remember("kefu_t_shop_v1", ["a note"])
        store.publish("kefu_t_shop", self.fill(store, "v2", 2.0))
        other = self.fill(store, "v1", 1.0, alias="kefu_t_shop_eu")
        assert removal.clear(store, "kefu_t_shop").dropped == 2
        assert store.published("kefu_t_shop") is None
        assert store.collections("kefu_t_shop") == []
        assert store.manifest("kefu_t_shop_v1") is None
        assert store.count(other) == len(ROWS)
        assert removal.clear(store, "kefu_t_shop").dropped == 0, "a second time there is nothing left"

    def build_on(self, store: Store, base: str, version: str, rows: Sequence[Row], *replaced: str) -> View:
        """A version that has `rows` of its own, and the others from `base`."""
        marks = tuple(mark(document) for document in replaced)
        made = manifest(version, 2.0, sparse=self.sparse).model_copy(
            update={"base": base, "rows": len(rows), "replaced": marks}
        )
        collection = f"kefu_t_shop_{version}"
        store.create(collection, made)
        if rows:
            store.insert(collection, rows)
        store.seal(collection)
        return View.of(store, made)

    def test_a_version_that_is_built_on_another_has_its_own_rows_and_the_rest_of_the_others(self, store: Store) -> None:
        base = self.fill(store, "v1")
        text = "收到货后十五天内可以无理由退货"
        view = self.build_on(
            store, "v1", "v2", [row("returns", unit(1, 0.1, 0), text=text)], "faq/returns", "faq/battery"
        )
        assert view.whole()
        assert {(each.document, each.row) for each in view.chunks()} == {
            (f"faq/{name}", f"row-{name}") for name in ("returns", "postage", "invoice")
        }
        assert set(view.probes(100)) == {text, TEXTS["postage"], TEXTS["invoice"]}
        own, rest = view.layers
        assert [hit.payload.probe for hit in own.dense(unit(1), 3)] == [text]
        assert [hit.payload.chunk for hit in rest.dense(unit(0, 0.6, 0.8), 1)] == ["invoice"]
        if self.sparse:
            assert [hit.payload.probe for hit in own.sparse(terms.normal("退货"), 3)] == [text]
            assert rest.sparse(terms.normal("退货"), 3) == []
        before = store.manifest(base)
        assert before is not None
        assert {each.document for each in View.of(store, before).chunks()} == {f"faq/{name}" for name in TEXTS}

    def test_a_version_may_only_leave_out_what_another_has(self, store: Store) -> None:
        self.fill(store, "v1")
        view = self.build_on(store, "v1", "v2", [], "faq/returns")
        assert (view.whole(), [layer.collection for layer in view.layers]) == (True, ["kefu_t_shop_v1"])
        assert view.layers[0].dense(unit(1), 1)[0].payload.chunk != "returns"

    def test_keeps_a_manifest_with_as_many_replaced_documents_as_there_may_be(self, store: Store) -> None:
        self.fill(store, "v1")
        many = [f"faq/{number}" for number in range(Policy().replaced)]
        view = self.build_on(store, "v1", "v2", [ROWS[0]], *many)
        assert store.manifest("kefu_t_shop_v2") == view.manifest
        assert store.published("kefu_t_shop") is None
        store.publish("kefu_t_shop", "kefu_t_shop_v2")
        assert store.published("kefu_t_shop") == "kefu_t_shop_v2"

    def test_a_version_is_not_whole_without_its_base(self, store: Store) -> None:
        base = self.fill(store, "v1")
        view = self.build_on(store, "v1", "v2", [ROWS[0]], "faq/returns")
        store.drop(base)
        assert not view.whole()
        with pytest.raises(CollectionGone):
            View.of(store, view.manifest)

    def test_keeps_texts_of_any_length_beside_a_collection_as_long_as_that_is_there(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        assert list(store.notes(collection)) == []
        notes = ["", "退货" * 90_000, *(f"note {number}" for number in range(9))]
        store.remember(collection, ["before"])
        store.remember(collection, notes)
        assert list(store.notes(collection)) == notes
        assert [held.version for held in store.collections("kefu_t_shop")] == ["v1"]
        store.drop(collection)
        self.fill(store, "v1")
        assert list(store.notes(collection)) == []

    def test_keeps_what_a_confidence_means_with_a_collection_that_is_being_read(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        before = store.manifest(collection)
        assert store.calibration(collection) == ""
        store.calibrate(collection, "退" * 1_300)
        store.calibrate(collection, '{"knots": [[0.0, 0.0]]}')
        assert store.calibration(collection) == '{"knots": [[0.0, 0.0]]}'
        assert (store.manifest(collection), store.count(collection)) == (before, len(ROWS))
        assert store.dense(collection, unit(1), 1)
        store.calibrate(collection, "")
        assert store.calibration(collection) == ""
        assert store.calibration("kefu_t_shop_v9") == ""

    def test_says_when_a_collection_is_gone(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        store.drop(collection)
        store.drop(collection)
        assert store.manifest(collection) is None
        with pytest.raises(CollectionGone):
            store.dense(collection, unit(1), 1)

    def test_gives_the_chunks_of_all_documents_or_of_some(self, store: Store) -> None:
        odd = [row(name, unit(1, n)) for n, name in enumerate(("退货.md", 'a "quoted" \\ name.md', "it's.md", "plain"))]
        collection = "kefu_t_shop_v1"
        store.create(collection, manifest("v1", sparse=self.sparse))
        store.insert(collection, [replace(each, payload=replace(each.payload, probe="x")) for each in odd])
        store.seal(collection)
        names = {each.payload.document for each in odd}
        assert {each.document for each in store.chunks(collection)} == names
        for name in names:
            (found,) = store.chunks(collection, [name])
            assert (found.document, found.row) == (name, f"row-{name.removeprefix('faq/')}")
        asked = [*sorted(names)[:2], "faq/absent"]
        assert {each.document for each in store.chunks(collection, asked)} == set(asked[:2])
        assert list(store.chunks(collection, [])) == []

    def test_refuses_to_make_a_collection_twice_with_other_contents(self, store: Store) -> None:
        collection = self.fill(store, "v1")
        other = manifest("v1", sparse=self.sparse).model_copy(update={"dimension": 4})
        with pytest.raises(RetrievalError):
            store.create(collection, other)
        assert store.count(collection) == len(ROWS)

    def test_holds_texts_up_to_the_limits_of_the_sources(self, store: Store) -> None:
        collection = "kefu_t_shop_v9"
        store.create(collection, manifest("v9", sparse=self.sparse))
        long = "退货" * 4_000
        store.insert(collection, [row("long", unit(1), text=long)])
        store.seal(collection)
        assert store.dense(collection, unit(1), 1)[0].payload.text == long
