"""OpenTelemetry spans: turn, retrieve, generate. Exported only when an OTLP endpoint is named; passed on in any case."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

_SILENT = trace.INVALID_SPAN


def provider(exporting: bool) -> TracerProvider | None:
    """A provider that exports by OTLP over HTTP, configured by the standard OTEL_ variables; None when not wanted."""
    if not exporting:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return with_processor(BatchSpanProcessor(OTLPSpanExporter()))


def with_processor(processor: SpanProcessor) -> TracerProvider:
    """A provider that hands every finished span to the processor."""
    made = TracerProvider(resource=Resource.create({SERVICE_NAME: "kefu-gateway"}))
    made.add_span_processor(processor)
    return made


class Tracing:
    """Begins spans below the caller's trace and gives the headers that continue it upstream."""

    def __init__(self, provider: TracerProvider | None) -> None:
        self._tracer = provider.get_tracer("kefu_serving") if provider else None
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def turn(self, headers: Mapping[str, str], channel: str) -> Iterator[Span]:
        """The span of a whole turn, below the incoming `traceparent` if there is one."""
        if self._tracer is None and "traceparent" not in headers:
            yield _SILENT
            return
        parent = self._propagator.extract(headers)
        if self._tracer is None:
            token = context.attach(parent)
            try:
                yield _SILENT
            finally:
                context.detach(token)
            return
        attributes = {"kefu.channel": channel}
        with self._tracer.start_as_current_span("turn", parent, SpanKind.SERVER, attributes) as span:
            yield span

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, AttributeValue]) -> Iterator[Span]:
        """A span within the turn."""
        if self._tracer is None:
            yield _SILENT
            return
        with self._tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes) as span:
            yield span

    def headers(self) -> dict[str, str]:
        """`traceparent` (and `tracestate`) of the current span, for the next service."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier

    def trace_id(self) -> str | None:
        """The current trace's id, for the logs."""
        found = trace.get_current_span().get_span_context()
        return trace.format_trace_id(found.trace_id) if found.is_valid else None
