"""What interop publishes: nothing. Results travel to their owner as commands, not as events."""

from __future__ import annotations

from kernel.publishing import Publisher
from services.interop.events.message import (
    MessageDiscarded,
    MessageHandedOver,
    MessageOpened,
    MessageReceived,
    MessageReopened,
    MessageSettled,
    PartReceived,
    PartsDiscarded,
)
from services.interop.events.sender import SenderMapped

PUBLISHER = Publisher("interop")
PUBLISHER.private(PartReceived, PartsDiscarded, MessageReceived, MessageSettled, MessageReopened)
PUBLISHER.private(MessageHandedOver, MessageOpened, MessageDiscarded, SenderMapped)
