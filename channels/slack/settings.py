"""The settings of the Slack customer channel."""

import re
from typing import ClassVar

from pydantic import field_validator
from pydantic_settings import SettingsConfigDict

from channels.slack.app_settings import SlackAppSettings

_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")


class SlackSettings(SlackAppSettings):
    """The app's tokens, and where its bot answers."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_SLACK_", env_file=".env", extra="ignore", frozen=True
    )
    needs: ClassVar[tuple[str, ...]] = ("bot_token",)

    #: Channels in which the bot answers without being mentioned, by id, comma separated.
    channels: str = ""

    @property
    def customer_channels(self) -> frozenset[str]:
        """Return the ids of the channels in which every message is for the bot."""
        return frozenset(one.strip() for one in self.channels.split(",") if one.strip())

    @field_validator("channels")
    @classmethod
    def _are_ids(cls, channels: str) -> str:
        for one in filter(None, (part.strip() for part in channels.split(","))):
            if not _CHANNEL.fullmatch(one):
                raise ValueError(f"{one} is no channel id; one looks like C0123456789")
        return channels
