"""A console with the pages of rules and of promises of time."""

from dataclasses import replace

from app.wiring import Desk
from console.rule_desk import RuleDesk
from console.services import ConsoleServices
from desk.automation.service import Rules
from desk.automation.staff import Staff
from desk.automation.tasks import Tasks
from desk.calendars.service import Calendars
from desk.sla.service import Sla


def with_rules(services: ConsoleServices, desk: Desk) -> ConsoleServices:
    """Return the console's collaborators with those of rules."""
    database, clock, policies = desk.database, desk.clock, desk.policies
    calendars = Calendars(database, clock, shop=lambda: policies.rules.opening_hours.hours())
    staff = Staff(teams=lambda: ("refunds",), has_mail=False)
    return replace(
        services,
        rule_desk=RuleDesk(
            sla=Sla(database, clock, calendars),
            calendars=calendars,
            rules=Rules(database, clock, staff=staff, is_open=policies.is_open),
            tasks=Tasks(database, clock),
        ),
    )
