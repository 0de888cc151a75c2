"""What the API needs from the rest, handed over once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from analytics.campaigns.estimate import Estimates
from analytics.campaigns.listing import CampaignListing
from analytics.campaigns.results import Results
from analytics.campaigns.service import Campaigns
from analytics.offers.recommender import Recommender
from analytics.offers.service import Offers
from desk.access.policy import Principal
from desk.agentdesk.agents import Agents
from desk.clock import Clock
from desk.contacts.editing import ContactEditing
from desk.contacts.service import Contacts
from desk.handoff.service import Handoff
from desk.listing.service import Listing
from desk.media.service import Media
from desk.store.database import Database
from desk.tickets.merging import TicketMerging
from desk.tickets.service import Tickets

type PrincipalOf = Callable[[str], Awaitable[Principal | None]]
"""Returns whose token this is; None for one that is not good, or not any more."""


@dataclass(frozen=True, kw_only=True)
class ApiServices:
    """The API's collaborators; ``rate`` is how fast one token may ask."""

    database: Database
    principal_of: PrincipalOf
    tickets: Tickets
    ticket_merging: TicketMerging
    handoff: Handoff
    contacts: Contacts
    editing: ContactEditing
    agents: Agents
    listing: Listing
    media: Media
    campaigns: Campaigns
    campaign_listing: CampaignListing
    estimates: Estimates
    results: Results
    offers: Offers
    recommender: Recommender
    clock: Clock
    rate: str = "600/minute"
