"""A stand-in for Telegram's Bot API that enforces its rules."""

from tests.platforms.telegram.server import TelegramPlatform

__all__ = ["TelegramPlatform"]
