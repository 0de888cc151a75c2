"""What a desk offers to visitors who want to go on elsewhere."""

from collections.abc import Mapping

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from channels.webchat.adapter import WebChat
from channels.webchat.links import LinkRoutes
from desk.channel import Channel
from desk.contacts.email_code import EmailCodes, Mailbox
from desk.contacts.links import ContactLinks
from desk.errors import RetryableError
from desk.signals import LocalSignals
from tests.conftest import SECRET


class Linked(MemoryChannel):
    """A platform with deep links; without a username it does not know its own address yet."""

    username: str | None = "desk_bot"

    def deep_link(self, token: str) -> str:
        """Return the address."""
        if self.username is None:
            raise RetryableError
        return f"https://{self.name}.example.com/{self.username}?start={token}"


def offers(
    desk: Desk, links: ContactLinks, channels: Mapping[str, Channel], *, email: bool
) -> LinkRoutes:
    """Return the routes of a desk that has these channels, and e-mail or none."""
    mailbox = Mailbox(channel="email", account="desk@example.com")
    codes = EmailCodes(
        database=desk.database,
        conversations=desk.conversations,
        signals=LocalSignals(),
        clock=desk.clock,
        secret=SECRET,
        mailbox=mailbox,
    )
    webchat = desk.channels["webchat"]
    assert isinstance(webchat, WebChat)
    return LinkRoutes(
        channel=webchat,
        channels=channels,
        links=links,
        codes=codes if email else None,
        guard=desk.chat.guard,
        address_rate="8/hour",
    )
