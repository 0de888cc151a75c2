"""People who act in Slack; what they do reaches the app as it would."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.platforms.slack import payloads
from tests.platforms.slack.blocks import buttons
from tests.platforms.slack.delivery import Reply
from tests.platforms.slack.world import BOT, File, Message, Room, User

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackPlatform


class Person:
    """Somebody at a keyboard. Texts have Slack's markup: ``<@U0DESK>`` is a mention, ``&amp;`` an ampersand."""

    def __init__(self, slack: "SlackPlatform", user: User) -> None:
        self._slack = slack
        self._world = slack.world
        self.user = user
        self.id = user.id

    async def says(
        self,
        room: Room,
        text: str,
        *,
        thread: str | None = None,
        files: Sequence[File] = (),
        subtype: str | None = None,
        blocks: Sequence[dict[str, Any]] = (),
    ) -> str:
        """Write into a channel or, with the root's time, into a thread; return the message's time."""
        message = Message(
            ts=self._world.ts(),
            user=self.id,
            text=text,
            thread_ts=thread,
            subtype=subtype,
            blocks=list(blocks),
            files=[file.id for file in files],
        )
        room.messages.append(message)
        await self._slack.emit(room, payloads.said(self._world, room, message))
        if f"<@{BOT}>" in text and room.kind != "im":
            mention = payloads.said(self._world, room, message, "app_mention")
            await self._slack.emit(room, mention)
        return message.ts

    def file(self, name: str, content: bytes, mimetype: str = "application/pdf") -> File:
        """Return a file to write with a message."""
        number = f"F{self._world.number():08d}"
        file = File(number, name, self.id, len(content), mimetype, content, complete=True)
        self._world.files[file.id] = file
        return file

    async def edits(self, room: Room, ts: str, text: str) -> None:
        """Change a message of one's own."""
        message = self._own(room, ts)
        before = payloads.stored(self._world, room, message)
        message.text, message.edited_ts = text, self._world.ts()
        await self._slack.emit(room, payloads.changed(self._world, room, before, message))

    async def unfurls(self, room: Room, ts: str) -> None:
        """Have Slack add the preview of a link: a change without a change."""
        message = self._own(room, ts)
        before = payloads.stored(self._world, room, message)
        await self._slack.emit(room, payloads.changed(self._world, room, before, message))

    async def deletes(self, room: Room, ts: str) -> None:
        """Delete a message of one's own; one with replies leaves a tombstone."""
        await self._remove(room, self._own(room, ts))

    async def _remove(self, room: Room, message: Message) -> None:
        before = payloads.stored(self._world, room, message)
        if len(room.thread(message.ts)) > 1:
            message.text, message.subtype = "This message was deleted.", "tombstone"
            await self._slack.emit(room, payloads.changed(self._world, room, before, message))
            return
        room.messages.remove(message)
        await self._slack.emit(room, payloads.deleted(self._world, room, before))

    async def removes(self, room: Room, ts: str) -> None:
        """Delete anybody's message, as an administrator may."""
        message = room.message(ts)
        assert message is not None, f"there is no message {ts}"
        await self._remove(room, message)

    async def reacts(self, room: Room, ts: str, name: str) -> None:
        """Add a reaction."""
        message = room.message(ts)
        assert message is not None, f"there is no message {ts}"
        message.reactions.setdefault(name, []).append(self.id)
        item = {"type": "message", "channel": room.id, "ts": ts}
        event = {"type": "reaction_added", "user": self.id, "reaction": name, "item": item}
        await self._slack.emit(room, {**event, "event_ts": self._world.ts()})

    async def leaves(self, room: Room) -> None:
        """Leave a channel."""
        room.members.remove(self.id)
        event = {"type": "member_left_channel", "user": self.id, "channel": room.id}
        kind = {"channel_type": "C", "team": self.user.team, "event_ts": self._world.ts()}
        await self._slack.emit(room, {**event, **kind})

    async def clicks(self, room: Room, ts: str, title: str) -> Reply:
        """Press the button of that title under a message; return what the app answered."""
        message = room.message(ts)
        assert message is not None, f"there is no message {ts}"
        block_id, button = _titled(message.blocks, title)
        press = payloads.pressed(self._world, room, self.user, message, block_id, button)
        return await self._slack.interact(press)

    async def opens_home(self) -> None:
        """Look at the app's home tab."""
        event = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": f"D{self.id}",
            "tab": "home",
        }
        event["event_ts"] = self._world.ts()
        await self._slack.deliver(payloads.wrapped(self._world, event))

    async def clicks_at_home(self, title: str) -> Reply:
        """Press the first button of that title in the home tab."""
        view = self._world.homes[self.id]
        block_id, button = _titled(view["blocks"], title)
        press = payloads.pressed_in_view(self._world, self.user, view, block_id, button)
        return await self._slack.interact(press)

    async def answers(self, title: str) -> Reply:
        """Press a button under the newest message that only this person sees."""
        shown = [one for one in self._world.ephemerals if one.user == self.id][-1]
        block_id, button = _titled(shown.blocks, title)
        room = self._world.rooms[shown.room]
        press = payloads.pressed(self._world, room, self.user, shown, block_id, button)
        return await self._slack.interact(press)

    async def submits(self, view_id: str, values: Mapping[str, Any]) -> Reply:
        """Fill in a modal: ``{block_id: {action_id: {"type": ..., "value": ...}}}``."""
        view = self._world.views[view_id]
        reply = await self._slack.interact(
            payloads.submitted(self._world, self.user, view, values)
        )
        if reply.status != 200:
            return reply
        said = reply.body or {}
        if said.get("response_action", "clear") == "clear":  # so does an empty answer
            del self._world.views[view_id]
        elif said["response_action"] == "errors":
            inputs = {one["block_id"] for one in view["blocks"] if one["type"] == "input"}
            assert set(said["errors"]) <= inputs, "an error at no input of the form"
        return reply

    async def runs(self, room: Room, command: str, text: str = "") -> Reply:
        """Run a slash command; return what the app answered."""
        form = payloads.command(self._world, room, self.user, command, text)
        return await self._slack.command(form)

    def _own(self, room: Room, ts: str) -> Message:
        message = room.message(ts)
        assert message is not None, f"there is no message {ts}"
        assert message.user == self.id, f"{ts} is not {self.id}'s"
        return message


def _titled(blocks: Sequence[Mapping[str, Any]], title: str) -> tuple[str, Mapping[str, Any]]:
    for block_id, button in buttons(blocks):
        if button["text"]["text"] == title:
            return block_id, button
    raise AssertionError(f"there is no button {title!r}")
