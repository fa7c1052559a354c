"""Patient keys: one data key per owner, wrapped by the service's key-encryption key.

They live in a database of their own, with its own backups, so that destroying one key makes
that patient's events unreadable in every copy of the log (crypto-shredding).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from kernel.codec import Cipher
from kernel.store.port import Ask, Database, Op

NONCE = 12
KEY_BYTES = 32
REMEMBERED = 50_000

METADATA = sa.MetaData()
DATA_KEY = sa.Table(
    "data_key",
    METADATA,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=True),
)
_ADD = Op(sa.insert(DATA_KEY))
_DESTROY = Op(
    sa.update(DATA_KEY).where(DATA_KEY.c.owner == sa.bindparam("who")).values(wrapped=None)
)
_KEY = Ask(sa.select(DATA_KEY).where(DATA_KEY.c.owner == sa.bindparam("owner")))


class _Aes:
    """One key. The cipher is made anew each time: that takes 1 µs, and kept it would take 2.6 KB."""

    __slots__ = ("key",)

    def __init__(self, key: bytes) -> None:
        self.key = key

    def encrypt(self, data: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, data, bound_to)

    def decrypt(self, data: bytes, bound_to: bytes) -> bytes:
        return AESGCM(self.key).decrypt(data[:NONCE], data[NONCE:], bound_to)


class KeyRing:
    """The data keys that this process has needed so far. `get` is synchronous after `load`."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._db = database
        self._kek = HKDF(SHA256(), KEY_BYTES, None, b"patient data keys").derive(secret)
        self._known: dict[str, _Aes | None] = {}
        self._unsaved: dict[str, _Aes] = {}

    async def load(self, owners: Iterable[str], create: bool = False) -> None:
        """Bring these owners' keys into memory; with `create`, make the missing ones.

        A new key is durable only after `save`, which must come before what is sealed with it.
        """
        if len(self._known) > REMEMBERED:
            self._known = dict(self._unsaved)
        for owner in {o for o in owners if o not in self._known}:
            rows = await self._db.fetch(_KEY, owner=owner)
            if rows:
                wrapped = rows[0]["wrapped"]
                self._known[owner] = _Aes(aes_key_unwrap(self._kek, wrapped)) if wrapped else None
            elif create:
                self._known[owner] = self._unsaved[owner] = _Aes(AESGCM.generate_key(KEY_BYTES * 8))

    async def save(self) -> None:
        """Make new keys durable, all at once."""
        if self._unsaved:
            saving = dict(self._unsaved)
            rows = [
                _ADD(owner=o, wrapped=aes_key_wrap(self._kek, k.key)) for o, k in saving.items()
            ]
            try:
                await self._db.commit(rows)
            except BaseException:
                # Perhaps they are stored, or another writer's are: they must be read again.
                for owner in saving:
                    self._known.pop(owner, None)
                raise
            finally:
                for owner in saving:
                    self._unsaved.pop(owner, None)

    def get(self, owner: str) -> Cipher | None:
        """The owner's cipher; None when the key was destroyed or never made."""
        return self._known.get(owner)

    def has(self, owner: str) -> bool:
        """Whether `load` has already looked for this owner."""
        return owner in self._known

    async def destroy(self, owner: str) -> None:
        """Destroy the key for good: the owner's events can never be read again."""
        await self._db.commit([_DESTROY(who=owner)])
        await self._db.scrub()
        self._known[owner] = None
