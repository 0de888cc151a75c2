"""The Web API: what each method does to the world."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from tests.platforms.slack import payloads
from tests.platforms.slack.blocks import (
    LONGEST_BLOCKS,
    characters,
    message_faults,
    view_faults,
)
from tests.platforms.slack.rules import LONGEST_TEXT, TRIGGER_SECONDS, structured
from tests.platforms.slack.world import (
    APP,
    BOT,
    BOT_ID,
    HOME,
    Ephemeral,
    File,
    Message,
    Room,
    World,
)

type Arguments = Mapping[str, Any]
type Emit = Callable[[Room, Mapping[str, Any]], Awaitable[None]]


class SlackRefusal(Exception):
    """``ok: false`` with this code; a ``fault`` is a mistake of the caller that Slack would not forgive."""

    def __init__(self, code: str, fault: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.fault = fault


class WebApi:
    """Carries out calls whose token, scope and arguments were looked at already."""

    def __init__(self, world: World, emit: Emit) -> None:
        self._world = world
        self._emit = emit
        self.scopes: set[str] = set()
        self.base = ""
        #: One-time tickets for Socket Mode.
        self.tickets: set[str] = set()
        #: Channels whose history was asked for, in order.
        self.looked: list[str] = []

    async def call(self, method: str, given: Arguments) -> dict[str, Any]:
        """Return what a method answers besides ``ok``."""
        answer: dict[str, Any] = await _HANDLERS[method](self, given)
        return answer

    async def auth_test(self, given: Arguments) -> dict[str, Any]:
        """Who the token is."""
        return {
            "url": "https://home.slack.com/",
            "team": "Home",
            "user": "desk",
            "team_id": HOME,
            "user_id": BOT,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    async def connections_open(self, given: Arguments) -> dict[str, Any]:
        """Where to connect, once."""
        ticket = f"ticket-{self._world.number()}"
        self.tickets.add(ticket)
        address = self.base.replace("http://", "ws://")
        return {"url": f"{address}/link/?{urlencode({'ticket': ticket, 'app_id': APP})}"}

    async def post(self, given: Arguments) -> dict[str, Any]:
        """A message for everybody in a channel, or for a person."""
        room = self._target(given["channel"])
        message = Message(
            ts=self._world.ts(),
            user=BOT,
            bot=True,
            text=self._text(given),
            blocks=_blocks(given),
            thread_ts=self._root(room, given),
            username=given.get("username"),
            metadata=_metadata(given),
        )
        room.messages.append(message)
        await self._emit(room, payloads.said(self._world, room, message))
        shown = payloads.stored(self._world, room, message, metadata=True)
        return {"channel": room.id, "ts": message.ts, "message": shown}

    async def post_ephemeral(self, given: Arguments) -> dict[str, Any]:
        """A message that one person sees."""
        room = self._room(given["channel"])
        if given["user"] not in room.members:
            raise SlackRefusal("user_not_in_channel")
        text, blocks = self._text(given), _blocks(given)
        ts = self._world.ts()
        shown = Ephemeral(room.id, given["user"], text, given.get("thread_ts"), blocks, ts)
        self._world.ephemerals.append(shown)
        return {"message_ts": ts}

    async def update(self, given: Arguments) -> dict[str, Any]:
        """Our own message, changed."""
        room = self._room(given["channel"])
        message = self._own(room, given["ts"], "cant_update_message")
        before = payloads.stored(self._world, room, message)
        if "text" in given or "blocks" in given:
            message.text, message.blocks = self._text(given), _blocks(given)
        message.metadata = _metadata(given) or message.metadata
        message.edited_ts = self._world.ts()
        await self._emit(room, payloads.changed(self._world, room, before, message))
        return {"channel": room.id, "ts": message.ts, "text": message.text}

    async def delete(self, given: Arguments) -> dict[str, Any]:
        """Our own message, gone."""
        room = self._room(given["channel"])
        message = self._own(room, given["ts"], "cant_delete_message")
        before = payloads.stored(self._world, room, message)
        room.messages.remove(message)
        await self._emit(room, payloads.deleted(self._world, room, before))
        return {"channel": room.id, "ts": message.ts}

    async def permalink(self, given: Arguments) -> dict[str, Any]:
        """The address of a message."""
        room = self._room(given["channel"])
        ts = self._message(room, given["message_ts"]).ts.replace(".", "")
        return {
            "channel": room.id,
            "permalink": f"https://home.slack.com/archives/{room.id}/p{ts}",
        }

    async def history(self, given: Arguments) -> dict[str, Any]:
        """What was said in a channel, newest first, without replies."""
        room = self._room(given["channel"], reading=True)
        self.looked.append(room.id)
        top = [one for one in room.messages if one.thread_ts in (None, one.ts)]
        return self._page(room, given, top[::-1])

    async def replies(self, given: Arguments) -> dict[str, Any]:
        """A message and the replies to it, oldest first."""
        room = self._room(given["channel"], reading=True)
        self.looked.append(room.id)
        thread = room.thread(given["ts"])
        if not thread:
            raise SlackRefusal("thread_not_found")
        return self._page(room, given, thread)

    async def info(self, given: Arguments) -> dict[str, Any]:
        """A channel."""
        return {"channel": self._shown(self._room(given["channel"], anyone=True))}

    async def members(self, given: Arguments) -> dict[str, Any]:
        """Who is in a channel."""
        members = self._room(given["channel"], anyone=True).members
        return {"members": members, "response_metadata": {"next_cursor": ""}}

    async def open(self, given: Arguments) -> dict[str, Any]:
        """The direct message with somebody."""
        wanted = {BOT, *str(given.get("users", "")).split(",")}
        for room in self._world.rooms.values():
            if room.kind in ("im", "mpim") and set(room.members) == wanted:
                return {"channel": {"id": room.id}}
        raise SlackRefusal("user_not_found")

    async def join(self, given: Arguments) -> dict[str, Any]:
        """The bot comes in."""
        room = self._room(given["channel"], anyone=True)
        if room.kind != "channel":
            raise SlackRefusal("method_not_supported_for_channel_type")
        if BOT not in room.members:
            room.members.append(BOT)
        return {"channel": self._shown(room)}

    async def react(self, given: Arguments) -> dict[str, Any]:
        """A reaction of the bot's."""
        room = self._room(given["channel"])
        users = self._message(room, given["timestamp"]).reactions.setdefault(given["name"], [])
        if BOT in users:
            raise SlackRefusal("already_reacted")
        users.append(BOT)
        return {}

    async def unreact(self, given: Arguments) -> dict[str, Any]:
        """A reaction taken back."""
        room = self._room(given["channel"])
        users = self._message(room, given["timestamp"]).reactions.get(given["name"], [])
        if BOT not in users:
            raise SlackRefusal("no_reaction")
        users.remove(BOT)
        return {}

    async def user(self, given: Arguments) -> dict[str, Any]:
        """A person."""
        user = self._world.users.get(given["user"])
        if user is None:
            raise SlackRefusal("user_not_found")
        profile = {"real_name": user.name, "display_name": user.name}
        if "users:read.email" in self.scopes and user.email:
            profile["email"] = user.email
        shown = {"id": user.id, "team_id": user.team, "name": user.name, "profile": profile}
        return {"user": {**shown, "deleted": not user.active, "is_bot": user.id == BOT}}

    async def group(self, given: Arguments) -> dict[str, Any]:
        """Who is in a user group."""
        if given["usergroup"] not in self._world.groups:
            raise SlackRefusal("no_such_subteam")
        return {"users": self._world.groups[given["usergroup"]]}

    async def view_open(self, given: Arguments) -> dict[str, Any]:
        """A modal for whoever pressed or ran something less than three seconds ago."""
        self._trigger(str(given.get("trigger_id")))
        return {"view": self._keep(f"V{self._world.number():08d}", given)}

    async def view_update(self, given: Arguments) -> dict[str, Any]:
        """An open modal, changed."""
        known = self._world.views.get(str(given.get("view_id")))
        if known is None:
            raise SlackRefusal("not_found")
        if given.get("hash", known["hash"]) != known["hash"]:
            raise SlackRefusal("hash_conflict")
        return {"view": self._keep(known["id"], given)}

    async def view_publish(self, given: Arguments) -> dict[str, Any]:
        """Somebody's home tab."""
        view = self._keep(f"V{self._world.number():08d}", given)
        self._world.homes[given["user_id"]] = view
        return {"view": view}

    async def upload_url(self, given: Arguments) -> dict[str, Any]:
        """Where a file goes."""
        file = File(
            id=f"F{self._world.number():08d}",
            name=given["filename"],
            user=BOT,
            size=int(given["length"]),
        )
        self._world.files[file.id] = file
        return {"file_id": file.id, "upload_url": f"{self.base}/upload/v1/{file.id}"}

    async def upload_complete(self, given: Arguments) -> dict[str, Any]:
        """Files that were uploaded appear in a channel."""
        files = [self._uploaded(str(one.get("id"))) for one in structured(given["files"])]
        for file in files:
            file.complete = True
        if "channel_id" in given:
            room = self._room(given["channel_id"])
            message = Message(
                ts=self._world.ts(),
                user=BOT,
                bot=True,
                text=given.get("initial_comment", ""),
                thread_ts=self._root(room, given),
                files=[file.id for file in files],
            )
            room.messages.append(message)
            await self._emit(room, payloads.said(self._world, room, message))
        return {"files": [{"id": file.id, "title": file.name} for file in files]}

    async def file(self, given: Arguments) -> dict[str, Any]:
        """A file, with the address of its content."""
        file = self._world.files.get(given["file"])
        if file is None:
            raise SlackRefusal("file_not_found")
        return {"file": payloads.shown_file(self._world, None, file)}

    def _room(self, room_id: str, *, reading: bool = False, anyone: bool = False) -> Room:
        room = self._world.rooms.get(room_id)
        if room is None:
            raise SlackRefusal("channel_not_found")
        if BOT not in room.members and not anyone:
            hidden = room.kind != "channel"
            raise SlackRefusal("channel_not_found" if hidden else "not_in_channel")
        if room.archived and not (reading or anyone):
            raise SlackRefusal("is_archived")
        return room

    def _target(self, target: str) -> Room:
        if target[0] not in "UW":
            return self._room(target)
        user = self._world.users.get(target)
        if user is None:
            raise SlackRefusal("user_not_found")
        fresh = Room(f"D{user.id}", "directmessage", "im", [user.id, BOT])
        return self._world.rooms.setdefault(fresh.id, fresh)

    def _message(self, room: Room, ts: str) -> Message:
        message = room.message(ts)
        if message is None:
            raise SlackRefusal("message_not_found")
        return message

    def _own(self, room: Room, ts: str, refusal: str) -> Message:
        message = self._message(room, ts)
        if message.subtype == "tombstone":
            raise SlackRefusal("message_not_found")
        if not message.bot:
            raise SlackRefusal(refusal)
        return message

    def _root(self, room: Room, given: Arguments) -> str | None:
        ts = given.get("thread_ts")
        root = room.message(ts) if ts else None
        if root is not None and root.thread_ts not in (None, root.ts):
            raise SlackRefusal("invalid_thread_ts", "thread_ts must be the root's, not a reply's")
        return ts

    def _text(self, given: Arguments) -> str:
        text = given.get("text", "")
        if not text and not given.get("blocks"):
            raise SlackRefusal("no_text", "neither text nor blocks")
        if not text:
            raise SlackRefusal("no_text", "blocks without a text for notifications")
        if len(text) > LONGEST_TEXT:
            raise SlackRefusal("msg_too_long", "text is too long")
        return str(text)

    def _page(self, room: Room, given: Arguments, messages: list[Message]) -> dict[str, Any]:
        oldest, latest = (float(given.get(name) or 0) for name in ("oldest", "latest"))
        kept = [m for m in messages if float(m.ts) > oldest and float(m.ts) <= (latest or 1e11)]
        at, limit = int(given.get("cursor") or 0), int(given.get("limit") or 100)
        full = str(given.get("include_all_metadata", "")).lower() in ("true", "1")
        more = at + limit < len(kept)
        return {
            "messages": [
                payloads.stored(self._world, room, one, metadata=full)
                for one in kept[at : at + limit]
            ],
            "has_more": more,
            "response_metadata": {"next_cursor": str(at + limit) if more else ""},
        }

    def _shown(self, room: Room) -> dict[str, Any]:
        return {
            "id": room.id,
            "name": room.name,
            "is_im": room.kind == "im",
            "is_mpim": room.kind == "mpim",
            "is_private": room.kind != "channel",
            "is_member": BOT in room.members,
            "is_archived": room.archived,
            "is_ext_shared": room.shared,
        }

    def _trigger(self, trigger: str) -> None:
        given_at = self._world.triggers.pop(trigger, None)
        if given_at is None:
            raise SlackRefusal("invalid_trigger_id")
        if self._world.clock().timestamp() - given_at > TRIGGER_SECONDS:
            raise SlackRefusal("expired_trigger_id")

    def _keep(self, view_id: str, given: Arguments) -> dict[str, Any]:
        view = structured(given["view"])
        wrong = view_faults(view)
        if wrong:
            raise SlackRefusal("invalid_arguments", "; ".join(wrong))
        kept = {**view, "id": view_id, "hash": f"hash-{self._world.number()}", "team_id": HOME}
        self._world.views[view_id] = kept
        return kept

    def _uploaded(self, file_id: str) -> File:
        file = self._world.files.get(file_id)
        if file is None or file.content is None:
            raise SlackRefusal("file_not_found", "completed before it was uploaded")
        return file


