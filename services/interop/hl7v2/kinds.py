"""The kinds of HL7 messages that are taken, and who translates each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kernel.envelope import Command
from services.interop.hl7v2.allergies import allergies
from services.interop.hl7v2.appointments import appointments
from services.interop.hl7v2.case import Case
from services.interop.hl7v2.charges import accounts, charges
from services.interop.hl7v2.documents import documents
from services.interop.hl7v2.immunisations import immunisations
from services.interop.hl7v2.medications import dispenses, prescriptions
from services.interop.hl7v2.orders import orders
from services.interop.hl7v2.problems import diagnoses, problems, procedures
from services.interop.hl7v2.report import reports
from services.interop.hl7v2.visits import visits

Translator = Callable[[Case], Iterable[Command]]
"""What a message asks for beside the person it is about. May raise Unusable."""


def admission(case: Case) -> Iterator[Command]:
    """An ADT: the visit, and what it says of allergies, diagnoses and procedures."""
    yield from visits(case)
    yield from allergies(case)
    yield from diagnoses(case)
    yield from procedures(case)


TAKEN: tuple[tuple[str, str, Translator], ...] = (
    ("ADT", "A01 A02 A03 A04 A05 A06 A07 A08 A10 A11 A13 A14 A28 A31", admission),
    ("ADT", "A60", allergies),
    ("ORU", "R01 R30 R31 R32", reports),
    ("OUL", "R21 R22 R23 R24", reports),
    ("ORM", "O01", orders),
    ("OML", "O21 O33 O35", orders),
    ("OMG", "O19", orders),
    ("RDE", "O01 O11 O25", prescriptions),
    ("RDS", "O01 O13", dispenses),
    ("SIU", "S12 S13 S14 S15 S16 S17 S26", appointments),
    ("DFT", "P03 P11", charges),
    ("BAR", "P01 P02 P05 P06 P10 P12", accounts),
    ("MDM", "T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11", documents),
    ("PPR", "PC1 PC2 PC3", problems),
    ("VXU", "V04", immunisations),
)
"""Each names exactly one patient. RDE^O01 and RDS^O01 are the names of 2.2 and 2.3."""

TRANSLATORS = {
    f"{name}^{event}": translator for name, events, translator in TAKEN for event in events.split()
}
