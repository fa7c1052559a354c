"""The private events of practice. Their names and fields are its storage format."""

from __future__ import annotations

from kernel.codec import Codec
from services.practice.events.profile import ProfileSet
from services.practice.events.provider import ProviderEntered

CODEC = Codec({"ProfileSet": ProfileSet, "ProviderEntered": ProviderEntered})
