"""Sends the parts of a message, each once as far as we can tell."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, Self

from telegram import Bot, Message, ReplyParameters
from telegram.error import BadRequest, ChatMigrated

from channels.telegram.refusals import translated
from channels.telegram.render import Kind, Part, parts
from desk.channel import UnreachableError
from desk.errors import RejectedError
from desk.message import OutboundMessage, Sent

_REMEMBERED = 1_000
_NO_PHOTO = ("photo_", "image_process_failed")


@dataclass(frozen=True)
class _Where:
    """A chat; ``topic`` and ``reply_to`` are of that chat alone."""

    chat: int
    is_group: bool
    topic: int | None = None
    reply_to: int | None = None

    @classmethod
    def of(cls, message: OutboundMessage) -> Self:
        chat, in_group, _ = message.thread.partition("/")
        context = message.context
        return cls(int(chat), bool(in_group), context.get("topic"), context.get("reply_to"))

    def arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {"chat_id": self.chat}
        if self.topic is not None:
            found["message_thread_id"] = self.topic
        if self.reply_to is not None:
            found["reply_parameters"] = ReplyParameters(
                self.reply_to, allow_sending_without_reply=True
            )
        return found


class Sender:
    """Hands messages to the bot.

    Telegram knows no idempotency key. So that the retry of a message of several parts does not repeat those that went
    out, we remember them; after a crash, and where an answer was lost, a part may come twice but none is missing.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._gone_out: OrderedDict[str, list[str]] = OrderedDict()
        self._moved: dict[int, int] = {}

    async def send(self, message: OutboundMessage) -> Sent:
        """Send what of a message has not gone out yet."""
        where, todo = _Where.of(message), parts(message)
        gone_out = self._gone_out.setdefault(message.id, [])
        while len(self._gone_out) > _REMEMBERED:
            self._gone_out.popitem(last=False)
        try:
            for part in todo[len(gone_out) :]:
                gone_out.append(await self._put(part, where))
        except UnreachableError as error:
            if not where.is_group:
                raise
            # A group that we were put out of says nothing of its people, who may also write to us alone.
            raise RejectedError(str(error)) from error
        self._gone_out.pop(message.id, None)
        return Sent(external_id=gone_out[0])

    async def _put(self, part: Part, where: _Where) -> str:
        with translated():
            sent = await self._at_the_new_address(part, where)
        return f"{sent.chat_id}/{sent.message_id}"

    async def _at_the_new_address(self, part: Part, where: _Where) -> Message:
        """Send to a group where it is now; the old number stays in our threads."""
        try:
            return await self._as_is_possible(part, self._now(where))
        except ChatMigrated as error:
            self._moved[where.chat] = error.new_chat_id
            return await self._as_is_possible(part, self._now(where))

    def _now(self, where: _Where) -> _Where:
        chat = self._moved.get(where.chat)
        return where if chat is None else _Where(chat, where.is_group)

    async def _as_is_possible(self, part: Part, where: _Where) -> Message:
        """Send a picture that is too wide, too long or broken as a file."""
        try:
            return await self._call(part, where)
        except BadRequest as error:
            if part.kind is Kind.PHOTO and error.message.lower().startswith(_NO_PHOTO):
                return await self._call(replace(part, kind=Kind.DOCUMENT), where)
            raise

    async def _call(self, part: Part, where: _Where) -> Message:
        arguments = where.arguments() | {"reply_markup": part.keyboard}
        if part.file is None:
            return await self._bot.send_message(text=part.text, **arguments)
        arguments |= {"caption": part.text or None, "filename": part.file.name}
        content = part.file.content or b""
        if part.kind is Kind.PHOTO:
            return await self._bot.send_photo(photo=content, **arguments)
        return await self._bot.send_document(document=content, **arguments)
