"""The letters: subject, plain text and HTML from templates, made into one MIME message.

A letter names no test, no value and no clinic matter: e-mail is a postcard. Every text and number
in it comes from the practice's profile or the templates.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from contracts.identity import MayNotifyAnswer
from contracts.identity.security import Notice
from contracts.notifier import Kind
from contracts.practice import Phone, Profile

_POLICY = SMTP.clone(cte_type="7bit", raise_on_defect=True)
_POLICY_UTF8 = _POLICY.clone(utf8=True)  # only for an address that is not ASCII
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


_PAGES: Final[dict[Kind | Notice, str]] = {
    "invitation": "/invitation/{link}",
    "password-reset": "/reset/{link}",
    "address-old": "/confirm-address/{link}",
    "address-new": "/confirm-address/{link}",
    "patient-address": "/confirm-address/{link}",
    "security-changed": "/security",
    "relation-changed": "/connections",
    "turns-12-soon": "/connections",
    "turned-12": "/connections",
    "turns-18-soon": "/connections",
    "turned-18": "/connections",
}
"""The page that a letter leads to; the others lead to the portal, or nowhere."""


class BadAddress(ValueError):
    """No mail can go to this address: it is not one address, or not one at all."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered letter: one line, plain text, and the same as HTML."""

    subject: str
    text: str
    html: str


def tel(number: str) -> str:
    """A `tel:` link to a number as people write it (R61); North American unless it has a plus."""
    digits = re.sub(r"\D", "", number)
    if number.strip().startswith("+"):
        return f"tel:+{digits}"
    return f"tel:+{digits}" if len(digits) == 11 and digits[0] == "1" else f"tel:{digits}"


_TEMPLATES.filters["tel"] = tel


def render(kind: Kind | Notice, profile: Profile, leave: MayNotifyAnswer) -> Letter:
    """Fill the templates of a kind. `leave` is identity's leave to write, with the given name."""
    portal = profile.portal_url.rstrip("/")
    facts = {
        "practice": profile,
        "given": " ".join(leave.given.split()),
        "phone": _phone(profile, "registration" if kind == "invitation" else "help"),
        "portal": portal,
        "link": portal + _PAGES.get(kind, "").format(link=leave.link),
        "help": f"{portal}/help",
        "code": leave.code,
    }
    subject, text, html = (
        _TEMPLATES.get_template(f"{kind}.{part}").render(facts)
        for part in ("subject.txt", "txt", "html")
    )
    return Letter(" ".join(subject.split()), text, html)


def compose(
    letter: Letter, profile: Profile, address: str, email: str, at: datetime, trace: str | None
) -> EmailMessage:
    """The MIME message of a letter, with the same Message-ID each time it is tried (decision n).

    `email` is the e-mail's own id, `trace` the stored traceparent. Raises `BadAddress`.
    """
    recipient, sender = parse(address), parse(profile.support_email)
    message = EmailMessage(_POLICY if address.isascii() else _POLICY_UTF8)
    message["From"] = Address(" ".join(profile.name.split()), addr_spec=sender.addr_spec)
    message["To"] = recipient
    message["Subject"] = letter.subject
    message["Date"] = at
    message["Message-ID"] = message_id(email, sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if found := _TRACEPARENT.match(trace or ""):
        message["X-Trace"] = found.group(1)
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def parse(address: str) -> Address:
    """One address, ready for a header and for the envelope; a domain not in ASCII becomes IDNA.

    Raises `BadAddress` for two addresses, line breaks, or anything else that is not an address.
    """
    if not address.isprintable() or any(c in address for c in ' ,;<>"\\'):
        raise BadAddress("not an address")
    local, _, domain = address.rpartition("@")
    try:
        parsed = Address(username=local, domain=domain.encode("idna").decode("ascii"))
    except (HeaderParseError, ValueError, IndexError):
        raise BadAddress("not an address") from None
    if not (parsed.username and "." in parsed.domain) or "@" in parsed.username:
        raise BadAddress("not an address")
    return parsed


def message_id(email: str, domain: str) -> str:
    """The stable Message-ID of an e-mail: tells nothing about what it is."""
    return f"<{hashlib.sha256(email.encode()).hexdigest()[:40]}@{domain}>"


def _phone(profile: Profile, purpose: str) -> Phone | None:
    return next((phone for phone in profile.phones if phone.purpose == purpose), None)
