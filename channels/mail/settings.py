"""What an operator sets to connect a mailbox."""

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from channels.mail.headers import normalised
from channels.spec import ChannelSettings


class Security(StrEnum):
    """How a connection is kept private."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


_IMAP_PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}
_SMTP_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}
type Port = Annotated[int, Field(ge=1, le=65535)] | None


class MailSettings(ChannelSettings):
    """The settings ``FRONTDESK_EMAIL_...``."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_EMAIL_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )
    needs: ClassVar[tuple[str, ...]] = ("address", "imap_host", "imap_password", "smtp_host")

    address: str
    from_name: str = ""
    #: Before the passwords and protections, whose checks look at it.
    allow_plain: bool = False
    ca_file: Path | None = None

    imap_host: str
    imap_port: Port = None
    imap_user: str = ""
    imap_password: SecretStr
    imap_security: Security = Security.TLS
    mailbox: str = "INBOX"
    mark_seen: bool = False

    smtp_host: str
    smtp_port: Port = None
    smtp_user: str = ""
    smtp_password: Annotated[SecretStr | None, Field(validate_default=True)] = None
    smtp_security: Security = Security.STARTTLS

    largest_mb: Annotated[int, Field(ge=1, le=100)] = 25
    per_minute: Annotated[int, Field(ge=1)] = 30
    #: How many mails of one sender are read in an hour; more is two machines talking.
    most_per_hour: Annotated[int, Field(ge=1)] = 20
    plus_address: bool = True
    #: The List-Id of a group through which customers' mails reach the mailbox.
    own_list: str = ""

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        address = normalised(value)
        if address is None or not address.isascii():
            raise ValueError("must be an address such as support@example.com")
        return address

    @field_validator("ca_file")
    @classmethod
    def _is_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @field_validator("imap_security", "smtp_security")
    @classmethod
    def _is_private(cls, value: Security, info: ValidationInfo) -> Security:
        host = info.data.get(f"{(info.field_name or '')[:4]}_host", "")
        if value is Security.NONE and not info.data.get("allow_plain") and not is_loopback(host):
            raise ValueError(
                f"none sends the password to {host} in the clear: set tls or starttls, "
                "or FRONTDESK_EMAIL_ALLOW_PLAIN=true if you mean it"
            )
        return value

    @field_validator("smtp_password")
    @classmethod
    def _is_there(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and not is_loopback(info.data.get("smtp_host", "")):
            raise ValueError("missing; only a mail server on this machine may go without")
        return value

    @property
    def imap_port_used(self) -> int:
        """The port of the IMAP server: as set, or the usual one."""
        return self.imap_port or _IMAP_PORTS[self.imap_security]

    @property
    def smtp_port_used(self) -> int:
        """The port of the SMTP server: as set, or the usual one."""
        return self.smtp_port or _SMTP_PORTS[self.smtp_security]

    @property
    def largest(self) -> int:
        """How many bytes of a mail are fetched at most."""
        return self.largest_mb * 1024 * 1024


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine; names other than localhost are not looked up."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
