"""The settings of the signed webhook."""

import ipaddress
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from channels.spec import ChannelSettings
from channels.webhook.signature import Signer


class WebhookSettings(ChannelSettings):
    """Where messages go to, and the secrets that sign both directions."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_WEBHOOK_", env_file=".env", extra="ignore", frozen=True
    )
    needs: ClassVar[tuple[str, ...]] = ("url", "secret")

    #: Receives what the desk says.
    url: str
    #: ``whsec_...``; during a change both, comma separated.
    secret: SecretStr
    #: Hosts from which attachments are fetched, comma separated.
    file_hosts: str = ""

    @field_validator("url")
    @classmethod
    def _safe(cls, url: str) -> str:
        if not is_safe(url):
            raise ValueError("must be an https:// address; http:// is for this machine only")
        return url

    @field_validator("secret")
    @classmethod
    def _signs(cls, secret: SecretStr) -> SecretStr:
        Signer(secret.get_secret_value())
        return secret


def is_safe(url: str) -> bool:
    """Tell whether nobody can listen on the way to an address: it is https, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
