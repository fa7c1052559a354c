"""practice: who we are. Profile, phones, hours, holidays, texts, and the provider directory."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, ClassVar

from pydantic import Field, WithJsonSchema

from contracts.common import Id, ShortText
from kernel.envelope import Answer, Command, Contract, PublishedEvent, Query


class Phone(Contract):
    """One telephone line and what it is for: `help`, `after_hours`, `registration`, `main`."""

    purpose: ShortText
    number: ShortText
    label: ShortText = ""


LocalTime = Annotated[
    time,
    WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d:\d\d$", "examples": ["08:30:00"]}),
]
"""A time of day at the practice. JSON Schema's own `time` wants an offset (RFC 3339)."""


class Hours(Contract):
    """Opening hours of one weekday (0 = Monday), practice time."""

    weekday: int = Field(ge=0, le=6)
    opens: LocalTime
    closes: LocalTime


class Terms(Contract):
    """One version of a document that a person must accept: `terms` or `hipaa` (R51)."""

    document: ShortText
    version: ShortText
    title: ShortText
    text: str
    effective: date


class Profile(Contract):
    """The dated configuration of one practice. Every number and text of the rules comes from here."""

    name: ShortText
    zone: ShortText
    support_email: ShortText
    portal_url: ShortText
    phones: tuple[Phone, ...]
    support_hours: tuple[Hours, ...]
    holidays: tuple[date, ...] = ()
    holiday_region: ShortText = "US-CA"
    terms: tuple[Terms, ...]
    invitation_days: int = Field(default=60, ge=1, le=365)
    queue_business_days: int = Field(default=2, ge=1, le=30)
    released_radiology: tuple[str, ...] = ()
    accent: ShortText = "#0b6e6e"


class Affiliation(Contract):
    """A stretch of time in which a provider worked for the practice; `until` is exclusive."""

    since: date
    until: date | None = None


class Provider(Contract):
    """One entry of the provider directory. `npi` and `aliases` are what orders carry."""

    id: Id
    npi: ShortText = ""
    name: ShortText
    specialty: ShortText = ""
    phone: ShortText = ""
    aliases: tuple[str, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()


class PracticeConfigured(PublishedEvent):
    """The practice's profile, whole, each time any of it changes."""

    service: ClassVar[str] = "practice"
    topic: ClassVar[str] = "profile"
    profile: Profile


class ProviderListed(PublishedEvent):
    """A provider's directory entry, whole, each time any of it changes.

    A provider without affiliations is known and external: their orders stay out (R20).
    """

    service: ClassVar[str] = "practice"
    topic: ClassVar[str] = "directory"
    provider: Provider


class ConfigurePractice(Command):
    """Set the profile; the same profile again changes nothing."""

    service: ClassVar[str] = "practice"
    profile: Profile


class ListProvider(Command):
    """Add or change one directory entry."""

    service: ClassVar[str] = "practice"
    provider: Provider


class GetProfile(Query):
    """The practice's profile, as anyone may see it."""

    service: ClassVar[str] = "practice"


class ProfileAnswer(Answer):
    """The profile, and whether support reads its mail right now (R58)."""

    profile: Profile
    support_open: bool
    support_opens_next: str | None


class GetProviders(Query):
    """The provider directory."""

    service: ClassVar[str] = "practice"


class ProvidersAnswer(Answer):
    """Providers by name."""

    providers: tuple[Provider, ...]
