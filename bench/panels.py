"""The reports of the benchmarks: four ordinary panels, ordered by a provider of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.labs import Coding, Orderer, PostedObservation, PostReport

CHEN = "9000000017"
SENDER = "HVLAB"
NEWEST = datetime(2026, 1, 5, 16, 40, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Panel:
    """An order's code and its values: LOINC number, name, usual value, unit, range."""

    code: str
    name: str
    values: tuple[tuple[str, str, float, str, str], ...]


TSH = Panel("3016-3", "Thyrotropin", (("3016-3", "Thyrotropin", 2.1, "mIU/L", "0.4-4.5"),))
A1C = Panel("4548-4", "Hemoglobin A1c", (("4548-4", "Hemoglobin A1c", 5.5, "%", "4.0-5.6"),))
LIPID = Panel(
    "24331-1",
    "Lipid panel",
    (
        ("2093-3", "Cholesterol", 192.0, "mg/dL", "100-200"),
        ("2571-8", "Triglyceride", 121.0, "mg/dL", "30-150"),
        ("2085-9", "HDL cholesterol", 52.0, "mg/dL", "40-100"),
        ("13457-7", "LDL cholesterol", 116.0, "mg/dL", "50-130"),
    ),
)
CBC = Panel(
    "57021-8",
    "Complete blood count",
    (
        ("6690-2", "Leukocytes", 7.1, "10*3/uL", "4.0-11.0"),
        ("789-8", "Erythrocytes", 4.6, "10*6/uL", "3.9-5.7"),
        ("718-7", "Hemoglobin", 13.2, "g/dL", "12.0-17.0"),
        ("4544-3", "Hematocrit", 39.4, "%", "36.0-50.0"),
        ("787-2", "MCV", 85.7, "fL", "80.0-100.0"),
        ("777-3", "Platelets", 301.0, "10*3/uL", "150-400"),
    ),
)
PANELS = (TSH, LIPID, A1C, CBC)


def post_report(report: str, patient: str, number: int, panel: Panel) -> PostReport:
    """What interop would hand over: one order's final values, collected `number` hours earlier."""
    collected = NEWEST - timedelta(hours=number)
    return PostReport(
        report=report,
        patient=patient,
        sender=SENDER,
        orderer=Orderer(ids=(CHEN,), name="Chen^Alice"),
        ordered=collected - timedelta(days=1),
        acquired=collected,
        reported=collected + timedelta(hours=9),
        codes=(Coding(system="loinc", code=panel.code, text=panel.name),),
        section="LAB",
        specimen="Blood",
        status="final",
        observations=tuple(
            PostedObservation(
                key=code,
                codes=(Coding(system="loinc", code=code, text=name),),
                value=f"{usual + number % 7 / 10:.1f}",
                number=round(usual + number % 7 / 10, 1),
                unit=unit,
                range_text=usual_range,
                status="final",
            )
            for code, name, usual, unit, usual_range in panel.values
        ),
    )
