"""What the bot sends: checked, kept, or met by a fault."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from tests.platforms.telegram import rules
from tests.platforms.telegram.errors import ApiError
from tests.platforms.telegram.hook import chat_of
from tests.platforms.telegram.rules import Upload

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff")
_FILES = {"sendPhoto": "photo", "sendDocument": "document"}


class _Platform(Protocol):
    struck: Any
    violations: list[str]

    def refuse(self, reason: str) -> NoReturn: ...
    def me(self) -> dict[str, Any]: ...
    def now(self) -> int: ...


@dataclass(frozen=True)
class Delivered:
    """A message that was accepted."""

    method: str
    chat: int
    text: str
    buttons: list[dict[str, str]]
    parameters: Mapping[str, Any] = field(default_factory=dict)


def _too_many(wait: float) -> ApiError:
    seconds = max(1, math.ceil(wait))
    words = f"Too Many Requests: retry after {seconds}"
    return ApiError(429, words, retry_after=seconds)


_FAULTS: dict[str, Callable[[float], ApiError]] = {
    "429": _too_many,
    "500": lambda _: ApiError(500, "Internal Server Error"),
    "blocked": lambda _: ApiError(403, "Forbidden: bot was blocked by the user"),
    "deactivated": lambda _: ApiError(403, "Forbidden: user is deactivated"),
    "kicked": lambda _: ApiError(403, "Forbidden: bot was kicked from the supergroup chat"),
    "lost": lambda _: ApiError(400, "Bad Request: chat not found"),
    "revoked": lambda _: ApiError(401, "Unauthorized"),
    "refused": lambda _: ApiError(400, "Bad Request: message can't be sent"),
    "too large": lambda _: ApiError(413, "Request Entity Too Large"),
}


class Outgoing:
    """Accepts messages. ``moved`` are groups that became supergroups with another number."""

    def __init__(self, platform: _Platform) -> None:
        self._platform = platform
        self.accepted: list[Delivered] = []
        self.moved: dict[int, int] = {}
        self._faults: deque[tuple[str, float]] = deque()
        self._seen: set[tuple[int, int]] = set()
        self._topics: set[tuple[int, int]] = set()
        self._last_message = 1_000_000

    def will(self, fault: str, *, retry_after: float) -> None:
        """Let the next message meet a fault; "none" lets one pass before the next fault."""
        if fault not in ("timeout", "none") and fault not in _FAULTS:
            raise ValueError(f"there is no fault {fault}")
        self._faults.append((fault, retry_after))

    def remember(self, update: Mapping[str, Any]) -> None:
        """Keep what answers refer to: messages and topics."""
        message = update.get("message")
        if isinstance(message, dict) and "message_id" in message:
            chat = chat_of(dict(update))
            self._seen.add((chat, message["message_id"]))
            self._topics.add((chat, message.get("message_thread_id", 0)))

    def accept(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the message as it was sent; None if the bot shall never hear of it."""
        chat = parameters["chat_id"]
        fault = self._strike()
        self._check_target(chat, parameters)
        text = self._checked_text(method, parameters)
        buttons = [button for row in parameters.get("reply_markup", []) for button in row]
        self.accepted.append(Delivered(method, chat, text, buttons, parameters))
        self._last_message += 1
        self._seen.add((chat, self._last_message))
        return None if fault == "timeout" else self._message(chat)

    def _strike(self) -> str:
        fault, wait = self._faults.popleft() if self._faults else ("none", 0)
        if fault != "none":
            self._platform.struck[fault] += 1
        if fault in _FAULTS:
            raise _FAULTS[fault](wait)
        return fault

    def _check_target(self, chat: int, parameters: Mapping[str, Any]) -> None:
        if (new := self.moved.get(chat)) is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, words, migrate_to_chat_id=new)
        topic = parameters.get("message_thread_id")
        if topic is not None and (chat, topic) not in self._topics:
            raise ApiError(400, "Bad Request: message thread not found")
        reply = parameters.get("reply_parameters") or {"allow_sending_without_reply": True}
        found = (
            reply.get("allow_sending_without_reply") or (chat, reply["message_id"]) in self._seen
        )
        if not found:
            raise ApiError(400, "Bad Request: message to be replied not found")

    def _checked_text(self, method: str, parameters: Mapping[str, Any]) -> str:
        if method in _FILES:
            self._check_file(method, parameters[_FILES[method]])
            caption: str = parameters.get("caption", "")
            if rules.units(caption) > rules.LONGEST_CAPTION:
                self._platform.refuse("message caption is too long")
            return caption
        text: str = parameters["text"].strip()
        if not text:
            raise ApiError(400, "Bad Request: message text is empty")
        if rules.units(text) > rules.LONGEST_TEXT:
            self._platform.refuse("message is too long")
        return text

    def _check_file(self, method: str, file: Upload) -> None:
        if not file.content:
            self._platform.refuse("file must be non-empty")
        if len(file.content) > rules.LARGEST_UPLOAD:
            self._platform.violations.append("a file over 50 MB")
            raise ApiError(413, "Request Entity Too Large")
        if method == "sendPhoto":
            if len(file.content) > rules.LARGEST_PHOTO:
                self._platform.refuse("file is too big for a photo")
            if not file.content.startswith(_PICTURES):
                raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")

    def _message(self, chat: int) -> dict[str, Any]:
        return {
            "message_id": self._last_message,
            "date": self._platform.now(),
            "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup"},
            "from": self._platform.me(),
        }
