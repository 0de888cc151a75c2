"""Feedback put together: who is asked, what is answered, the page behind links, and the loops."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.routing import BaseRoute

from console.pages import rate
from console.pages.rate import RatePages
from desk.agentdesk.mirror import DeskMirror
from desk.agentdesk.rules import Rulebook
from desk.channel import Channel
from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.conversations.service import Conversations
from desk.dialogue.port import Reads
from desk.feedback.answers import Answers
from desk.feedback.comment_reader import CommentReader
from desk.feedback.doors import Doors
from desk.feedback.hours import Hours
from desk.feedback.links import SurveyLinks
from desk.feedback.nps_plan import NpsPlan
from desk.feedback.rules import FeedbackRules
from desk.feedback.service import Feedback
from desk.feedback.surveyor import Surveyor
from desk.feedback.ticket_plan import TicketPlan
from desk.follow import Follower
from desk.signals import Signals
from desk.store.database import Database
from desk.tickets.service import Tickets


@dataclass(frozen=True, kw_only=True)
class Surveys:
    """What belongs to feedback; ``feedback`` and ``answers`` are needed before there are conversations."""

    feedback: Feedback
    answers: Answers
    links: SurveyLinks
    policies: Policies
    database: Database
    clock: Clock

    def routes(self) -> list[BaseRoute]:
        """Return the page on which customers rate by a link."""
        pages = RatePages(
            feedback=self.feedback,
            links=self.links,
            clock=self.clock,
            shop=lambda language: self.policies.rules.shop.name.get(language),
        )
        return rate.routes(pages)

    def loops(
        self, *, conversations: Conversations, reads: Reads, signals: Signals
    ) -> Mapping[str, Callable[[], Awaitable[object]]]:
        """Return what must run somewhere: asking what is due, planning, reading comments."""
        hours = Hours(lambda: self.policies.zone)
        gate, rules = self.feedback.gate, self.feedback.rules
        surveyor = Surveyor(
            database=self.database,
            conversations=conversations,
            gate=gate,
            rules=rules,
            hours=hours,
            links=self.links,
            signals=signals,
            clock=self.clock,
        )
        plan = NpsPlan(
            database=self.database, gate=gate, rules=rules, hours=hours, clock=self.clock
        )
        tickets = Follower(
            "ticket-surveys",
            TicketPlan(rules=rules, clock=self.clock).handle,
            database=self.database,
            clock=self.clock,
            from_start=False,
        )
        reader = CommentReader(database=self.database, reads=reads, clock=self.clock)
        return {
            "surveys": surveyor.run,
            "nps": plan.run,
            "ticket surveys": tickets.run,
            "comments": reader.run,
        }


def build(
    *,
    secret: str,
    public_url: str | None,
    database: Database,
    clock: Clock,
    tickets: Tickets,
    rulebook: Rulebook,
    policies: Policies,
    channels: Mapping[str, Channel],
    mirror: DeskMirror | None,
) -> Surveys:
    """Build what the rest is built with."""
    links = SurveyLinks(secret, public_url=public_url, clock=clock)

    def rules() -> FeedbackRules:
        return rulebook.rules.feedback

    feedback = Feedback(
        database,
        clock,
        tickets,
        rules=rules,
        doors=Doors(channels),
        links=links,
        alert=mirror,
    )
    return Surveys(
        feedback=feedback,
        answers=Answers(feedback.keeper, rules),
        links=links,
        policies=policies,
        database=database,
        clock=clock,
    )
