"""What there is in this Slack: people, channels, messages, files, views."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from desk.clock import Clock

HOME = "T0HOME"
APP = "A0DESK"
BOT = "U0DESK"
BOT_ID = "B0DESK"


@dataclass
class User:
    """Somebody with an account; ``team`` is their company's workspace."""

    id: str
    name: str
    team: str = HOME
    email: str | None = None
    active: bool = True


@dataclass
class Message:
    """A message as Slack keeps it; ``text`` has Slack's markup."""

    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    subtype: str | None = None
    bot: bool = False
    username: str | None = None
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    files: list[str] = field(default_factory=list)
    edited_ts: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Room:
    """A channel, a group or a direct message."""

    id: str
    name: str
    kind: str
    members: list[str]
    archived: bool = False
    shared: bool = False
    messages: list[Message] = field(default_factory=list)

    def message(self, ts: str) -> Message | None:
        """Return the message of that time."""
        return next((one for one in self.messages if one.ts == ts), None)

    def thread(self, ts: str) -> list[Message]:
        """Return a message and the replies to it."""
        return [one for one in self.messages if ts in (one.ts, one.thread_ts)]


@dataclass
class File:
    """A file; it is seen where it was shared."""

    id: str
    name: str
    user: str
    size: int
    mimetype: str = "application/octet-stream"
    content: bytes | None = None
    complete: bool = False


@dataclass
class Ephemeral:
    """A message that one person sees, for a while."""

    room: str
    user: str
    text: str
    thread_ts: str | None
    blocks: list[dict[str, Any]]
    ts: str = ""
    #: The numbers of the addresses at which an answer to a press is waited for.
    responses: list[int] = field(default_factory=list)


class World:
    """Everything, and the numbers by which it is called."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._count = itertools.count(1)
        self.users: dict[str, User] = {BOT: User(BOT, "desk")}
        self.rooms: dict[str, Room] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, list[str]] = {}
        self.ephemerals: list[Ephemeral] = []
        #: When a trigger was given out; taken away by its use.
        self.triggers: dict[str, float] = {}

    def number(self) -> int:
        """Return a number that was not there before."""
        return next(self._count)

    def ts(self) -> str:
        """Return a time that no other message has."""
        return f"{int(self.clock().timestamp())}.{self.number():06d}"

    def trigger(self) -> str:
        """Return a trigger id, good for three seconds."""
        trigger = f"{self.number()}.trigger"
        self.triggers[trigger] = self.clock().timestamp()
        return trigger
