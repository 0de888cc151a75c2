"""The stand-in, and the adapter against it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from channels.slack.adapter import SlackWebhook
from desk.clock import StoppedClock
from desk.message import OutboundMessage, Update
from tests.channels.slack.subject import CUSTOMERS, webhook_of
from tests.platforms.slack.people import Person
from tests.platforms.slack.server import SlackPlatform
from tests.platforms.slack.world import BOT, Room


class Office:
    """A workspace with a customer's people in a shared channel, one of ours, and a direct message."""

    def __init__(self, slack: SlackPlatform, channel: SlackWebhook) -> None:
        self.slack = slack
        self.channel = channel
        self.ann = slack.person("ann", team="T0ACME")
        self.bob = slack.person("bob", team="T0ACME")
        self.colleague = slack.person("colleague")
        self.customers = slack.channel("customers", self.ann, self.bob, self.colleague)
        assert self.customers.id == CUSTOMERS
        self.lounge = slack.channel("lounge", self.ann, self.bob)
        self.direct = slack.direct(self.ann)

    def read(self) -> list[Update]:
        """Return what the adapter makes of everything that Slack sent since the last time."""
        sent, self.slack.events = self.slack.events, []
        return [update for raw in sent for update in self.channel.read(raw)]

    async def hears(
        self, person: Person, room: Room, text: str, *, thread: str | None = None
    ) -> Sequence[Update]:
        """Return what the adapter makes of a message."""
        await person.says(room, text, thread=thread)
        return self.read()


def outgoing(text: str = "hello", **given: Any) -> OutboundMessage:
    """Return a message of ours, to Ann's direct message unless told otherwise."""
    usual = {"id": "fd-1", "thread": "DUANN/", "recipient": "T0ACME:UANN", "text": text}
    place = {"conversation_id": "c-1", "channel": "slack", "account": "default"}
    return OutboundMessage(**{**usual, **place, **given})


@pytest.fixture
async def slack(clock: StoppedClock) -> AsyncIterator[SlackPlatform]:
    """Serve the stand-in; at the end the adapter has kept its rules, unless a test took note of what it broke."""
    async with SlackPlatform.open(clock) as platform:
        yield platform
        assert platform.violations == []


@pytest.fixture
async def office(slack: SlackPlatform, clock: StoppedClock) -> AsyncIterator[Office]:
    """Return people and rooms, and the adapter that Slack calls."""
    channel = webhook_of(slack, clock)
    yield Office(slack, channel)
    await channel.close()


__all__ = ["BOT", "Office", "outgoing"]
