"""Posts over a real database and the twin of a platform."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from analytics.posts.measuring import Measuring
from analytics.posts.model import Draft, SocialPost
from analytics.posts.places import Places
from analytics.posts.publisher import Publisher, Trusted
from analytics.posts.service import Posts
from analytics.posts.week import Week
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel_states import ChannelStates
from desk.clock import StoppedClock
from desk.outbox.limits import Limits
from desk.store.database import Database

ZONE = ZoneInfo("Europe/Berlin")
type Build = Callable[..., Publisher]


def draft(text: str = "Our teapots are back.", **more: object) -> Draft:
    """Return a post as somebody writes it."""
    return Draft(**({"channel": "memory", "account": "a", "text": text} | more))  # type: ignore[arg-type]


@pytest.fixture
def places(memory: MemoryChannel) -> Places:
    """Return where something can be published: on the twin."""
    return Places({"memory": memory})


@pytest.fixture
def posts(database: Database, clock: StoppedClock, places: Places) -> Posts:
    """Return the posts."""
    return Posts(database, clock, places, zone=ZONE)


@pytest.fixture
def week(database: Database, clock: StoppedClock) -> Week:
    """Return the weeks of accounts."""
    return Week(database, clock, zone=ZONE)


@pytest.fixture
def build(desk: Desk, memory: MemoryChannel, places: Places) -> Build:
    """Return what builds a publisher, as a process of its own would."""

    def made(trusted: Trusted | None = None) -> Publisher:
        return Publisher(
            database=desk.database,
            places=places,
            limits=Limits({"memory": memory.pace}),
            states=ChannelStates(desk.database, desk.clock),
            load=desk.media.loaded,
            clock=desk.clock,
            trusted=trusted,
        )

    return made


@pytest.fixture
def measuring(database: Database, clock: StoppedClock, places: Places) -> Measuring:
    """Return what collects figures."""
    return Measuring(
        database=database, places=places, states=ChannelStates(database, clock), clock=clock
    )


async def approved(posts: Posts, text: str = "Our teapots are back.") -> SocialPost:
    """Return a post that Ada wrote and Ben approved."""
    made = await posts.draft(draft(text), by="Ada")
    return await posts.approve(made.id, edition=made.edition, by="Ben")
