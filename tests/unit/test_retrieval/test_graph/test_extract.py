"""Facts from passages: products, classes, names, attributes, what fits, and whose policies."""

from kefu_retrieval.graph.declared import Declared
from kefu_retrieval.graph.extract import extract
from kefu_retrieval.graph.facts import Facts
from kefu_retrieval.search.vocabulary import built_in
from tests.unit.test_retrieval.test_graph.shop import SHOP, passage

FACTS = extract(SHOP, built_in())


def fits(facts: Facts, product: str) -> set[tuple[str, bool]]:
    return {(each.target, each.fits) for each in facts.fits if each.product == product}


def has(facts: Facts, product: str, key: str) -> list[object]:
    values = [each.value for each in facts.has if (each.product, each.key) == (product, key)]
    return [
        value.flag if value.flag is not None else value.low if value.low is not None else value.text for value in values
    ]


def test_records_and_rows_of_tables_are_products_and_rows_of_classes_are_not() -> None:
    names = {product.name for product in FACTS.products.values()}
    assert {"库果 X200 智能手机", "C20 Charger", "P10", "P20"} <= names
    assert len(names) == 11
    assert FACTS.products["pages/banks.md › P10"].whole is False


def test_products_have_the_classes_that_columns_tags_and_headings_name() -> None:
    of = {each.product: each.of for each in FACTS.is_a}
    assert of["p/list.csv#C65"] == of["p/list.csv#C20"] == "充电器"
    assert of["pages/banks.md › P10"] == "移动电源"
    assert {(each.narrow, each.wide) for each in FACTS.under} == {("入耳式耳机", "耳机")}


def test_products_are_called_by_title_number_and_bare_name() -> None:
    called = {(each.product, each.model) for each in FACTS.called}
    assert {("p/list.csv#X200", "x200"), ("p/list.csv#E1", "bud 2"), ("p/list.csv#E1", "e1")} <= called
    assert not {product for product, model in called if model == "x200"} - {"p/list.csv#X200"}, "a case is no phone"


def test_attributes_come_from_cells_and_from_prose() -> None:
    assert has(FACTS, "p/list.csv#X200", "weight") == [198]
    assert has(FACTS, "p/list.csv#X200", "waterproof") == [True]
    assert has(FACTS, "p/list.csv#K1", "waterproof") == [False]
    assert has(FACTS, "p/list.csv#K2", "waterproof") == [True]
    assert has(FACTS, "p/list.csv#K1", "color") == ["透明", "白色"]
    assert has(FACTS, "pages/banks.md › P20", "capacity") == [20000]


def test_what_fits_comes_from_columns_and_sentences_by_model_and_by_class() -> None:
    assert fits(FACTS, "p/list.csv#C65") == {("x200", True), ("x300 pro", True)}
    assert fits(FACTS, "p/list.csv#C30") == {("手机", True), ("a3", False)}
    assert fits(FACTS, "p/list.csv#K3") == {("x200", True), ("a5", False)}


def test_passages_apply_to_the_classes_they_name() -> None:
    applies = {(each.of, each.says) for each in FACTS.applies}
    assert ("入耳式耳机", "| 入耳式耳机 | 拆封后不可以 | 直接接触皮肤，拆封影响卫生 |") in applies
    assert ("耳机", "耳机保修多久") in applies
    assert {"退货", "保修"} <= {each.topic for each in FACTS.about}


def test_an_index_may_name_its_sources_and_columns_and_bound_its_products() -> None:
    page = passage("wares/a.csv#T1", "T1 底座", "归类: 底座\n配套: B7\n售价: 10元")
    declared = Declared(sources=("wares",), category=("归类",), fits=("配套",), most=1)
    facts = extract([page, *SHOP], built_in(), declared)
    assert set(facts.products) == {"wares/a.csv#T1"}
    assert fits(facts, "wares/a.csv#T1") == {("b7", True)}
    assert {each.of for each in facts.is_a} == {"底 座"}
    bounded = extract(SHOP, built_in(), Declared(most=3))
    assert (len(bounded.products), bounded.left_out) == (3, 8)


def test_a_record_that_is_cut_is_one_product() -> None:
    first, second = (
        passage("p/l.csv#Z1", "Z1 手机", "价格: 10元", ("手机",)),
        passage("p/l.csv#Z1", "Z1 手机", "重量: 1 kg", ("手机",), ("2",)),
    )
    facts = extract([first, second], built_in())
    assert len(facts.products) == 1
    assert {each.key for each in facts.has} == {"price", "weight"}
