"""Questions to plans, and plans to answers by Cypher, on the real embedded store."""

import pytest

from kefu_retrieval.errors import GraphFailed
from kefu_retrieval.graph import cypher
from kefu_retrieval.graph.facts import Facts
from kefu_retrieval.graph.graph import Graph
from kefu_retrieval.graph.plan import Plan, Ruling, Selection
from kefu_retrieval.graph.store import PREPARED, CypherStore
from kefu_retrieval.search.question import Question
from kefu_retrieval.search.vocabulary import built_in
from tests.unit.test_retrieval.test_graph.shop import SHOP, passage


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph(SHOP, built_in())


def planned(graph: Graph, question: str) -> Plan | None:
    asked = Question.of(question)
    return graph.plan(asked.text, asked.concepts)


def selection(graph: Graph, question: str) -> Selection:
    plan = planned(graph, question)
    assert isinstance(plan, Selection), plan
    return plan


ANSWERS = {
    "which of these chargers fits the X200 and ships within 2 days": ["C65"],
    "which chargers fit the X200?": ["C30", "C65"],
    "哪款手机壳适合 A5 并且防水": ["K2"],
    "有没有不防水的 A5 手机壳": ["K1"],
    "适合 X200 的防水手机壳有哪些": ["K3"],
    "X200 手机适合哪款充电器": ["C30", "C65"],
    "哪些充电器不超过 100 元，能给 A5 用": ["C20", "C30"],
    "200元以下的充电器有哪些": ["C20", "C30", "C65"],
    "我想买一个 65W 的充电器": ["C65"],
    "哪些手机电池大于4800mAh": ["X200"],
    "which power bank weighs less than 300 g": ["P10"],
    "容量 20000mAh 的充电宝推荐一款": ["P20"],
    "最便宜的充电宝是哪款": ["P10", "P20"],
    "which charger is the most expensive": ["C65", "C30", "C20"],
    "黑色的手机壳有吗": ["K2", "K3"],
    "any earphones with noise cancelling?": ["E1"],
    "does the C65 fit the X200?": ["C65"],
    "C65 能给 A5 充电吗": [],
    "which chargers fit the A3": [],
    "which charger fits the X300 Pro": ["C65"],
    "支持X300 Pro的充电器": ["C65"],
    "X200用什么充电头好": ["C30", "C65"],
    "我手机是A5，买哪个壳不怕水": ["K2"],
    "show me power banks lighter than 250 grams": ["P10"],
    "are there chargers at 30W or more for X200": ["C30", "C65"],
}
NO_PLAN = (
    "退货要几天",
    "运费多少",
    "where do you ship",
    "which courier do you use",
    "哪些商品不能退",
    "X200",
    "充电器",
    "can I return phones within 7 days",
    "",
)


@pytest.mark.parametrize("question", ANSWERS)
def test_finds_the_products_that_hold_every_constraint(graph: Graph, question: str) -> None:
    plan = selection(graph, question)
    found = [product.id.replace("pages/banks.md › ", "#").split("#")[1] for product in graph.select(plan)]
    assert (found if plan.order else sorted(found)) == ANSWERS[question]


@pytest.mark.parametrize("question", NO_PLAN)
def test_leaves_other_questions_alone(graph: Graph, question: str) -> None:
    assert not isinstance(planned(graph, question), Selection)


def test_tells_the_path_step_by_step(graph: Graph) -> None:
    plan = selection(graph, "which of these chargers fits the X200 and ships within 5 days")
    assert [clause.said for clause in cypher.clauses(plan)] == ["class 充电器", "fits x200", "ships ≤ 5 days"]
    found = {product.name: graph.path(cypher.clauses(plan), product) for product in graph.select(plan)}
    assert found == {
        "库果 C65 充电器": (
            "库果 C65 充电器 is a 充电器",
            "库果 C65 充电器 fits x200",
            "库果 C65 充电器 has ships 48小时内",
        )
    }
    plan = selection(graph, "which charger below 80 yuan fits the X200")
    assert graph.path(cypher.clauses(plan), graph.select(plan)[0])[1] == (
        "库果 C30 充电器 fits every 手机, and 库果 X200 智能手机 is one"
    )


