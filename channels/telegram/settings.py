"""What an operator sets to connect a Telegram bot."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from channels.spec import ChannelSettings, secret_of

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{20,100}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_USERNAME = re.compile(r"[A-Za-z0-9_]{3,64}")
_URL = re.compile(r"https?://[^\s/]\S*")


class Mode(StrEnum):
    """How updates reach us."""

    POLLING = "polling"
    WEBHOOK = "webhook"


def _address(url: str) -> str:
    if not _URL.fullmatch(url):
        raise ValueError("must begin with https:// or http://")
    return url.rstrip("/")


class TelegramSettings(ChannelSettings):
    """The bot's token, and how its updates come."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_TELEGRAM_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )
    needs = ("token",)

    token: SecretStr
    mode: Mode = Mode.POLLING
    webhook_secret: SecretStr | None = Field(default=None, validate_default=True)
    username: str | None = None
    api_url: Annotated[str, AfterValidator(_address)] = "https://api.telegram.org"
    #: Where files are fetched; by default below ``api_url``.
    file_url: Annotated[str, AfterValidator(_address)] | None = None

    @field_validator("token")
    @classmethod
    def _is_token(cls, token: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError(
                "is not a bot token; @BotFather shows it: digits, a colon, 35 letters"
            )
        return token

    @field_validator("webhook_secret")
    @classmethod
    def _is_secret(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        needed = info.data.get("mode") is Mode.WEBHOOK
        if (secret or needed) and not _SECRET.fullmatch(secret_of(secret)):
            raise ValueError(
                "with FRONTDESK_TELEGRAM_MODE=webhook it must be 16 to 256 of the characters A-Z a-z 0-9 _ -"
            )
        return secret

    @field_validator("username")
    @classmethod
    def _is_username(cls, username: str | None) -> str | None:
        name = (username or "").removeprefix("@")
        if username and not _USERNAME.fullmatch(name):
            raise ValueError("is not a bot's username, such as example_bot")
        return name or None
