"""Where in Slack a conversation is, as the thread of our messages.

A direct message is one conversation: ``D1/``. In a channel it is a Slack thread, ``C1/TS``, and belongs to whoever
began it. Somebody else who turns to the bot there has a conversation of their own, ``C1/TS/TEAM:USER``, in the same
Slack thread: nobody speaks in another one's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

THREAD_TS = "thread_ts"


def is_direct(channel: str) -> bool:
    """Tell whether a Slack channel is a direct message between one person and the bot."""
    return channel.startswith("D")


def thread_of(channel: str, message: Mapping[str, Any], sender: str, bot: str | None) -> str:
    """Return the thread of a message that somebody wrote."""
    if is_direct(channel):
        return f"{channel}/"
    thread = f"{channel}/{message.get(THREAD_TS) or message['ts']}"
    began = message.get("parent_user_id")
    return thread if began in (None, bot, message.get("user")) else f"{thread}/{sender}"


@dataclass(frozen=True)
class Place:
    """A Slack channel and, if it is one, a Slack thread in it."""

    channel: str
    thread_ts: str | None

    @classmethod
    def of(cls, thread: str, context: Mapping[str, Any]) -> Self:
        """Return where to answer; in a direct message that is where the customer wrote last."""
        channel, ts, *_ = [*thread.split("/"), ""]
        return cls(channel, ts or context.get(THREAD_TS))
