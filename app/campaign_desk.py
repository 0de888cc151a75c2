"""Campaigns put together: what marketers do, what sends, what moves on, and who is told what comes back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from analytics.campaigns.answers import Deliveries
from analytics.campaigns.clicks import Clicks
from analytics.campaigns.composing import Composer
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.early import EarlyReports
from analytics.campaigns.estimate import Estimates
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.marks import Marks
from analytics.campaigns.monthly import Monthly
from analytics.campaigns.origin import Origin
from analytics.campaigns.ranking import Ranking
from analytics.campaigns.ranking_freeze import Ranks
from analytics.campaigns.results import Results
from analytics.campaigns.service import Campaigns
from analytics.campaigns.telling import Teller
from analytics.campaigns.trial import Trials
from analytics.campaigns.trying import Trying
from analytics.campaigns.wake import Wake
from analytics.campaigns.watching import Watching
from analytics.segments.people import Reading
from desk.channel import Channel
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.message import StatusUpdate
from desk.store.database import Database

type Report = Callable[[StatusUpdate], Awaitable[bool]]


@dataclass(frozen=True, kw_only=True)
class CampaignDesk:
    """What pages and commands ask, and the loops by name: those that send, and those that wait for a time."""

    campaigns: Campaigns
    estimates: Estimates
    trying: Trying
    trials: Trials
    watching: Watching
    monthly: Monthly
    results: Results
    clicks: Clicks
    report: Report
    origin: Origin
    work: Mapping[str, Callable[[], Awaitable[object]]]
    time: Mapping[str, Callable[[], Awaitable[object]]]


def estimates(
    database: Database,
    clock: Clock,
    channels: Mapping[str, Channel],
    prices: Mapping[str, float],
    ranking: Ranking,
) -> Estimates:
    """Return what tells beforehand what would become of a plan; prices are dollars."""
    micros = {name: round(price * 1_000_000) for name, price in prices.items()}
    return Estimates(database, clock, channels, prices=micros, ranking=ranking)


def build(
    *,
    secret: str,
    public_url: str | None,
    database: Database,
    clock: Clock,
    channels: Mapping[str, Channel],
    states: ChannelStates,
    ways_out: UnsubscribeLinks,
    suppressions: Suppressions,
    report: Report,
    reading: Reading,
    prices: Mapping[str, float],
    folder: Path,
) -> CampaignDesk:
    """Build it. ``report`` hears about deliveries that are no campaign's, ``reading`` opens the engine.

    ``folder`` is this machine's own: there stands how far the database was.
    """
    ranking = Ranking(reading)
    deliveries = Deliveries(database, clock, suppressions)
    early = EarlyReports(database, clock, deliveries)
    links = TrackedLinks(secret, public_url=public_url)
    composer = Composer(
        database=database,
        channels=channels,
        links=links,
        ways_out=ways_out,
        suppressions=suppressions,
        teller=Teller(database, clock),
    )
    origin = Origin(database, clock, Marks(folder))
    dispatcher = Dispatcher(
        database=database,
        channels=channels,
        states=states,
        composing=composer,
        clock=clock,
        origin=origin,
    )

    async def both(update: StatusUpdate) -> bool:
        ours = await deliveries.report(update)
        if ours or await report(update):
            return True
        if ours is None:
            await early.keep(update)
        return False

    return CampaignDesk(
        campaigns=Campaigns(database, clock, ranking=ranking),
        estimates=estimates(database, clock, channels, prices, ranking),
        trying=Trying(
            database,
            clock,
            channels=channels,
            ways_out=ways_out,
            links=links,
            ranking=ranking,
        ),
        trials=Trials(
            database, clock, channels=channels, ways_out=ways_out, suppressions=suppressions
        ),
        watching=Watching(database, clock),
        monthly=Monthly(database, clock),
        results=Results(database, clock),
        clicks=Clicks(database, clock, links),
        report=both,
        origin=origin,
        work={"campaigns": dispatcher.run},
        time={
            "campaign_clock": Wake(
                database, clock, suppressions, ranks=Ranks(database, clock, ranking)
            ).run,
            "early_reports": early.run,
        },
    )
