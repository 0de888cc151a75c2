"""Opting out put together: who obeys STOP, the links of messages, and the page behind them."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import BaseRoute

from console.pages import unsubscribe
from console.pages.unsubscribe import UnsubscribePages
from desk.clock import Clock
from desk.contacts.opt_outs import OptOuts
from desk.contacts.opting import CampaignOf, OptingOut, no_campaign
from desk.contacts.preferences import Preferences
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.conversations.surveys import Answers
from desk.store.database import Database


@dataclass(frozen=True, kw_only=True)
class OptingDesk:
    """What belongs to opting out; ``answers`` hears first what customers write."""

    suppressions: Suppressions
    answers: OptingOut
    opt_outs: OptOuts
    links: UnsubscribeLinks
    preferences: Preferences
    clock: Clock
    shop: Callable[[str], str]

    def routes(self) -> list[BaseRoute]:
        """Return the page to which the links lead."""
        pages = UnsubscribePages(
            preferences=self.preferences, links=self.links, clock=self.clock, shop=self.shop
        )
        return unsubscribe.routes(pages)


def build(
    *,
    secret: str,
    public_url: str | None,
    database: Database,
    clock: Clock,
    answers: Answers,
    shop: Callable[[str], str],
    campaign_of: CampaignOf = no_campaign,
) -> OptingDesk:
    """Build it. ``answers`` hears what is nothing to us; ``campaign_of`` tells which campaign somebody answers."""
    suppressions = Suppressions(database, clock, secret)
    return OptingDesk(
        suppressions=suppressions,
        answers=OptingOut(suppressions, answers, campaign_of=campaign_of),
        opt_outs=OptOuts(database, clock, suppressions, campaign_of=campaign_of),
        links=UnsubscribeLinks(secret, public_url=public_url),
        preferences=Preferences(database, clock, suppressions),
        clock=clock,
        shop=shop,
    )
