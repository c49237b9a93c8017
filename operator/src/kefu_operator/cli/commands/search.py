"""`kefu search`: what an index finds for a question, and why."""

import argparse
from typing import Any

from kefu_api.wire.search import Explanation, GraphReport, Hit, Reasons, RerankerReport, SearchRequest, SearchResponse
from kefu_operator.cli.knowledge.options import add_place, place_of
from kefu_operator.cli.knowledge.place import Place, chosen
from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.exits import OK

EXAMPLES = """\
  kefu search "几天内可以退货？"                     the best five passages
  kefu search "and headphones?" --after "how long is the phone warranty"
  kefu search "积份怎么用" --explain                what was looked up, and why each hit is where it is

Without --cluster, -n or --context it works on what `kefu run` serves here, else on the current namespace of the cluster.
"""
SHOWN = 120
"""Characters of a passage that are printed."""


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "search", summary, EXAMPLES, handle)
    parser.add_argument("question", help="what a customer asks")
    parser.add_argument("--index", metavar="NAME", help="name of the KnowledgeIndex (default: the only one)")
    parser.add_argument("--top", type=int, metavar="N", help="how many passages (default: search.topK)")
    parser.add_argument(
        "--after", action="append", default=[], metavar="QUESTION", help="an earlier question; repeatable"
    )
    parser.add_argument("--explain", action="store_true", help="say why")
    parser.add_argument("--output", "-o", choices=["text", "json"], default="text")
    add_place(parser)


def handle(arguments: argparse.Namespace) -> int:
    """Search; the exit code is 0 whatever is found.

    Raises:
        CliError: there is nothing to search, or it was refused.
    """
    return search(place_of(arguments), arguments, Output())


def search(place: Place, arguments: argparse.Namespace, output: Output) -> int:
    """Ask the index's service, and print what it answers."""
    view = chosen(place, arguments.index)
    request = SearchRequest(query=arguments.question, top_k=arguments.top, history=tuple(arguments.after))
    path = "v1/search?explain=1" if arguments.explain else "v1/search"
    found = SearchResponse.model_validate_json(place.ask(view.name, path, request.to_json().encode()))
    if arguments.output == "json":
        output.print(found.to_json())
    else:
        _show(found, output)
    return OK


def _show(found: SearchResponse, output: Output) -> None:
    verdict = "sure enough to answer" if found.answerable else "not sure enough to answer"
    output.print(output.paint(f"{found.index} {found.version}: {found.confidence:.2f}, {verdict}", "bold"))
    if found.explanation:
        _explain(found.explanation, output)
    for place, hit in enumerate(found.hits, start=1):
        _hit(place, hit, output)


def _explain(told: Explanation, output: Output) -> None:
    if told.searched != told.asked:
        output.print(f"  looked up    {told.searched}")
    output.print(f"  language     {told.language}")
    for name, values in (("concepts", told.concepts), ("asks for", told.expected)):
        if values:
            output.print(f"  {name:<12} {', '.join(values)}")
    for number, part in enumerate(told.parts, start=1):
        output.print(f"  part {number:<7} {' '.join(part.split())}")
    for leg in told.legs:
        output.print(f"  {leg.name:<12} {leg.rows} rows, weight {leg.weight:g}")
    for reason, count in told.left_out.items():
        output.print(f"  left out     {count} {reason}")
    if told.calibrated:
        output.print(
            f"  confidence   {told.calibrated.formula:.2f} by the formula, learnt from {told.calibrated.questions} questions"
        )
    if told.reranker:
        _reranker(told.reranker, output)
    if told.graph:
        _graph(told.graph, output)


def _reranker(told: RerankerReport, output: Output) -> None:
    what = f"{told.candidates} put in order" if told.outcome == "reranked" else f"{told.outcome}: {told.detail}"
    output.print(f"  reranker     {told.kind}, {what}, {told.seconds:.3f} s")


def _graph(told: GraphReport, output: Output) -> None:
    output.print(f"  graph        {told.found} found for {'; '.join(told.constraints)}")
    output.print(output.paint(f"  cypher       {told.cypher}", "dim"))
    output.print(output.paint("  with         " + ", ".join(f"${k} = {v}" for k, v in told.parameters.items()), "dim"))


def _hit(place: int, hit: Hit, output: Output) -> None:
    title = " › ".join((hit.title, *(heading for heading in hit.headings if heading != hit.title)))
    output.print(f"{place}. {hit.confidence:.2f}  {hit.document}  {title}")
    text = " ".join(hit.text.split())
    output.print(output.paint(f"   {text[:SHOWN]}{'…' if len(text) > SHOWN else ''}", "dim"))
    if hit.reasons:
        _reasons(hit.reasons, output)


def _reasons(reasons: Reasons, output: Output) -> None:
    for leg, score in reasons.legs.items():
        output.print(f"   {leg} {score:.3f} by “{' '.join(reasons.nearest[leg].split())[:60]}”")
    if reasons.boosts:
        output.print("   boosted by " + ", ".join(f"{name} {factor:.2f}" for name, factor in reasons.boosts.items()))
    if reasons.reranker is not None:
        output.print(f"   reranker {reasons.reranker:.3f}")
    for step in reasons.path:
        output.print(f"   graph: {step}")
    if reasons.standing:
        output.print("   stands by " + ", ".join(f"{name} {value:.2f}" for name, value in reasons.standing.items()))
    if not reasons.legs:
        return  # the graph alone found it: nothing else was weighed
    weighed = sorted(reasons.evidence.items(), key=lambda item: -item[1])
    output.print("   " + ", ".join([*(f"{name} {value:+.2f}" for name, value in weighed), f"bias {reasons.bias:+.2f}"]))
