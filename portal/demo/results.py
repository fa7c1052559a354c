"""The demo's laboratory results: ordinary ones, sensitive ones, and all that can go wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from portal.demo.hl7 import Order, Status, Value
from portal.demo.panels import a1c, bmp, cbc, hepatic, lipid, number, tsh, words
from portal.demo.people import Person

ORDERERS = {
    "chen": "9000000017^Chen^Alice^^^^MD^^NPI^L^^^NPI",
    "morales": "9000000025^Morales^Daniel^^^^MD^^NPI^L^^^NPI",
    "singh": "HV1003^Singh^Priya^^^^MD",  # the laboratory knows her by the practice's own number
    "novak": "9000000041^Novak^Karel^^^^MD^^NPI^L^^^NPI",
    "haddad": "9000000058^Haddad^Leila^^^^MD^^NPI^L^^^NPI",
    "brandt": "9000000066^Brandt^Jonas^^^^MD^^NPI^L^^^NPI",
    "lake": "9000000082^Lake^Robert^^^^MD^^NPI^L^^^NPI",
    "unknown": "9000000991^Nobody^Noah^^^^MD^^NPI^L^^^NPI",
}
_NAMES = {
    "57021-8": "CBC with differential",
    "51990-0": "Basic metabolic panel",
    "24331-1": "Lipid panel",
    "4548-4": "Hemoglobin A1c",
    "3016-3": "Thyrotropin (TSH)",
    "24325-3": "Hepatic function panel",
    "56888-1": "HIV 1+2 antibody and antigen",
    "5196-1": "Hepatitis B surface antigen",
    "19295-5": "Opiates, urine screen",
    "22637-3": "Skin biopsy, final diagnosis",
    "47527-7": "Pap smear, thin prep",
    "29770-5": "Karyotype",
    "24364-2": "Obstetric panel",
    "36643-5": "XR chest, 2 views",
}


class Chart:
    """Writes orders relative to one moment, so that the same moment gives the same bytes."""

    def __init__(self, people: Iterable[Person], now: datetime) -> None:
        self._people = {person.given: person for person in people}
        self._now = now
        self._count = 0

    def order(
        self,
        given: str,
        orderer: str,
        code: str,
        days: int,
        values: tuple[Value, ...],
        section: str = "LAB",
        specimen: str = "Blood",
        text: str = "",
        system: str = "LN",
    ) -> Order:
        """Collected at 8:40 `days` ago, ordered the day before, reported in the evening."""
        self._count += 1
        collected = (self._now - timedelta(days=days)).replace(
            hour=8, minute=40, second=0, microsecond=0
        )
        return Order(
            number=f"HV{self._count:05d}",
            person=self._people[given],
            orderer=ORDERERS[orderer],
            code=code,
            text=text or _NAMES[code],
            ordered=collected - timedelta(days=1),
            collected=collected,
            reported=collected + timedelta(hours=9),
            values=values,
            section=section,
            specimen=specimen,
            system=system,
        )


def results(people: Iterable[Person], now: datetime) -> list[Order]:
    """Every message of the demo in the order of sending; `now` is practice time."""
    chart = Chart(people, now)
    return [
        *_ordinary(chart),
        *_sensitive(chart),
        *_families(chart),
        *_orderers(chart),
        *_corrected(chart),
    ]


def _ordinary(chart: Chart) -> list[Order]:
    """Trends and plain panels of the enrolled patient and two elders."""
    o = chart.order
    history = ((720, 6.4), (540, 6.1), (360, 5.9), (180, 5.8), (20, 5.5))
    return [
        *(o("Maya", "chen", "4548-4", days, a1c(percent)) for days, percent in history),
        o("Maya", "chen", "24331-1", 360, lipid(231, 162, 44, 155)),
        o("Maya", "chen", "24331-1", 20, lipid(192, 121, 52, 116)),
        o("Maya", "chen", "57021-8", 200, cbc(6.8, 4.4, 11.6, 35.1, 79.8, 288)),
        o("Maya", "chen", "57021-8", 2, cbc(7.1, 4.6, 13.2, 39.4, 85.7, 301)),
        o("Maya", "chen", "51990-0", 200, bmp(139, 4.2, 102, 25, 12, 0.8, 93, 9.4)),
        o("Maya", "chen", "3016-3", 20, tsh(2.1)),
        o("Amos", "morales", "24325-3", 30, hepatic(61, 48, 88, 0.9, 4.1, 7.0)),
        o("Amos", "morales", "51990-0", 5, bmp(132, 5.4, 99, 23, 31, 1.6, 118, 9.1)),
        o("Amos", "morales", "57021-8", 5, cbc(5.2, 3.7, 11.1, 33.9, 91.0, 141)),
        o("Ruth", "chen", "3016-3", 12, tsh(6.3)),
        o("Niamh", "chen", "57021-8", 3, cbc(8.0, 4.7, 13.9, 41.0, 88.1, 266)),
        o("Noelle", "morales", "24331-1", 9, lipid(178, 88, 61, 99)),
    ]


def _sensitive(chart: Chart) -> list[Order]:
    """Results that reach no portal (R22-R29, R31), alone and inside ordinary ones (R30)."""
    o = chart.order
    hiv = words("56888-1", "HIV 1+2 antibody and antigen", "Nonreactive")
    hbsag = words("5196-1", "Hepatitis B surface antigen", "Nonreactive")
    opiates = words("19295-5", "Opiates, urine", "Not detected")
    biopsy = words("22637-3", "Final diagnosis", "Benign intradermal nevus.")
    pap = words("47527-7", "Cytology", "Negative for intraepithelial lesion.")
    karyotype = words("29770-5", "Karyotype", "46,XX")
    chest = words("36643-5", "Findings", "Clear lungs. Normal heart size.")
    return [
        o("Maya", "chen", "56888-1", 20, (hiv,)),
        o("Maya", "haddad", "47527-7", 200, (pap,), section="CP", specimen="Cervix"),
        o("Maya", "morales", "19295-5", 60, (opiates,), section="TX", specimen="Urine"),
        o("Maya", "chen", "36643-5", 100, (chest,), section="RAD", specimen=""),
        o("Amos", "novak", "22637-3", 14, (biopsy,), section="SP", specimen="Skin"),
        o("Samuel", "morales", "5196-1", 7, (hbsag,)),
        o("Noemie", "haddad", "29770-5", 25, (karyotype,), section="GEN"),
        o("Grace", "haddad", "24364-2", 6, (*cbc(9.4, 4.1, 11.9, 35.5, 86.6, 240), hbsag)),
    ]


def _families(chart: Chart) -> list[Order]:
    """Children: before 12, from 12 to 17, and the day of the twelfth birthday (R54, R55)."""
    o = chart.order
    return [
        o("Otto", "singh", "57021-8", 30, cbc(9.9, 4.5, 12.4, 37.0, 82.2, 350)),
        o("Ada", "singh", "57021-8", 45, cbc(7.7, 4.6, 12.9, 38.2, 83.0, 310)),
        o("Chidi", "singh", "3016-3", 300, tsh(2.4)),
        o("Ngozi", "singh", "57021-8", 900, cbc(7.2, 4.6, 12.8, 38.1, 83.4, 305)),  # at 10
        o("Ngozi", "singh", "57021-8", 60, cbc(6.8, 4.5, 12.5, 37.6, 84.0, 288)),  # at 13
        o("Chidi", "singh", "57021-8", 4, cbc(6.9, 4.8, 13.3, 39.0, 81.3, 295)),
        o("Lucia", "singh", "57021-8", 1, cbc(7.3, 4.5, 13.0, 38.8, 86.2, 277)),
        o("Mateo", "singh", "57021-8", 1280, cbc(7.0, 4.7, 13.1, 39.3, 83.6, 320)),  # at 11
        o("Mateo", "singh", "3016-3", 365, tsh(1.9)),  # at 13
        o("Kenji", "singh", "51990-0", 700, bmp(140, 4.0, 103, 26, 11, 0.7, 88, 9.7)),  # at 16
    ]


def _orderers(chart: Chart) -> list[Order]:
    """Orders from outside, from before and after somebody left, and nobody knows by whom (R20)."""
    o = chart.order
    allergy = Value("774-HM", "House allergy mix", "0.42", "kU/L", "<0.35", "H", system="99HVL")
    return [
        o("Ruth", "brandt", "24331-1", 500, lipid(214, 139, 49, 137)),  # he was with us
        o("Ruth", "brandt", "4548-4", 100, a1c(5.7)),  # he had left
        o("Ruth", "lake", "24331-1", 15, lipid(188, 110, 55, 111)),  # never ours
        o("Samuel", "unknown", "57021-8", 8, cbc(6.1, 5.0, 15.2, 45.0, 90.1, 233)),
        o(
            "Samuel",
            "chen",
            "774",
            8,
            (allergy,),
            text="House allergy screen",
            system="99HVL",
            specimen="Serum",
        ),
        o("Samuel", "chen", "4548-4", 8, a1c(6.9)),
    ]


def _corrected(chart: Chart) -> list[Order]:
    """One order in three versions: preliminary, final, corrected (decision f)."""
    first = chart.order("Maya", "chen", "51990-0", 3, bmp(138, 5.9, 101, 24, 14, 0.9, 96, 9.2))

    def version(status: Status, hours: int, potassium: float, note: str = "") -> Order:
        measured = number("2823-3", "Potassium", potassium, "mmol/L", 3.5, 5.1)
        values = tuple(
            replace(measured, note=note) if value.code == "2823-3" else value
            for value in first.values
        )
        reported = first.collected + timedelta(hours=hours)
        return replace(first, status=status, reported=reported, values=values)

    return [
        version("P", 3, 5.9),
        version("F", 8, 5.9),
        version("C", 26, 4.3, "Corrected: the first sample was hemolyzed."),
    ]
