"""What an operator must know about the desk's app: who it is, and what it lacks."""

from collections.abc import Iterable, Mapping
from typing import Any

from channels.slack.client import SlackClient
from channels.slack.desk.socket import SlackDeskSocket
from channels.slack.errors import asked
from desk.channel import ChannelDownError, Check
from desk.errors import RejectedError

#: As in slack-manifest.yml, which a test compares.
SCOPES: Mapping[str, str] = {
    "channels:history": "to hear agents in public channels",
    "channels:read": "to see who is in a public channel, and when it is archived",
    "chat:write": "to post cards and messages",
    "chat:write.customize": "to post under the customer's name",
    "commands": "for /frontdesk",
    "files:read": "to fetch agents' files",
    "files:write": "to show customers' files",
    "groups:history": "to hear agents in private channels",
    "groups:read": "to see who is in a private channel, and when it is archived",
    "reactions:write": "to mark what was delivered",
    "usergroups:read": "to see who is in the user group",
    "users:read": "to know agents' names",
    "users:read.email": "to know agents' addresses, which make them users of the console",
}


async def check(
    client: SlackClient,
    *,
    channels: Iterable[str],
    group: str,
    address: str,
    socket: SlackDeskSocket | None,
) -> Check:
    """Ask Slack who we are and what is missing; ``address`` is where Slack must call us. Errors as ``post``."""
    me = await client.identity()
    problems = [*_lacking(me.scopes)]
    notes = [_unseen(address) if socket is None else _SOCKET]
    for channel in dict.fromkeys(channels):
        found, noticed = await _channel(client, channel)
        problems += found
        notes += noticed
    problems += await _group(client, group) if group else []
    problems += await _connection(socket) if socket else []
    if not group:
        notes.append("no user group is set: every member of the desk's channels may act")
    return Check(
        account=f"{me.team_name} ({me.team}) as @{me.user_name} ({me.user})",
        problems=tuple(problems),
        notes=tuple(notes),
    )


_SOCKET = (
    "Slack does not tell an app whether Interactivity, /frontdesk and the Home tab are on: compare "
    "with slack-manifest.yml, and press a button"
)


def _unseen(address: str) -> str:
    return (
        "Slack does not tell an app where it calls it, nor its signing secret: Event Subscriptions, "
        f"Interactivity and /frontdesk must all say {address}; try it with /frontdesk help"
    )


def _lacking(scopes: frozenset[str]) -> Iterable[str]:
    for scope, purpose in SCOPES.items():
        if scope not in scopes:
            yield (
                f"the bot lacks the scope {scope}, {purpose}: add it under OAuth & Permissions, "
                "then install the app again"
            )


async def _channel(client: SlackClient, channel: str) -> tuple[list[str], list[str]]:
    try:
        answer = await asked(client.web.conversations_info(channel=channel))
    except RejectedError:
        return [f"{channel} is not there, or is private without the bot: {_INVITE}"], []
    except ChannelDownError:
        return [], []  # a scope is missing, which is said already
    shown: dict[str, Any] = answer["channel"]
    name = f"#{shown.get('name')} ({channel})"
    if shown.get("is_archived"):
        return [f"{name} is archived: choose another channel"], []
    shared = shown.get("is_ext_shared")
    return (
        [] if shown.get("is_member") else [f"the bot is not in {name}: {_INVITE}"],
        [f"{name} is shared with another company, whose people see your customers"]
        if shared
        else [],
    )


_INVITE = "write /invite and its name there, or correct the setting"


async def _group(client: SlackClient, group: str) -> list[str]:
    try:
        answer = await asked(client.web.usergroups_users_list(usergroup=group))
    except RejectedError as error:
        return [f"the user group {group} cannot be read ({error}): nobody may act until it can"]
    except ChannelDownError:
        return []
    return [] if answer["users"] else [f"the user group {group} is empty: nobody may act"]


async def _connection(socket: SlackDeskSocket) -> list[str]:
    try:
        await socket.address()
    except ChannelDownError as error:
        return [
            f"Socket Mode is refused ({error}): make an app-level token with connections:write, "
            "put it into FRONTDESK_DESK_SLACK_APP_TOKEN and turn Socket Mode on"
        ]
    return []
