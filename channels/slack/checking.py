"""What an operator must know about the Slack app: who it is, and what it lacks."""

from collections.abc import Iterable

from channels.slack.client import SlackClient
from channels.slack.errors import asked
from desk.channel import ChannelDownError, Check
from desk.errors import RejectedError

SCOPES = {
    "app_mentions:read": "to see where it is mentioned",
    "channels:history": "to read customers in public channels",
    "groups:history": "to read customers in private channels",
    "im:history": "to read direct messages",
    "mpim:history": "to read direct messages of several people",
    "chat:write": "to answer",
    "chat:write.customize": "to answer under the name of an agent",
    "files:read": "to fetch customers' files",
    "files:write": "to send files",
}


async def check(client: SlackClient, channels: Iterable[str]) -> Check:
    """Ask Slack who we are and what is missing."""
    me = await client.identity()
    problems = [*_lacking(me.scopes)]
    for channel in sorted(channels):
        problems += await _closed(client, channel)
    return Check(
        account=f"{me.team_name} ({me.team}) as @{me.user_name} ({me.user})",
        problems=tuple(problems),
        notes=() if channels else ("answers in direct messages, and in channels when mentioned",),
    )


def _lacking(scopes: frozenset[str]) -> Iterable[str]:
    for scope, purpose in SCOPES.items():
        if scope not in scopes:
            yield (
                f"the bot lacks the scope {scope}, {purpose}: add it under OAuth & Permissions, "
                "then install the app again"
            )


async def _closed(client: SlackClient, channel: str) -> list[str]:
    try:
        await asked(client.web.conversations_history(channel=channel, limit=1))
    except RejectedError:
        return [
            f"the bot is not in {channel}: write /invite and its name there, or remove it from the setting"
        ]
    except ChannelDownError:
        return []  # a scope is missing, which is said already
    return []
