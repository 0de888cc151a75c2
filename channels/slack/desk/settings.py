"""The settings of the agents' desk in Slack."""

import re
from typing import ClassVar

from pydantic import field_validator
from pydantic_settings import SettingsConfigDict

from channels.slack.app_settings import SlackAppSettings

_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_GROUP = re.compile(r"S[A-Z0-9]{2,}")


class SlackDeskSettings(SlackAppSettings):
    """The desk's app and its channel. It is an app of its own, apart from the one for customers."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_DESK_SLACK_", env_file=".env", extra="ignore", frozen=True
    )
    needs: ClassVar[tuple[str, ...]] = ("bot_token", "channel")

    #: Where conversations go that no route sends elsewhere.
    channel: str
    #: The user group whose members may act; empty: the members of the desk's channels.
    group: str = ""

    @field_validator("channel")
    @classmethod
    def _is_channel(cls, channel: str) -> str:
        if not _CHANNEL.fullmatch(channel):
            raise ValueError("must be a channel's id, as C0123456789; it is in the About tab")
        return channel

    @field_validator("group")
    @classmethod
    def _is_group(cls, group: str) -> str:
        if group and not _GROUP.fullmatch(group):
            raise ValueError("must be a user group's id, as S0123456789, not its name")
        return group
