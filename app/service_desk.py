"""The service desk put together: what pages, the API and commands ask of it, and what runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from starlette.routing import BaseRoute

from analytics.reports import rollup
from analytics.reports.business import business_of
from analytics.reports.charts import Charts
from analytics.reports.service import Reports
from app import rule_desk
from app.rule_desk import RuleParts
from console.live import Live
from console.pages import customer_ticket
from console.pages.customer_ticket import CustomerPages
from console.report_desk import ReportDesk
from console.ticket_desk import TicketDesk
from desk.agentdesk.rules import Rulebook
from desk.assignment.rules import TicketRules
from desk.assignment.service import Assignment
from desk.assignment.skills import Skills
from desk.calendars.model import Calendar
from desk.channel import Channel
from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.conversations.presence import Presence
from desk.conversations.pulse import Pulse
from desk.conversations.service import Conversations
from desk.follow import Follower
from desk.signals import Signals
from desk.sla import repository as clocks
from desk.store.database import Database
from desk.tickets.customer import CustomerTickets
from desk.tickets.links import TicketLinks
from desk.tickets.merging import TicketMerging
from desk.tickets.service import Tickets
from desk.tickets.talking import TicketTalk
from desk.tickets.views import Views
from desk.webhooks.post import Post
from desk.webhooks.sender import Sender
from desk.webhooks.service import OutgoingWebhooks
from desk.webhooks.sweep import WebhookSweep
from desk.webhooks.telling import Telling

type Loop = Callable[[], Awaitable[object]]

_CLOSING = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class ServiceDesk:
    """What pages ask, and the loops by name: those that do work, and those that wait for a time."""

    rules: RuleParts
    tickets: TicketDesk
    reports: ReportDesk
    webhooks: OutgoingWebhooks
    live: Live
    #: Pages for customers, without an account.
    public: Callable[[], list[BaseRoute]]
    work: Mapping[str, Loop]
    time: Mapping[str, Loop]


def build(
    database: Database,
    clock: Clock,
    *,
    secret: str,
    public_url: str | None,
    allow_private: bool,
    policies: Policies,
    rulebook: Rulebook,
    tickets: Tickets,
    conversations: Conversations,
    signals: Signals,
    mail: Channel | None,
) -> ServiceDesk:
    """Build it. ``allow_private`` lets webhooks call addresses of our own network."""
    post = Post(allow_private=allow_private)
    webhooks = OutgoingWebhooks(database=database, post=post, secret=secret, clock=clock)
    rules = rule_desk.build(
        database,
        clock,
        policies=policies,
        rules=rulebook,
        tickets=tickets,
        conversations=conversations,
        signals=signals,
        mail=mail,
        webhooks=webhooks,
    )
    assignment = Assignment(database, clock, grace=lambda: rulebook.rules.return_after)
    links = TicketLinks(secret, public_url=public_url, clock=clock)
    talk = TicketTalk(tickets=tickets, conversations=conversations, links=links, clock=clock)
    presence = Presence(database, clock)
    opening = Calendar(name="opening hours", hours=policies.rules.opening_hours.hours())
    readers = (
        rules.clocks,
        rules.events,
        *(
            # What happened before they were there is not given out, told or sent again.
            Follower(name, handle, database=database, clock=clock, from_start=False)
            for name, handle in (
                ("assignment", assignment.handle),
                ("ticket-talk", talk.handle),
                ("webhooks", Telling(clock).handle),
            )
        ),
        rollup.follower(database, clock, business_of(opening)),
    )
    sender = Sender(database=database, post=post, secret=secret, clock=clock)
    return ServiceDesk(
        rules=rules,
        tickets=TicketDesk(
            views=Views(database, clock),
            merging=TicketMerging(database, clock),
            rules=TicketRules(database, clock),
            skills=Skills(database, clock),
            clocks=rules.desk.sla,
            overdue=clocks.overdue(),
            teams=lambda: tuple(rulebook.rules.teams),
        ),
        reports=ReportDesk(reports=Reports(database), charts=Charts(), zone=lambda: policies.zone),
        public=lambda: customer_ticket.public_routes(
            CustomerPages(
                tickets=CustomerTickets(database, clock, tickets),
                links=links,
                clock=clock,
                zone=ZoneInfo(policies.zone),
                public_url=public_url,
            )
        ),
        webhooks=webhooks,
        live=Live(
            pulse=Pulse(database=database, signals=signals, presence=presence), presence=presence
        ),
        work={
            **{f"reader {reader.name}": reader.run for reader in readers},
            "rules": rules.runner.run,
            "webhooks": sender.run,
        },
        time={
            "assignment": assignment.run,
            "promises": rules.watch.run,
            "waits": rules.waits.run,
            "settled tickets": lambda: _every(_CLOSING, tickets.close_settled),
            "webhook sweep": WebhookSweep(database, clock).run,
        },
    )


async def _every(pause: timedelta, work: Loop) -> None:
    while True:
        await work()
        await asyncio.sleep(pause.total_seconds())