def _blocks(given: Arguments) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = structured(given.get("blocks") or [])
    wrong = message_faults(blocks)
    if wrong:
        raise SlackRefusal("invalid_blocks", "; ".join(wrong))
    if characters(blocks) > LONGEST_BLOCKS:
        raise SlackRefusal("msg_blocks_too_long", f"{characters(blocks)} characters")
    return blocks


def _metadata(given: Arguments) -> dict[str, Any] | None:
    if "metadata" not in given:
        return None
    metadata: dict[str, Any] = structured(given["metadata"])
    payload = metadata.get("event_payload")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(payload, dict):
        raise SlackRefusal(
            "invalid_metadata_format", "metadata needs event_type and event_payload"
        )
    return metadata


_HANDLERS: Mapping[str, Callable[[WebApi, Arguments], Awaitable[dict[str, Any]]]] = {
    "auth.test": WebApi.auth_test,
    "apps.connections.open": WebApi.connections_open,
    "chat.postMessage": WebApi.post,
    "chat.postEphemeral": WebApi.post_ephemeral,
    "chat.update": WebApi.update,
    "chat.delete": WebApi.delete,
    "chat.getPermalink": WebApi.permalink,
    "conversations.history": WebApi.history,
    "conversations.replies": WebApi.replies,
    "conversations.info": WebApi.info,
    "conversations.members": WebApi.members,
    "conversations.open": WebApi.open,
    "conversations.join": WebApi.join,
    "reactions.add": WebApi.react,
    "reactions.remove": WebApi.unreact,
    "users.info": WebApi.user,
    "usergroups.users.list": WebApi.group,
    "views.open": WebApi.view_open,
    "views.update": WebApi.view_update,
    "views.publish": WebApi.view_publish,
    "files.getUploadURLExternal": WebApi.upload_url,
    "files.completeUploadExternal": WebApi.upload_complete,
    "files.info": WebApi.file,
}
