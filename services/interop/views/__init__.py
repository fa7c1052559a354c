"""interop's read models, one module per kind of question."""

from __future__ import annotations

from services.interop.views.messages import BYTES, MESSAGES, SUMMARY
from services.interop.views.practice import PRACTICE

VIEWS = (BYTES, MESSAGES, SUMMARY, PRACTICE)
