"""Events as stored: registered names, JSON, and the patient's key around what is about a patient.

A private event is a frozen dataclass. If any of its fields is `Phi[...]`, its class names the
field that owns the key (`OWNER`), and the whole payload is stored as AES-256-GCM under that
owner's key, bound to the event's id and name. Unknown names are kept and read as `Unknown`;
an event whose key was destroyed reads as `Erased`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from pydantic import TypeAdapter, ValidationError

from kernel.envelope import PublishedEvent
from kernel.events import KERNELS_OWN
from kernel.phi import phi_fields

TOMBSTONE = b"null"
"""What is logged of a heard event whose patient's key its source had destroyed."""

Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class Cipher(Protocol):
    """Encrypts and decrypts under one owner's key."""

    def encrypt(self, data: bytes, bound_to: bytes) -> bytes:
        """Nonce and ciphertext."""

    def decrypt(self, data: bytes, bound_to: bytes) -> bytes:
        """Undo `encrypt`."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a name that this version does not know: kept, and skipped by every fold."""

    name: str


@dataclass(frozen=True, slots=True)
class Erased:
    """An event whose patient's key was destroyed."""

    name: str


class Encoded(NamedTuple):
    """A private event ready to be stored. `owner` is None when nothing in it is about a patient."""

    name: str
    owner: str | None
    data: bytes


class Codec:
    """The private events of one service (`events`) and of the kernel, and the published ones it hears.

    `upcasts` maps an old registered name to (new name, function over the old JSON object).
    """

    def __init__(
        self, events: Mapping[str, type], upcasts: Mapping[str, tuple[str, Upcast]] | None = None
    ) -> None:
        self.events = dict(events)
        self._upcasts = dict(upcasts or {})
        self._stored = {**KERNELS_OWN, **events}
        self._kinds: dict[str, type] = dict(self._stored)
        self._names = {kind: name for name, kind in self._stored.items()}
        self._adapters: dict[str, TypeAdapter[Any]] = {
            name: TypeAdapter(kind) for name, kind in self._stored.items()
        }
        self._owners = {kind: _owner_field(kind) for kind in self._stored.values()}

    def hear(self, contracts: Iterable[type[PublishedEvent]]) -> None:
        """Also read these published events, stored as `<service>.<Name>`."""
        for contract in contracts:
            self._adapters[heard_name(contract)] = TypeAdapter(contract)
            self._kinds[heard_name(contract)] = contract

    def names_of(self, kinds: Collection[type]) -> frozenset[str]:
        """The stored names, old ones too, of events of these types."""
        return frozenset(
            name
            for name in (*self._adapters, *self._upcasts)
            if self._kinds.get(self._newest(name)) in kinds
        )

    def encode(self, event: Any) -> Encoded:
        """Name, owner and JSON of a private event."""
        kind = type(event)
        name = self._names[kind]
        field = self._owners[kind]
        owner = getattr(event, field) if field else None
        return Encoded(name, owner, self._adapters[name].dump_json(event))

    def decode(self, name: str, data: bytes) -> Any:
        """The event that `encode` (or a published envelope) stored."""
        if data == TOMBSTONE:
            return Erased(name)
        while name in self._upcasts:
            name, data = self._upcast(name, data)
        adapter = self._adapters.get(name)
        if adapter is None:
            return Unknown(name)
        try:
            return adapter.validate_json(data, extra="ignore")
        except ValidationError:
            if name in self._stored:
                raise  # our own event: the log is damaged, or a type was changed
            return Unknown(name)

    def _newest(self, name: str) -> str:
        while name in self._upcasts:
            name = self._upcasts[name][0]
        return name

    def _upcast(self, name: str, data: bytes) -> tuple[str, bytes]:
        import json

        newer, change = self._upcasts[name]
        return newer, json.dumps(change(json.loads(data))).encode()


def heard_name(contract: type[PublishedEvent]) -> str:
    """The registered name under which a heard event is logged."""
    return f"{contract.service}.{contract.__name__}"


def seal(cipher: Cipher, id: str, name: str, data: bytes) -> bytes:
    """Encrypt a payload; it opens only as this event of this name."""
    return cipher.encrypt(data, f"{id}|{name}".encode())


def unseal(cipher: Cipher, id: str, name: str, data: bytes) -> bytes:
    """Undo `seal`; raises cryptography's InvalidTag when the row was moved or edited."""
    return cipher.decrypt(data, f"{id}|{name}".encode())


def _owner_field(kind: type) -> str | None:
    """The field that names whose key seals the event: OWNER, else `patient` where there is one."""
    owner: str | None = getattr(kind, "OWNER", None)
    if owner is None and "patient" in getattr(kind, "__dataclass_fields__", ()):
        owner = "patient"
    if owner is None and phi_fields(kind):
        raise TypeError(f"{kind.__name__} holds patient data and names no OWNER field")
    return owner
