"""The private events of interop: its storage format. One module per aggregate."""

from __future__ import annotations

from kernel.codec import Codec
from services.interop.events.message import (
    MessageReceived,
    MessageReopened,
    MessageSettled,
    PartReceived,
    PartsDiscarded,
)

CODEC = Codec(
    {
        "PartReceived": PartReceived,
        "PartsDiscarded": PartsDiscarded,
        "MessageReceived": MessageReceived,
        "MessageSettled": MessageSettled,
        "MessageReopened": MessageReopened,
    }
)
