"""Builds rules and promises of time: what pages and commands ask, and what runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.rule_desk import RuleDesk
from desk.agentdesk.rules import Rulebook
from desk.automation import listener as automation
from desk.automation.doing import Doer
from desk.automation.listener import RuleListener
from desk.automation.mail import OutgoingMail
from desk.automation.ports import TicketDesk, Webhooks
from desk.automation.runner import RuleRunner
from desk.automation.service import Rules
from desk.automation.staff import Staff
from desk.automation.tasks import Tasks
from desk.calendars.service import Calendars
from desk.channel import Channel
from desk.clock import Clock
from desk.commerce.hours import Hours
from desk.commerce.policies import Policies
from desk.conversations.service import Conversations
from desk.follow import Follower
from desk.signals import Signals
from desk.sla import keeper
from desk.sla.keeper import ClockKeeper
from desk.sla.service import Sla
from desk.sla.watch import SlaWatch
from desk.store.database import Database


@dataclass(frozen=True, kw_only=True)
class RuleParts:
    """What runs. Each has ``run`` and ``step``; any number of processes may run them."""

    desk: RuleDesk
    #: Moves clocks as events tell, then warns and marks breaches.
    clocks: Follower
    watch: SlaWatch
    #: Writes down which rules events and time set off, then does what they say.
    events: Follower
    waits: RuleListener
    runner: RuleRunner


def desk(
    database: Database, clock: Clock, policies: Policies, rules: Rulebook, *, has_mail: bool
) -> RuleDesk:
    """Return what pages and commands ask."""
    calendars = Calendars(
        database,
        clock,
        shop=lambda: policies.rules.opening_hours.hours(),
        teams=lambda: _team_hours(rules),
    )
    return RuleDesk(
        sla=Sla(database, clock, calendars),
        calendars=calendars,
        rules=Rules(database, clock, staff=_staff(rules, has_mail), is_open=policies.is_open),
        tasks=Tasks(database, clock),
    )


def build(
    database: Database,
    clock: Clock,
    *,
    policies: Policies,
    rules: Rulebook,
    tickets: TicketDesk,
    conversations: Conversations,
    signals: Signals,
    mail: Channel | None = None,
    webhooks: Webhooks | None = None,
) -> RuleParts:
    """Tie rules and clocks to the desk. Without ``mail`` and ``webhooks`` rules that want them are refused."""
    asked = desk(database, clock, policies, rules, has_mail=mail is not None)
    post = (
        OutgoingMail(conversations, clock, channel=mail.name, account=mail.account)
        if mail
        else None
    )
    waits = RuleListener(database=database, clock=clock, is_open=policies.is_open)
    doer = Doer(
        tickets=tickets,
        conversations=conversations,
        staff=_staff(rules, post is not None),
        webhooks=webhooks,
        post=post,
    )
    return RuleParts(
        desk=asked,
        clocks=Follower(
            keeper.READER,
            ClockKeeper(asked.calendars).handle,
            database=database,
            clock=clock,
            # There were no promises before: old tickets get no clocks.
            from_start=False,
        ),
        watch=SlaWatch(
            database=database, mirror=conversations.mirror, clock=clock, mention=rules.mention
        ),
        events=Follower(
            automation.READER, waits.handle, database=database, clock=clock, from_start=False
        ),
        waits=waits,
        runner=RuleRunner(
            database=database,
            clock=clock,
            doer=doer,
            is_open=policies.is_open,
            signals=signals,
        ),
    )


def _staff(rules: Rulebook, has_mail: bool) -> Staff:
    return Staff(teams=lambda: tuple(rules.rules.teams), has_mail=has_mail)


def _team_hours(rules: Rulebook) -> Mapping[str, Hours]:
    return {
        name: team.opening_hours.hours()
        for name, team in rules.rules.teams.items()
        if team.opening_hours is not None
    }
