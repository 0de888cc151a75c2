"""From Telegram's updates to ours, from the JSON itself: what a library does not know yet must not fail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.telegram import content
from channels.telegram.me import Me
from desk.clock import Clock
from desk.message import Gone, Ignored, InboundEdit, InboundMessage, Update

NAME = "telegram"
_PRIVATE = "private"
_GONE = ("kicked", "left")
_TEXTS = ("text", "choice", "sender_name", "language", "name", "content_type", "reference")


@dataclass(frozen=True)
class _Place:
    """Where something was said, and by whom."""

    chat: int
    sender: str
    name: str | None
    language: str | None
    is_group: bool
    is_bot: bool

    @property
    def thread(self) -> str:
        return f"{self.chat}/{self.sender}" if self.is_group else str(self.chat)


class Reader:
    """Reads updates of one bot.

    An id is of the message, not of the update: the numbers of updates begin anew after an idle week.
    """

    def __init__(self, *, account: str, me: Me, clock: Clock) -> None:
        self._account = account
        self._me = me
        self._clock = clock
        self._kinds: dict[str, Callable[[Mapping[str, Any], Any], Update]] = {
            "message": self._message,
            "edited_message": self._edit,
            "callback_query": self._button,
            "my_chat_member": self._membership,
        }

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what an update says; it raises when the update is not as documented."""
        for kind, body in raw.items():
            if kind in self._kinds and body is not None:
                return [_sound(self._kinds[kind](raw, body))]
        kinds = (kind for kind, body in raw.items() if kind != "update_id" and body is not None)
        return [_ignored(next(kinds, "empty"))]

    def _message(self, raw: Mapping[str, Any], message: Mapping[str, Any]) -> Update:
        place = _place(message, message.get("sender_chat") or message.get("from"))
        if (reason := self._not_for_us(message, place)) is not None:
            return _ignored(f"message.{reason}")
        text, link = content.plain(content.words_of(message, self._me), self._me, place.language)
        files = content.files_of(message)
        return InboundMessage(
            channel=NAME,
            account=self._account,
            external_id=_message_id(place, message),
            thread=place.thread,
            sender=place.sender,
            sent_at=_time(message["date"]),
            text=text,
            sender_name=place.name,
            language=place.language,
            attachments=files,
            unsupported=None if text or files else content.unreadable(message),
            link=link,
            context=_context(message, place),
            raw=raw,
        )

    def _edit(self, raw: Mapping[str, Any], message: Mapping[str, Any]) -> Update:
        place = _place(message, message.get("sender_chat") or message.get("from"))
        if (reason := self._not_for_us(message, place)) is not None:
            return _ignored(f"edited_message.{reason}")
        text = content.words_of(message, self._me)
        if not text:  # a live location that moves, for one; a deletion is never reported to a bot
            return _ignored(f"edited_message.{content.unreadable(message)}")
        edited, at = _message_id(place, message), message.get("edit_date") or message["date"]
        return InboundEdit(
            channel=NAME,
            account=self._account,
            # Two edits may share a second, but not the number of the update.
            external_id=f"{edited}/edit/{at}/{raw.get('update_id')}",
            thread=place.thread,
            sender=place.sender,
            sent_at=_time(at),
            edited=edited,
            text=text,
            raw=raw,
        )

    def _button(self, raw: Mapping[str, Any], query: Mapping[str, Any]) -> Update:
        if query.get("data") is None:
            return _ignored("callback_query.game")
        # A message that is too old comes with no more than its chat; one sent inline without even that.
        message = query.get("message") or {"chat": {"id": query["from"]["id"], "type": _PRIVATE}}
        place = _place(message, query["from"])
        return InboundMessage(
            channel=NAME,
            account=self._account,
            external_id=f"callback/{query['id']}",
            thread=place.thread,
            sender=place.sender,
            sent_at=self._clock(),  # a press has no time of its own
            choice=query["data"],
            sender_name=place.name,
            language=place.language,
            context=_context(message, place),
            raw=raw,
        )

    def _membership(self, raw: Mapping[str, Any], change: Mapping[str, Any]) -> Update:
        place = _place(change, change["from"])
        status = change["new_chat_member"]["status"]
        if place.is_group or status not in _GONE:
            # Out of a group, its people may still write to us; what is sent to the group is refused.
            return _ignored(f"my_chat_member.{'group' if place.is_group else status}")
        return Gone(
            channel=NAME,
            account=self._account,
            sender=place.sender,
            reason="the customer blocked the bot",
            at=_time(change["date"]),
        )

    def _not_for_us(self, message: Mapping[str, Any], place: _Place) -> str | None:
        if message.get("is_automatic_forward"):
            return "channel_post"
        if place.is_bot:
            return "bot"
        if (service := content.service_of(message)) is not None:
            return service
        return "group" if place.is_group and not self._me.is_addressed(message) else None


def _sound(update: Update) -> Update:
    """Return an update whose texts are texts: what is not would only fail where it can no longer be set aside."""
    for item in (update, *getattr(update, "attachments", ())):
        for name in _TEXTS:
            if not isinstance(getattr(item, name, None), str | None):
                raise TypeError(f"{name} is not a text")
        if not isinstance(getattr(item, "size", None), int | None):
            raise TypeError("size is not a number")
    return update


def _place(message: Mapping[str, Any], who: Mapping[str, Any] | None) -> _Place:
    chat = message["chat"]
    who = who or chat
    name = " ".join(filter(None, (who.get("first_name"), who.get("last_name"))))
    return _Place(
        chat=int(chat["id"]),
        sender=str(int(who["id"])),
        name=name or who.get("title") or who.get("username"),
        language=_language(who.get("language_code")),
        is_group=chat["type"] != _PRIVATE,
        is_bot=bool(who.get("is_bot")),
    )


def _context(message: Mapping[str, Any], place: _Place) -> Mapping[str, Any]:
    """Return what an answer needs: the topic it belongs to and, in a group, the message it replies to."""
    context = {}
    if message.get("is_topic_message"):
        context["topic"] = int(message["message_thread_id"])
    if place.is_group:
        context["reply_to"] = int(message["message_id"])
    return context


def _message_id(place: _Place, message: Mapping[str, Any]) -> str:
    return f"{place.chat}/{int(message['message_id'])}"


def _language(code: str | None) -> str | None:
    return code.split("-")[0].lower() if code else None


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _ignored(kind: str) -> Ignored:
    return Ignored(channel=NAME, kind=kind)
