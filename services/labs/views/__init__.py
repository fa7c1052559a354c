"""The read models of labs, each folded from its local log. One module per kind of reader."""

from __future__ import annotations

from services.labs.views.directory import DIRECTORY
from services.labs.views.missing import MISSINGS
from services.labs.views.order import ORDERS
from services.labs.views.orderer import ORDERERS
from services.labs.views.policy import POLICIES
from services.labs.views.reports import REPORTS
from services.labs.views.results import RESULTS

VIEWS = (DIRECTORY, MISSINGS, ORDERERS, ORDERS, POLICIES, REPORTS, RESULTS)
