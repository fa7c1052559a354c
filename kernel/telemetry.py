"""Traces and metrics by OpenTelemetry. Off (and free) until an OTLP endpoint is configured.

One trace leads from the click to the e-mail: its W3C `traceparent` travels in HTTP and NATS
headers and is stored with each event, so that the relay and the reactions go on with it.
Span and metric attributes are never patient data: operation names, counts and opaque ids only.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import Meter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_W3C = TraceContextTextMapPropagator()
HEADER = "traceparent"
EXPORT_SECONDS = 2
"""How long one export may try: a collector that is away must not hold up a service that stops."""


def start(service: str) -> None:
    """Export this process's spans and metrics if OTEL_EXPORTER_OTLP_ENDPOINT says where to."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": service, "service.namespace": "myportal"})
    provider = TracerProvider(resource=resource)
    patience = float(os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT", EXPORT_SECONDS))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=patience)))
    trace.set_tracer_provider(provider)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(timeout=patience))
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[reader]))


def stop() -> None:
    """Send what has not been sent yet."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        if shutdown := getattr(provider, "shutdown", None):
            shutdown()


def tracer(name: str) -> Tracer:
    """The tracer of one module."""
    return trace.get_tracer(name)


def meter(name: str) -> Meter:
    """The meter of one module."""
    return metrics.get_meter(name)


def current() -> str | None:
    """The running span as a `traceparent`, if there is one."""
    if trace.get_current_span() is trace.INVALID_SPAN:
        return None
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get(HEADER)


def restored(traceparent: str | None) -> Context | None:
    """The context that a stored or received `traceparent` stands for."""
    return _W3C.extract({HEADER: traceparent}) if traceparent else None


@contextmanager
def span(
    name: str,
    kind: SpanKind,
    parent: str | None = None,
    attributes: Mapping[str, str | int] | None = None,
) -> Iterator[Span]:
    """A span that goes on from a stored or received `traceparent`.

    An error marks the span with the error's type only: its text could hold anything.
    """
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        yield trace.INVALID_SPAN  # nobody listens
        return
    with tracer("myportal").start_as_current_span(
        name,
        context=restored(parent),
        kind=kind,
        attributes=dict(attributes or {}),
        record_exception=False,
        set_status_on_exception=False,
    ) as started:
        try:
            yield started
        except BaseException as error:
            started.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def described(error: BaseException) -> str:
    """An error for a log: its kind and where it happened, never its text (it could hold anything)."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join([type(error).__name__, *(f"{f.name}:{f.lineno}" for f in reversed(frames))])
