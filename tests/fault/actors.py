"""The load: a laboratory, staff, strangers and patients, each doing its own work until told to stop."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from contracts import identity, labs
from portal.demo import hl7
from portal.demo.panels import lipid, tsh
from portal.demo.people import ENROLLED_PASSWORD, Person
from services.interop.intake import message_id
from tests.fault.clients import Account, Client, Sender
from tests.fault.emails import Sink
from tests.fault.running import Portal

CHEN = "9000000017^Chen^Alice^^^^MD^^NPI^L^^^NPI"
MOST_WAITING = 40
MOST_ASKED = 15
NEWCOMERS = 3
LABORATORIES, STRANGERS = 2, 3
PASSWORD = ENROLLED_PASSWORD
_LINK = re.compile(r"/invitation/(\S+)")
_CODE = re.compile(r"^\s*([0-9A-Z]{5}-[0-9A-Z]{5})\s*$", re.MULTILINE)


@dataclass
class World:
    """What the actors know of each other."""

    portal: Portal
    sink: Sink
    seed: int
    books: Path
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    admitted: deque[Person] = field(default_factory=lambda: deque(maxlen=200))
    charts: list[Person] = field(default_factory=list)
    patients: list[tuple[Account, str]] = field(default_factory=list)
    posted: int = 0
    verified: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def client(self, name: str, account: Account | None = None) -> Client:
        """A new caller at the gateway."""
        url = self.portal.places.gateway_url
        return Client(name, url, self.books, self.seed, account)


Actor = Callable[[World, str], Awaitable[None]]


async def act(world: World) -> None:
    """All actors, until `stopping` is set and each has finished what it had begun."""
    async with asyncio.TaskGroup() as group:
        for number in range(LABORATORIES):
            group.create_task(laboratory(world, f"lab{number}"))
        for number in range(STRANGERS):
            group.create_task(stranger(world, f"stranger{number}"))
        for number in range(NEWCOMERS):
            group.create_task(newcomer(world, f"patient{number}"))
        group.create_task(provider(world, "provider"))
        group.create_task(support(world, "support"))
        group.create_task(clinic(world, "clinic"))
        group.create_task(front_desk(world, "desk"))


async def laboratory(world: World, name: str) -> None:
    """Admits patients and posts results, mostly of those who can see them."""
    sender = Sender(name, world.portal.places.mllp, world.books, world.seed)
    number = 0
    while not world.stopping.is_set():
        number += 1
        if not world.charts or sender.rng.random() < 0.15:
            person = _person(f"{name}n{number}", sender.rng)
            message = hl7.admission(person, _now())
            await sender.send(message, {"message": message_id(message), "mrn": person.mrn})
            world.admitted.append(person)
            if len(world.charts) < 4:
                world.charts.append(person)
        elif world.posted - world.verified < MOST_WAITING:
            order = _order(f"{name}-{number:06d}", sender.rng.choice(world.charts), sender.rng)
            message = hl7.result(order)
            await sender.send(message, {"message": message_id(message), "filler": order.number})
            world.posted += 1
        await asyncio.sleep(sender.rng.uniform(0.02, 0.15))
    await _leave(world, sender)


async def provider(world: World, name: str) -> None:
    """Reviews whatever is in the inbox."""
    client = world.client(name, Account("chen@harborview.example", "lantern-orchard-seven-tides"))
    await client.sign_in()
    while not world.stopping.is_set():
        inbox = await client.query(labs.GetInbox, {})
        for row in inbox["reports"][:10]:
            report = await client.query(labs.GetReport, {"report": row["report"]})
            body = {"report": row["report"], "revision": report["revision"]}
            effect = {name: str(value) for name, value in body.items()}
            if (await client.command(labs.VerifyReport, body, effect)).is_success:
                world.verified += 1
        await asyncio.sleep(client.rng.uniform(0.05, 0.2))
    await _leave(world, client)


async def clinic(world: World, name: str) -> None:
    """Invites patients at new addresses, some of them several times."""
    client = world.client(name, Account("clinic@harborview.example", "window-cedar-morning-kite"))
    await client.sign_in()
    number = 0
    while not world.stopping.is_set():
        if world.admitted:
            number += 1
            person = client.rng.choice(world.admitted)
            if person not in world.charts:
                await _invite(client, person, f"{name}{number}@invited.example")
        await asyncio.sleep(client.rng.uniform(0.1, 0.4))
    await _leave(world, client)


async def front_desk(world: World, name: str) -> None:
    """Verifies caregivers of patients, and ends every other relation again (S3)."""
    client = world.client(name, Account("clinic@harborview.example", "window-cedar-morning-kite"))
    await client.sign_in()
    number = 0
    while not world.stopping.is_set():
        for card in await _cards(client, client.rng.choice(world.charts)) if world.charts else ():
            number += 1
            body = {
                "patient": card["patient"], "email": f"{name}{number}@related.example",
                "given": "Cara", "family": f"Giver{number}", "basis": "caregiver",
                "evidence": "guardianship", "since": _now().date().isoformat(),
            }  # fmt: skip
            done = await client.command(identity.VerifyRelation, body, {"email": body["email"]})
            if done.is_success and number % 2 and not world.stopping.is_set():
                relation = {"patient": card["patient"], "relation": done.json()["id"]}
                why = {**relation, "reason": "The court has lifted it."}
                await client.command(identity.EndRelation, why, relation)
        await asyncio.sleep(client.rng.uniform(0.2, 0.6))
    await _leave(world, client)


async def stranger(world: World, name: str) -> None:
    """Sends the form behind REGISTER NOW: sometimes of a patient, mostly of nobody known."""
    client = world.client(name)
    number = 0
    while not world.stopping.is_set():
        number += 1
        email = f"{name}.{number}@stranger.example"
        known = world.admitted.popleft() if world.admitted and client.rng.random() < 0.2 else None
        person = known or _person(f"{name}x{number}", client.rng)
        if person in world.charts:
            continue
        body = {
            "family": person.family, "given": person.given, "born": person.born.isoformat(),
            "zip": person.zip, "line": person.line, "email": email,
            "record_number": person.mrn if known else "",
        }  # fmt: skip
        await client.command(identity.RequestRegistration, body, {"email": email})
        await asyncio.sleep(client.rng.uniform(0.0, 0.1))
    await _leave(world, client)


async def support(world: World, name: str) -> None:
    """Takes what did not match, and turns it down."""
    client = world.client(name, Account("support@harborview.example", "paper-harbor-green-ladder"))
    await client.sign_in()
    while not world.stopping.is_set():
        queue = await client.query(identity.RegistrationQueue, {})
        for item in queue["items"][:25]:
            body = {"registration": item["registration"]}
            taken = await client.command(identity.TakeRegistration, body, body)
            if taken.is_success and not world.stopping.is_set():
                why = {**body, "reason": "Nobody answered the telephone."}
                await client.command(identity.RejectRegistration, why, body)
        await asyncio.sleep(client.rng.uniform(0.1, 0.3))
    await _leave(world, client)


async def newcomer(world: World, name: str) -> None:
    """Is invited, enrols with what the e-mail says, and then reads results as they come."""
    staff = Account("support@harborview.example", "paper-harbor-green-ladder")
    desk = world.client(f"{name}-desk", staff)
    await desk.sign_in()
    number = int(name[-1])
    while len(world.charts) <= number and not world.stopping.is_set():  # noqa: ASYNC110  # a look
        await asyncio.sleep(0.1)
    account = Account(f"{name}@enrolled.example", PASSWORD)
    if not world.stopping.is_set():
        person = world.charts[number]
        await _invite(desk, person, account.email)
        patient = world.client(name, account)
        if await _enrol(world, patient, person):
            await _read_results(world, patient)
        await _leave(world, patient)
    await _leave(world, desk)


async def _enrol(world: World, client: Client, person: Person) -> bool:
    """Through every step of the e-mail; False when the run ends before it comes."""
    assert client.account is not None
    while not (mails := world.sink.at(client.account.email)):
        if world.stopping.is_set():
            return False
        await asyncio.sleep(0.1)
    link, code = _LINK.search(mails[0].text), _CODE.search(mails[0].text)
    assert link
    assert code
    invitation = link[1].rpartition(".")[0]
    for document in ("terms", "hipaa"):
        body = {"link": link[1], "document": document, "version": "1"}
        effect = {"invitation": invitation, "document": document}
        await client.command(identity.AcceptDocument, body, effect)
    born = {"born": person.born.isoformat(), "password": client.account.password}
    body = {"link": link[1], "code": code[1], **born}
    await client.command(identity.CompleteEnrolment, body, {"invitation": invitation})
    await client.sign_in()  # also when the answer was lost, and the repeat refused as used
    return True


async def _read_results(world: World, client: Client) -> None:
    """And asks for a correction now and then (R59)."""
    number = 0
    while not world.stopping.is_set():
        if client.rng.random() < 0.2 and number < MOST_ASKED:
            number += 1
            says = f"{client.name} asks for the {number}th time"
            body = {"field": "other", "says": says}
            await client.command(identity.RequestCorrection, body, {"says": says})
        results = await client.query(labs.GetResults, {})
        for row in [row for row in results["results"] if row["is_new"]][:10]:
            body = {"report": row["report"]}
            await client.command(labs.MarkSeen, body, body)
        await asyncio.sleep(client.rng.uniform(0.3, 0.6))


async def _cards(client: Client, person: Person) -> list[dict[str, str]]:
    found = await client.query(identity.FindPatients, {"text": person.mrn})
    cards: list[dict[str, str]] = found["patients"]
    return cards


async def _invite(client: Client, person: Person, email: str) -> None:
    for card in await _cards(client, person):
        body = {"patient": card["patient"], "email": email}
        await client.command(identity.SendInvitation, body, {"email": email})


async def _leave(world: World, who: Client | Sender) -> None:
    world.counts.update(who.counts)
    await who.close()


def _person(name: str, rng: random.Random) -> Person:
    """Somebody whose name nobody else has: matching must never find two."""
    letters = "".join(chr(ord("a") + int(c)) if c.isdigit() else c for c in name)
    return Person(
        mrn=f"FLT{name.upper()}",
        family=f"Probe{letters}",
        given=rng.choice(("Ida", "Jon", "Kim", "Lea")),
        born=date(rng.randint(1940, 2000), rng.randint(1, 12), rng.randint(1, 28)),
        sex=rng.choice(("F", "M")),
        line=f"{rng.randint(1, 900)} Harbor Street",
        zip=f"94{rng.randint(100, 199)}",
        phone=f"415-555-{rng.randint(1000, 9999)}",
        email=f"{letters}@record.example" if rng.random() < 0.5 else "",
        ssn_last4="",
    )


def _order(number: str, person: Person, rng: random.Random) -> hl7.Order:
    collected = _now() - timedelta(days=rng.randint(1, 300))
    code, text, values = rng.choice(
        (("3016-3", "Thyrotropin (TSH)", tsh(2.1)),
         ("24331-1", "Lipid panel", lipid(192, 121, 52, 116)))
    )  # fmt: skip
    return hl7.Order(
        number=number,
        person=person,
        orderer=CHEN,
        code=code,
        text=text,
        ordered=collected - timedelta(days=1),
        collected=collected,
        reported=collected + timedelta(hours=9),
        values=values,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
