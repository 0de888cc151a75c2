"""Servers and channels for the tests of e-mail."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from channels.mail.adapter import MailChannel
from channels.mail.automatic import Ourselves
from channels.mail.loops import Loops
from channels.mail.reader import Reader
from channels.mail.threads import Threads
from desk.clock import StoppedClock
from tests.channels.mail.subject import SECRET, Place, channel_at, new_place
from tests.platforms.mail.faulty import FaultySmtp
from tests.platforms.mail.servers import PASSWORD, MailServers, shared

ADDRESS = "support@example.com"


@pytest.fixture(scope="session")
def servers() -> MailServers:
    """Return real servers: Dovecot and Exim."""
    return shared()


@pytest.fixture
def place(servers: MailServers) -> Place:
    """Return a new, empty mailbox of ours."""
    return new_place(servers)


@pytest.fixture
async def open_channel(
    place: Place, clock: StoppedClock
) -> AsyncIterator[Callable[..., MailChannel]]:
    """Return what builds channels for the mailbox; they are closed at the end."""
    opened: list[MailChannel] = []

    def build(**settings: Any) -> MailChannel:
        opened.append(channel_at(place, clock, **settings))
        return opened[-1]

    yield build
    for channel in opened:
        await channel.close()


@pytest.fixture
def smtp(servers: MailServers) -> Iterator[FaultySmtp]:
    """Return an SMTP server that fails as told."""
    server = FaultySmtp(servers.server_tls(), PASSWORD)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def threads() -> Threads:
    """Return what signs for our address."""
    return Threads(ADDRESS, SECRET)


@pytest.fixture
def reader(threads: Threads) -> Reader:
    """Return what reads mails to our address."""
    return Reader(Ourselves(address=ADDRESS, own_list="", threads=threads), Loops(20))
