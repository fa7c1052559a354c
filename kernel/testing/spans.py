"""Spans kept in memory, so that a test can follow a trace."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span


class Spans:
    """Everything that ends after this was made is here."""

    def __init__(self) -> None:
        provider = trace.get_tracer_provider()
        if not isinstance(provider, TracerProvider):
            provider = TracerProvider()
            trace.set_tracer_provider(provider)
        self._kept = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(self._kept))

    def named(self, name: str) -> list[ReadableSpan]:
        """The finished spans of this name, oldest first."""
        return [span for span in self._kept.get_finished_spans() if span.name == name]


def trace_of(span: Span | ReadableSpan) -> str:
    """The trace id as it is written in a `traceparent`."""
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}"


def parent_of(span: ReadableSpan) -> int | None:
    """The id of the span that this one goes on from."""
    return None if span.parent is None else span.parent.span_id
