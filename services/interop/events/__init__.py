"""The private events of interop: its storage format. One module per aggregate."""

from __future__ import annotations

from kernel.codec import Codec
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

CODEC = Codec(
    {
        "PartReceived": PartReceived,
        "PartsDiscarded": PartsDiscarded,
        "MessageReceived": MessageReceived,
        "MessageSettled": MessageSettled,
        "MessageReopened": MessageReopened,
        "MessageHandedOver": MessageHandedOver,
        "MessageOpened": MessageOpened,
        "MessageDiscarded": MessageDiscarded,
        "SenderMapped": SenderMapped,
    }
)
