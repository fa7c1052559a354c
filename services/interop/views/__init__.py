"""interop's read models, one module per kind of question."""

from __future__ import annotations

from services.interop.views.messages import MESSAGES, SUMMARY
from services.interop.views.practice import PRACTICE
from services.interop.views.senders import SENDERS
from services.interop.views.waiting import WAITING

VIEWS = (MESSAGES, SUMMARY, WAITING, PRACTICE, SENDERS)
