"""Patients' cards, to put names to what staff pages show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.requests import Request

from contracts.identity import (
    FindPatients,
    GetPatient,
    GetPatients,
    PatientCard,
    PatientsAnswer,
)
from frontend.client import Problem, gateway
from frontend.forms import Form

AT_ONCE: Final = 100


async def card_of(request: Request, patient: str) -> PatientCard:
    """One patient's card; a patient who is not known gets the page for 404."""
    asked = {"patient": patient}
    answer = await gateway(request).call(request, GetPatient, PatientsAnswer, asked)
    return answer.patients[0]


async def find_card(request: Request, patient: str) -> PatientCard | None:
    """The same where a page goes on without it: None for somebody whom the index does not know."""
    try:
        return await card_of(request, patient)
    except Problem as problem:
        if problem.status == 404:
            return None
        raise


async def searched(request: Request, form: Form) -> tuple[PatientCard, ...] | None:
    """Who is meant by the form's `text`; None, and a sentence beside the field, where it is empty.

    Always by POST: a name does not belong into an address, nor into the browser's history.
    """
    text = form.get("text")
    if not text:
        form.errors["text"] = "Enter a family name or a record number"
        return None
    asked = {"text": text}
    return (await gateway(request).call(request, FindPatients, PatientsAnswer, asked)).patients


async def cards_of(request: Request, patients: Iterable[str]) -> dict[str, PatientCard]:
    """Names to a queue; identity gives at most a hundred at once."""
    wanted = list(dict.fromkeys(patients))
    found: dict[str, PatientCard] = {}
    for start in range(0, len(wanted), AT_ONCE):
        asked = {"patients": wanted[start : start + AT_ONCE]}
        answer = await gateway(request).call(request, GetPatients, PatientsAnswer, asked)
        found |= {card.patient: card for card in answer.patients}
    return found