def test_says_which_products_are_known_to_break_a_constraint(graph: Graph) -> None:
    plan = selection(graph, "which of these chargers fits the X200 and ships within 2 days")
    asked = [f"p/list.csv#{name}" for name in ("C65", "C30", "C20", "E1")]
    assert graph.contradicted(plan, asked) == {"p/list.csv#C30", "p/list.csv#C20"}
    assert graph.contradicted(plan, []) == set()


def test_leads_from_a_product_to_the_policies_of_its_class(graph: Graph) -> None:
    plan = planned(graph, "Buds 2 拆封后能退货吗")
    assert isinstance(plan, Ruling)
    policies = graph.rule(plan)
    assert [policy.payload.document for policy in policies] == ["policies/returns.md"]
    assert policies[0].path.startswith(
        "库果 Buds 2 耳塞 is a 入耳式耳机; “退货条件” speaks of 入耳式耳机: | 入耳式耳机 | 拆封后不可以"
    )


def test_leads_from_a_class_to_the_policies_of_its_kinds(graph: Graph) -> None:
    plan = planned(graph, "can I return earphones after opening the box")
    assert isinstance(plan, Ruling)
    assert plan.classes == ("耳机",)
    assert [(policy.payload.document, policy.of) for policy in graph.rule(plan)] == [
        ("policies/returns.md", "入耳式耳机")
    ]


def test_a_question_is_a_parameter_and_never_cypher(graph: Graph) -> None:
    plan = Selection(("'}) RETURN 1 //",), (), ("x' OR true //",), (), (), (), None, 1.0)
    assert graph.select(plan) == []
    assert "OR true" not in cypher.select(plan).text


def test_facts_with_quotes_and_line_ends_are_kept() -> None:
    passages = [each for each in SHOP if "K1" in each.document]
    odd = passages[0].__class__(**{**passages[0].__dict__, "title": 'A "5"\n, 壳\\'})
    found = Graph([odd], built_in())
    plan = Selection(("手机壳",), (), ("a5",), (), (), (), None, 1.0)
    assert [product.name for product in found.select(plan)] == ['A "5" , 壳\\']


def test_a_late_quote_is_one_too() -> None:
    plain = [passage(f"p/l.csv#Z{n}", f"Z{n} power bank", "capacity: 5000 mAh\ncolor: red") for n in range(300)]
    late = passage("p/l.csv#Y1", "Y1 power bank", "capacity: 20,000 mAh\ncolor: red")
    found = Graph([*plain, late], built_in())
    assert [each.name for each in found.select(selection(found, "any power bank above 10000 mAh?"))] == [
        "Y1 power bank"
    ]


def test_a_description_is_no_value_to_ask_for() -> None:
    wares = [
        passage(f"p/l.csv#K{n}", f"K{n} 手机壳", f"价格: 9 元\n描述: {said}")
        for n, said in enumerate(("支持防水", "不支持防水", "防水"))
    ]
    found = Graph(wares, built_in())
    assert [each.name for each in found.select(selection(found, "哪款手机壳支持防水"))] == ["K0 手机壳", "K2 手机壳"]


def test_an_empty_graph_answers_nothing() -> None:
    empty = Graph([], built_in())
    assert planned(empty, "which chargers fit the X200?") is None
    assert (empty.products, empty.left_out) == (0, 0)


def test_any_number_of_different_queries_may_be_asked() -> None:
    store = CypherStore(Facts())
    assert [store.ask(f"RETURN {number}", {}) for number in range(PREPARED + 2)] == [[[n]] for n in range(PREPARED + 2)]
    assert store.ask("MATCH (p:Product) RETURN p.id", {}) == []


def test_what_is_no_cypher_is_our_own_error() -> None:
    with pytest.raises(GraphFailed, match="cannot be asked: Parser exception"):
        CypherStore(Facts()).ask("MATCH (", {})
