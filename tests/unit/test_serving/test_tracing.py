from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kefu_serving.prompt.compose import constant_part
from kefu_serving.tracing import Tracing, provider, with_processor
from kefu_serving.turn.generate import Generate
from kefu_serving.turn.retrieve import Retrieve
from tests.unit.test_serving.doubles import PERSONA, Engine, Target, found, hit, new_metrics, silent, turn

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_turn_has_spans_below_the_callers_trace() -> None:
    exporter = InMemorySpanExporter()
    made = with_processor(SimpleSpanProcessor(exporter))
    tracing, (metrics, _) = Tracing(made), new_metrics()
    asked = turn()
    with tracing.turn({"traceparent": PARENT}, "api"):
        assert tracing.trace_id() == PARENT.split("-")[1]
        assert tracing.headers()["traceparent"].startswith(PARENT[:36])
        await Retrieve([Target(found(hit()))], tracing, metrics).run(asked)
        await Generate(Engine("7 days [1]."), constant_part(PERSONA), 60, tracing, metrics).run(asked)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"turn", "retrieve", "generate"}
    root = spans["turn"]
    assert root.parent is not None and f"{root.parent.span_id:016x}" == PARENT.split("-")[2]
    for name in ("retrieve", "generate"):
        parent = spans[name].parent
        assert parent is not None and root.context is not None and parent.span_id == root.context.span_id
    attributes = spans["generate"].attributes or {}
    assert (attributes["gen_ai.request.model"], attributes["gen_ai.usage.output_tokens"]) == ("qwen", 1)
    made.shutdown()


def test_without_an_exporter_the_callers_trace_is_passed_on_unchanged() -> None:
    tracing = silent()
    assert provider(False) is None
    with tracing.turn({"traceparent": PARENT}, "api"), tracing.span("retrieve", {}):
        assert tracing.headers() == {"traceparent": PARENT}
    assert tracing.headers() == {} and tracing.trace_id() is None


def test_a_malformed_parent_is_ignored() -> None:
    with silent().turn({"traceparent": "nonsense"}, "api"):
        assert silent().headers() == {}
