"""The settings of X; with none of them the channel is not set up."""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from channels.spec import ChannelSettings

_USER_ID = re.compile(r"[0-9]{1,19}")


class Mode(StrEnum):
    """How news reach us: we ask, or X calls us (and we ask now and then, for what a call missed)."""

    POLLING = "polling"
    WEBHOOK = "webhook"


class XSettings(ChannelSettings):
    """Keys of an X app and of the account that it acts for; the budget is in dollars a day (UTC)."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_X_", env_file=".env", extra="ignore", frozen=True
    )
    needs = ("api_key", "api_secret", "access_token", "access_secret")

    api_key: SecretStr
    api_secret: SecretStr
    access_token: SecretStr
    access_secret: SecretStr
    bearer_token: SecretStr | None = None
    client_secret: SecretStr | None = None
    user_id: str = ""
    api_url: HttpUrl | None = None
    mode: Mode = Mode.POLLING
    daily_budget: Annotated[Decimal, Field(ge=0, le=1_000_000)] = Decimal(5)
    mentions: bool = True
    dms: bool = True

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if not (self.mentions or self.dms):
            raise ValueError("MENTIONS and DMS are both off; leave one of them on")
        if not _USER_ID.fullmatch(self.account):
            raise ValueError(
                "USER_ID must be the account's number, which the access token does not tell"
            )
        return self

    @property
    def account(self) -> str:
        """The number of our account; an access token begins with it."""
        return self.user_id or self.access_token.get_secret_value().partition("-")[0]
