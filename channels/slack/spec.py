"""How the Slack customer channel is set up."""

from channels.slack.adapter import SlackSocket, SlackWebhook
from channels.slack.app_settings import Mode
from channels.slack.client import SlackClient
from channels.slack.events import NAME
from channels.slack.settings import SlackSettings
from channels.slack.signature import SlackSignature
from channels.slack.socket_mode import Listener
from channels.spec import Spec, Tools, secret_of


def build(settings: SlackSettings, tools: Tools) -> SlackWebhook | SlackSocket:
    """Return the channel in the mode that was chosen."""
    client = SlackClient(token=secret_of(settings.bot_token), api_url=settings.api_url)
    place = (client, settings.customer_channels, tools.clock)
    if settings.mode is Mode.SOCKET:
        return SlackSocket(*place, Listener(client, secret_of(settings.app_token)))
    return SlackWebhook(*place, SlackSignature(secret_of(settings.signing_secret), tools.clock))


SPEC = Spec(name=NAME, settings=SlackSettings, build=build)
