"""The settings of the Matrix channel."""

import re
from typing import ClassVar

from pydantic import SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from channels.spec import ChannelSettings

_USER = re.compile(r"@([a-z0-9._=/+-]+):([A-Za-z0-9.:\[\]-]+)")


class MatrixSettings(ChannelSettings):
    """Where the homeserver is, who we are there, and the two tokens of the registration file."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_MATRIX_", env_file=".env", extra="ignore", frozen=True
    )
    needs: ClassVar[tuple[str, ...]] = ("homeserver", "user", "as_token", "hs_token")

    #: The client-server address, such as https://matrix.example.com.
    homeserver: str
    #: Our full user id, such as @help:example.com.
    user: str
    #: By which the homeserver knows us.
    as_token: SecretStr
    #: By which we know the homeserver.
    hs_token: SecretStr
    #: The ``id`` in the registration file.
    id: str = "frontdesk"

    @field_validator("homeserver")
    @classmethod
    def _address(cls, address: str) -> str:
        if not re.match(r"https?://[^/?#\s]+", address):
            raise ValueError("must be an https:// address (http:// only inside a private network)")
        return address.rstrip("/")

    @field_validator("user")
    @classmethod
    def _full(cls, user: str) -> str:
        if not _USER.fullmatch(user):
            raise ValueError("must be a full user id such as @help:example.com")
        return user

    @field_validator("as_token", "hs_token")
    @classmethod
    def _long(cls, token: SecretStr) -> SecretStr:
        value = token.get_secret_value()
        if len(value) < 16 or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("must be at least 16 random letters and digits")
        return token
