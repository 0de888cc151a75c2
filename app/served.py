"""What pages and addresses get of a desk."""

from analytics.campaigns.listing import CampaignListing
from app.wiring import Desk
from console.api.services import ApiServices
from console.campaign_pages import CampaignPages
from console.post_services import PostServices
from console.services import ConsoleServices
from desk.canned import Canned
from desk.contacts.editing import ContactEditing
from desk.contacts.merging import Merging
from desk.contacts.service import Contacts
from desk.contacts.timeline import Timeline
from desk.conversations.desk_view import DeskView
from desk.dead_letters import DeadLetters
from desk.health import Health
from desk.listing.service import Listing


def console_services(desk: Desk) -> ConsoleServices:
    """Return what the console needs."""
    return ConsoleServices(
        view=DeskView(
            desk.database,
            rules=lambda: desk.rules.rules,
            promised=desk.settings.handoff_patience,
        ),
        media=desk.media,
        handoff=desk.handoff,
        agents=desk.agents,
        contacts=Contacts(desk.database),
        merging=Merging(desk.database, desk.clock),
        tickets=desk.tickets,
        feedback=desk.feedback,
        commerce=desk.commerce,
        dead_letters=DeadLetters(database=desk.database, signals=desk.signals, clock=desk.clock),
        clock=desk.clock,
        access=desk.access,
        public_url=desk.settings.public_url,
        timeline=Timeline(desk.database),
        suppressions=desk.opting.suppressions,
        live=desk.service.live,
        canned=Canned(desk.database, desk.clock, lambda: desk.rules.rules),
        health=Health(desk.database, desk.clock),
        ticket_desk=desk.service.tickets,
        webhooks=desk.service.webhooks,
        reports=desk.service.reports,
        rule_desk=desk.service.rules.desk,
        segments=desk.insight.segments,
        offers=desk.offers.offers,
        insights=desk.insight.insights,
        campaigns=CampaignPages(
            campaigns=desk.campaigns.campaigns,
            trying=desk.campaigns.trying,
            trials=desk.campaigns.trials,
            estimates=desk.campaigns.estimates,
            segments=desk.insight.segments,
            watching=desk.campaigns.watching,
            monthly=desk.campaigns.monthly,
            results=desk.campaigns.results,
        ),
        posts=PostServices(posts=desk.posts.posts, week=desk.posts.week),
    )


def api_services(desk: Desk) -> ApiServices:
    """Return what the API needs."""
    return ApiServices(
        database=desk.database,
        principal_of=desk.access.tokens.principal_of,
        tickets=desk.tickets,
        ticket_merging=desk.service.tickets.merging,
        handoff=desk.handoff,
        contacts=Contacts(desk.database),
        editing=ContactEditing(desk.clock),
        agents=desk.agents,
        listing=Listing(desk.database),
        media=desk.media,
        campaigns=desk.campaigns.campaigns,
        campaign_listing=CampaignListing(desk.database),
        estimates=desk.campaigns.estimates,
        results=desk.campaigns.results,
        offers=desk.offers.offers,
        recommender=desk.offers.recommender,
        clock=desk.clock,
        rate=desk.settings.api_rate,
    )
