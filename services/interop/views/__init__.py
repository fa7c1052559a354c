"""interop's read models, one module per kind of question."""

from __future__ import annotations

from services.interop.views.messages import BYTES, MESSAGES, SUMMARY
from services.interop.views.practice import PRACTICE
from services.interop.views.senders import SENDERS

VIEWS = (BYTES, MESSAGES, SUMMARY, PRACTICE, SENDERS)
