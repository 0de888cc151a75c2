"""A process that moves campaigns on and sends them to a platform on this machine: ``URL PORT ROLE``."""

import asyncio
import os
import sys
from datetime import timedelta

import aiohttp

from analytics.campaigns.composing import Composer
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.telling import Teller
from analytics.campaigns.wake import Wake
from desk.channel import Feature, Pace, TextLimit
from desk.channel_states import ChannelStates
from desk.clock import now
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.errors import RetryableError
from desk.message import OutboundMessage, Sent
from desk.store.database import Database
from tests.faults.campaign_platform import RATE

LEASE = timedelta(seconds=8)
SECRET = "a-secret-for-tests-only-0123456789abcdef"


class Platform:
    """The channel of a platform that is strict about its limit."""

    name = "memory"
    account = "a"
    features: frozenset[Feature] = frozenset()
    limit: TextLimit | None = None
    # One send under way in each process, so that a kill leaves one behind.
    pace = Pace(account=(RATE,), at_once=1)

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/send"

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand a message over."""
        told = {"to": message.recipient, "pid": os.getpid()}
        async with self._session.post(self._url, json=told) as answer:
            if answer.status == 429:
                raise RetryableError("slow down", retry_in=timedelta(seconds=1))
            answer.raise_for_status()
            return Sent(external_id=(await answer.json())["id"])


async def main(url: str, port: int, role: str) -> None:
    """Work until somebody ends us."""
    database = Database(url)
    suppressions = Suppressions(database, now, SECRET)
    async with aiohttp.ClientSession() as session:
        channels = {"memory": Platform(session, port)}
        composer = Composer(
            database=database,
            channels=channels,
            links=TrackedLinks(SECRET, public_url=None),
            ways_out=UnsubscribeLinks(SECRET, public_url=None),
            suppressions=suppressions,
            teller=Teller(database, now),
        )
        dispatcher = Dispatcher(
            database=database,
            channels=channels,
            states=ChannelStates(database, now),
            composing=composer,
            clock=now,
            lease=LEASE,
        )
        work = {"clock": [Wake(database, now, suppressions).run()], "worker": [dispatcher.run()]}
        await asyncio.gather(*(one for part in role.split("+") for one in work.pop(part)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
