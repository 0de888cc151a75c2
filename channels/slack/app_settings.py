"""What every Slack app of ours is told: its tokens, and how Slack reaches us."""

from enum import StrEnum

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from channels.spec import ChannelSettings


class Mode(StrEnum):
    """How Slack reaches us: it calls us, or we hold a connection to it."""

    HTTP = "http"
    SOCKET = "socket"


class SlackAppSettings(ChannelSettings):
    """The app's tokens; which of them are needed depends on the mode."""

    bot_token: SecretStr
    mode: Mode = Mode.HTTP
    signing_secret: SecretStr | None = Field(default=None, validate_default=True)
    app_token: SecretStr | None = Field(default=None, validate_default=True)
    api_url: str = "https://slack.com/api/"

    @field_validator("bot_token")
    @classmethod
    def _is_bots(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().startswith("xoxb-"):
            raise ValueError("must be the bot user's token, which begins with xoxb-")
        return token

    @field_validator("signing_secret")
    @classmethod
    def _signs(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if info.data.get("mode") is Mode.HTTP and not (secret and secret.get_secret_value()):
            key = f"{cls.model_config['env_prefix']}MODE"
            raise ValueError(
                f"missing; copy it from the app's Basic Information, or set {key}=socket"
            )
        return secret

    @field_validator("app_token")
    @classmethod
    def _connects(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if info.data.get("mode") is not Mode.SOCKET:
            return token
        if token is None or not token.get_secret_value().startswith("xapp-"):
            raise ValueError(
                "Socket Mode needs an app-level token with connections:write; it begins with xapp-"
            )
        return token
