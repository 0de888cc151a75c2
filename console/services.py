"""What the console needs from the rest, handed over once."""

from dataclasses import dataclass

from analytics.insight.known import Insights
from analytics.offers.service import Offers
from analytics.segments.service import Segments
from console.campaign_pages import CampaignPages
from console.live import Live
from console.post_services import PostServices
from console.report_desk import ReportDesk
from console.rule_desk import RuleDesk
from console.ticket_desk import TicketDesk
from desk.access.access import Access
from desk.agentdesk.agents import Agents
from desk.canned import Canned
from desk.clock import Clock
from desk.commerce.service import Commerce
from desk.contacts.merging import Merging
from desk.contacts.service import Contacts
from desk.contacts.suppressing import Suppressions
from desk.contacts.timeline import Timeline
from desk.conversations.desk_view import DeskView
from desk.dead_letters import DeadLetters
from desk.feedback.service import Feedback
from desk.handoff.service import Handoff
from desk.health import Health
from desk.media.service import Media
from desk.tickets.service import Tickets
from desk.webhooks.service import OutgoingWebhooks


@dataclass(frozen=True, kw_only=True)
class ConsoleServices:
    """The console's collaborators.

    ``access`` says who may come in; ``public_url`` is how people reach the console from outside, where a proxy hides
    that from us.
    """

    view: DeskView
    media: Media
    handoff: Handoff
    agents: Agents
    tickets: Tickets
    feedback: Feedback
    commerce: Commerce
    dead_letters: DeadLetters
    clock: Clock
    access: Access
    public_url: str | None = None
    #: Without them there are no pages of contacts.
    contacts: Contacts | None = None
    merging: Merging | None = None
    timeline: Timeline | None = None
    #: Without it nobody sees to whom nothing may be sent.
    suppressions: Suppressions | None = None
    #: Without it pages ask for news now and then; with it they are told.
    live: Live | None = None
    canned: Canned | None = None
    health: Health | None = None
    #: Without it tickets have no views, merges, rules and clocks.
    ticket_desk: TicketDesk | None = None
    #: Without it there are no pages of webhooks that go out.
    webhooks: OutgoingWebhooks | None = None
    #: Without it there are no pages of reports.
    reports: ReportDesk | None = None
    #: Without it there are no pages of rules and of promises of time.
    rule_desk: RuleDesk | None = None
    #: Without it there are no pages of segments.
    segments: Segments | None = None
    #: Without it there are no pages of offers.
    offers: Offers | None = None
    #: Without it the page of a contact says nothing about value, needs and risk.
    insights: Insights | None = None
    #: Without it there are no pages of campaigns.
    campaigns: CampaignPages | None = None
    #: Without it there are no pages of social posts.
    posts: PostServices | None = None
