"""Social posts put together: what people do with them, what publishes, and what collects figures."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from analytics.posts.measuring import Measuring
from analytics.posts.places import Places
from analytics.posts.publisher import Publisher, Trusted
from analytics.posts.service import Posts
from analytics.posts.week import Week
from desk.channel import Channel
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.media.service import Media
from desk.outbox.limits import Limits
from desk.store.database import Database


@dataclass(frozen=True, kw_only=True)
class PostDesk:
    """What pages and commands ask, and the loops of a worker by name."""

    posts: Posts
    week: Week
    work: Mapping[str, Callable[[], Awaitable[object]]]


def build(
    *,
    database: Database,
    clock: Clock,
    channels: Mapping[str, Channel],
    states: ChannelStates,
    media: Media,
    zone: str,
    trusted: Trusted,
) -> PostDesk:
    """Build it; ``zone`` is that of the shop. ``trusted`` says whether the database is not one that was restored."""
    places = Places(channels)
    publisher = Publisher(
        database=database,
        places=places,
        limits=Limits({name: channel.pace for name, channel in channels.items()}),
        states=states,
        load=media.loaded,
        clock=clock,
        trusted=trusted,
    )
    measuring = Measuring(database=database, places=places, states=states, clock=clock)
    return PostDesk(
        posts=Posts(database, clock, places, zone=ZoneInfo(zone)),
        week=Week(database, clock, zone=ZoneInfo(zone)),
        work={"posts": publisher.run, "post_figures": measuring.run},
    )
