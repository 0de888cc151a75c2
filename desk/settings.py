"""Every setting, in one class; ``.env.example`` says why each is there."""

import difflib
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from limits import parse
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from desk.access.policy import Role
from desk.errors import SettingsError
from desk.store.database import parse_url

_OF_RASA = {"FRONTDESK_ACTIONS_URL", "FRONTDESK_PARENT_PIPE", "FRONTDESK_RASA_AS_SHIPPED"}
"""Keys that Rasa's process reads."""

_DEAREST = 100


class LogFormat(StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class Settings(BaseSettings):
    """Read from the environment (prefix ``FRONTDESK_``) and ``.env``; the environment wins."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_", env_file=".env", extra="ignore", frozen=True
    )

    data_dir: Path = Path("var")
    database_url: str = "sqlite:///var/frontdesk.sqlite"
    analytics_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    public_url: str | None = None
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    console_token: SecretStr | None = Field(default=None, min_length=16)
    console_token_temporary: bool = False
    oidc_issuer: str | None = None
    oidc_client_id: str | None = Field(default=None, min_length=1)
    oidc_client_secret: SecretStr | None = Field(default=None, min_length=1)
    oidc_name: str = Field(default="single sign-on", min_length=1, max_length=40)
    oidc_domains: Annotated[tuple[str, ...], NoDecode] = ()
    oidc_role: Role = Role.VIEWER
    log_format: LogFormat = LogFormat.CONSOLE
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    rasa_url: str = "http://127.0.0.1:5005"
    rasa_processes: int = Field(default=1, ge=1, le=64)
    rasa_token: SecretStr | None = Field(default=None, min_length=16)
    tracker_url: str | None = None
    actions_host: str = "127.0.0.1"
    actions_port: int = Field(default=5055, ge=0, le=65_535)
    dialogue_timeout: timedelta = timedelta(seconds=20)
    policies: Path = Path("policies.yml")
    desk_rules: Path = Path("desk.yml")
    handoff_patience: timedelta = timedelta(minutes=10)

    chat_origins: Annotated[tuple[str, ...], NoDecode] = ()
    chat_rate_visitor: str = "120/minute"
    chat_rate_address: str = "600/minute"
    chat_rate_files: str = "30/minute"
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()

    api_rate: str = "600/minute"
    message_prices: Annotated[Mapping[str, float], NoDecode] = Field(default_factory=dict)
    webhook_allow_private: bool = False

    media_url: str | None = None
    media_largest_mb: int = Field(default=25, ge=2, le=100)

    @field_validator("chat_origins", "trusted_proxies", "oidc_domains", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return _addresses(value)
        return value

    @field_validator("message_prices", mode="before")
    @classmethod
    def _prices(cls, value: object) -> object:
        return _pairs(value) if isinstance(value, str) else value

    @field_validator("message_prices")
    @classmethod
    def _are_prices(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        if not all(0 <= price <= _DEAREST for price in value.values()):
            raise ValueError(f"a message costs from 0 to {_DEAREST} dollars")
        return value

    @property
    def media_place(self) -> str:
        """Where files are kept: a folder, or the URL of a bucket."""
        return self.media_url or str(self.data_dir / "media")

    @property
    def media_largest(self) -> int:
        """How large a file may be, in bytes."""
        return self.media_largest_mb * 2**20

    @property
    def rasa_urls(self) -> tuple[str, ...]:
        """The addresses of all Rasa processes."""
        return _addresses(self.rasa_url)

    @field_validator("rasa_url")
    @classmethod
    def _rasa(cls, value: str) -> str:
        urls = _addresses(value)
        if not urls or not all(re.fullmatch(r"https?://[^/\s,]+(/\S*)?", url) for url in urls):
            raise ValueError(
                "write an address such as http://127.0.0.1:5005, or several with commas"
            )
        if len(set(urls)) < len(urls):
            raise ValueError("the same address twice")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        # Whoever can change what is on the way would be whomever they like.
        if value and not re.match(r"https://[^/\s]|http://(localhost|127\.0\.0\.1)[:/]", value):
            raise ValueError("write an address that begins with https://")
        return value

    @field_validator("dialogue_timeout", "handoff_patience", mode="before")
    @classmethod
    def _seconds(cls, value: object) -> object:
        return float(value) if isinstance(value, str) and value.isdecimal() else value

    @field_validator("chat_rate_visitor", "chat_rate_address", "chat_rate_files", "api_rate")
    @classmethod
    def _rate(cls, value: str) -> str:
        try:
            parse(value)
        except ValueError as error:
            raise ValueError("write a rate such as 120/minute") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        try:
            parse_url(value)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return value


def _addresses(value: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())


def _pairs(value: str) -> dict[str, str]:
    pairs = [part.split("=") for part in value.split(",") if part.strip()]
    if not all(len(pair) == 2 and pair[0].strip() for pair in pairs):
        raise ValueError("write channels and dollars such as whatsapp=0.05,sms=0.08")
    return {name.strip(): price.strip() for name, price in pairs}


def load(*, elsewhere: tuple[str, ...] = (), **overrides: object) -> Settings:
    """Return the settings; ``overrides`` (from the command line) win, None means not given.

    Keys that begin with one of ``elsewhere`` are somebody else's to read and to refuse.

    Raises:
        SettingsError: one line that names the first wrong key and what is wrong with it.
    """
    _refuse_unknown_keys(elsewhere)
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        key = "FRONTDESK_" + "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ").removeprefix(f"{key} ")
        raise SettingsError(f"{key}: {reason}") from error


def _refuse_unknown_keys(elsewhere: tuple[str, ...]) -> None:
    """A misspelt key would otherwise be a setting that silently does nothing."""
    known = {f"FRONTDESK_{name}".upper() for name in Settings.model_fields} | _OF_RASA
    for key in (*dotenv_values(".env"), *os.environ):
        ours = key.startswith("FRONTDESK_") and not key.startswith(elsewhere)
        if ours and key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; .env.example lists every key"
            raise SettingsError(f"{key}: there is no such setting{hint}")
