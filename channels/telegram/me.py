"""Who the bot is, and whether a message in a group is meant for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from channels.telegram import units
from desk.errors import RetryableError


@dataclass
class Me:
    """The bot's id, from its token, and its username, once it is known."""

    id: int
    username: str | None = None

    def is_named(self, username: str) -> bool:
        """Tell whether a username, with or without its @, is the bot's."""
        return self.known().casefold() == username.removeprefix("@").casefold()

    def known(self) -> str:
        """Return the username; RetryableError while Telegram has not told it."""
        if self.username is None:
            raise RetryableError(
                "the bot's username is not known yet; if that stays so, set FRONTDESK_TELEGRAM_USERNAME"
            )
        return self.username

    def is_addressed(self, message: Mapping[str, Any]) -> bool:
        """Tell whether a message in a group replies to the bot, names it, or is a command to it."""
        replied = message.get("reply_to_message") or {}
        if (replied.get("from") or {}).get("id") == self.id:
            return True
        return any(self._is_for_me(entity, words) for entity, words in _entities(message))

    def without_mention(self, message: Mapping[str, Any], text: str) -> str:
        """Return the text of a message without the bot's @name."""
        for entity, words in reversed(list(_entities(message))):
            if entity.get("type") == "mention" and self.username and self.is_named(words):
                text = units.without(text, entity["offset"], entity["length"])
        return text.strip()

    def _is_for_me(self, entity: Mapping[str, Any], words: str) -> bool:
        match entity.get("type"):
            case "mention":
                return self.is_named(words)
            case "bot_command":
                _, at, name = words.partition("@")
                return bool(at) and self.is_named(name)
            case "text_mention":
                return bool((entity.get("user") or {}).get("id") == self.id)
        return False


def _entities(message: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield what is marked in a message's text or caption, with the words themselves."""
    for text, entities in (("text", "entities"), ("caption", "caption_entities")):
        for entity in message.get(entities) or ():
            words = units.part(message.get(text) or "", entity["offset"], entity["length"])
            yield entity, words
