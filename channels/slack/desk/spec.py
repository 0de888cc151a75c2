"""How the agents' desk in Slack is set up."""

from collections.abc import Iterable
from dataclasses import dataclass

from channels.slack.app_settings import Mode
from channels.slack.client import SlackClient
from channels.slack.desk import checking
from channels.slack.desk.desk import SlackDesk
from channels.slack.desk.forms import Options
from channels.slack.desk.ingress import Payloads, SlackIngress
from channels.slack.desk.people import People
from channels.slack.desk.routes import PATH
from channels.slack.desk.settings import SlackDeskSettings
from channels.slack.desk.socket import SlackDeskSocket
from channels.slack.signature import SlackSignature
from channels.slack.socket_mode import Listener
from channels.spec import Tools, secret_of
from desk.channel import Check

PREFIX = str(SlackDeskSettings.model_config["env_prefix"])
"""What the keys of the desk's settings begin with."""


@dataclass(frozen=True, kw_only=True)
class SlackDeskParts:
    """What goes out, and one of two ways in: ``ingress`` when Slack calls us, ``socket`` when we hold a connection."""

    desk: SlackDesk
    ingress: SlackIngress | None
    socket: SlackDeskSocket | None
    client: SlackClient
    payloads: Payloads
    channels: tuple[str, ...]
    group: str
    address: str

    async def start(self) -> None:
        """Learn our own user id, at each start of a process that hears; errors as ``post``."""
        self.payloads.bot = (await self.client.identity()).user

    async def check(self) -> Check:
        """Ask Slack who we are and what is missing; errors as ``post``."""
        return await checking.check(
            self.client,
            channels=self.channels,
            group=self.group,
            address=self.address,
            socket=self.socket,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self.desk.close()


def build(
    settings: SlackDeskSettings,
    tools: Tools,
    *,
    routed: Iterable[str] = (),
    options: Options | None = None,
) -> SlackDeskParts:
    """Return the desk in the mode that was chosen; ``routed`` are the channels besides the default one."""
    client = SlackClient(token=secret_of(settings.bot_token), api_url=settings.api_url)
    channels = tuple(dict.fromkeys((settings.channel, *routed)))
    people = People(client, tools.clock, group=settings.group, channels=channels)
    payloads = Payloads(client, tools.clock, options or Options())
    ingress = socket = None
    if settings.mode is Mode.SOCKET:
        socket = SlackDeskSocket(payloads, Listener(client, secret_of(settings.app_token)))
    else:
        signature = SlackSignature(secret_of(settings.signing_secret), tools.clock)
        ingress = SlackIngress(payloads, signature)
    return SlackDeskParts(
        desk=SlackDesk(client, people, tools.clock, channel=settings.channel),
        ingress=ingress,
        socket=socket,
        client=client,
        payloads=payloads,
        channels=channels,
        group=settings.group,
        address=f"{tools.public_url or 'https://YOUR-FRONTDESK'}{PATH}",
    )
