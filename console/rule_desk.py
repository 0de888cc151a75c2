"""What the pages of rules, promises of time and calendars need."""

from dataclasses import dataclass

from desk.automation.service import Rules
from desk.automation.tasks import Tasks
from desk.calendars.service import Calendars
from desk.sla.service import Sla


@dataclass(frozen=True, kw_only=True)
class RuleDesk:
    """Collaborators of the pages."""

    sla: Sla
    calendars: Calendars
    rules: Rules
    tasks: Tasks
