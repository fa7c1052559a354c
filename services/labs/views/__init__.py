"""The read models of labs, each folded from its local log. One module per kind of reader."""

from __future__ import annotations

from services.labs.views.directory import DIRECTORY
from services.labs.views.reports import REPORTS
from services.labs.views.results import RESULTS

VIEWS = (DIRECTORY, REPORTS, RESULTS)
