"""One trace leads from the click to the e-mail, through every process on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.system.whole_portal import Person, until, whole_portal

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
EXPECTED = (
    "POST /api/v1/labs/verify-report",
    "request cmd.labs.VerifyReport",
    "cmd.labs.VerifyReport",
    "publish EVT_LABS",
    "react email-new-result",
    "request qry.identity.MayNotify",
    "send email",
)


class Collector:
    """A real OTLP/HTTP receiver: the spans it got, as (trace id, name, attributes)."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str, dict[str, str]]] = []
        self.parents: dict[str, str] = {}

    def take(self, body: bytes) -> None:
        """Remember one export."""
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    attributes = {a.key: str(a.value) for a in span.attributes}
                    self.spans.append((span.trace_id.hex(), span.name, attributes))
                    self.parents[span.span_id.hex()] = span.parent_span_id.hex()

    def names_of(self, trace: str) -> set[str]:
        """The names of one trace's spans."""
        return {name for found, name, _ in self.spans if found == trace}


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    """A collector, and its URL."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.endswith("/traces"):
                collector.take(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def test_verifying_a_result_is_one_trace_down_to_its_email(tmp_path: Path) -> None:
    with collecting() as (collector, url):
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with whole_portal(tmp_path, **settings) as portal:
            email = "chen@harborview.example"
            doctor = Person(portal.gateway)
            doctor.sign_in(email, portal.password_of(email))
            report = until(lambda: _report_of_enrolled(doctor, portal.gateway))
            shown = doctor.get("labs/report", report=report).json()
            doctor.http.headers["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"
            answer = doctor.post("labs/verify-report", report=report, revision=shown["revision"])
            assert answer.status_code == 201, answer.text
            until(lambda: set(EXPECTED) <= collector.names_of(TRACE), seconds=20)
            texts = str(collector.spans)
            assert "Lindqvist" not in texts
            assert "maya" not in texts.lower()


def _report_of_enrolled(doctor: Person, gateway: str) -> str | None:
    """A waiting report of the demo's enrolled patient that will reach the portal."""
    for row in doctor.get("labs/inbox").json()["reports"]:
        card = doctor.get("identity/patients", patients=[row["patient"]]).json()["patients"][0]
        report = doctor.get("labs/report", report=row["report"]).json()
        if card["enrolled"] and report["ruling"] == "release":
            return str(row["report"])
    return None
