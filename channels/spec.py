"""What the registry wants to know of a channel: its settings, and how it is built from them."""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from desk.channel import Channel
from desk.clock import Clock
from desk.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What an adapter may need besides its own settings; ``secret`` is for signatures of our own."""

    clock: Clock
    secret: str
    public_url: str | None


class ChannelSettings(BaseSettings):
    """The settings of one channel; a subclass sets ``env_prefix`` and names what it ``needs``.

    Without any key of the prefix the channel is not set up. With some, all that it needs must be there.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)
    needs: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def load(cls) -> Self | None:
        """Return the settings; None when the channel is not set up.

        Raises:
            SettingsError: half of it is set up, or a key or value is wrong; one line says which and what to do.
        """
        prefix = cls.model_config.get("env_prefix", "")
        given = {key for key, value in _environment().items() if key.startswith(prefix) and value}
        if not given:
            return None
        _refuse_unknown(given, {f"{prefix}{name}".upper() for name in cls.model_fields})
        missing = [key for key in (f"{prefix}{n}".upper() for n in cls.needs) if key not in given]
        if missing:
            them = "it" if len(missing) == 1 else "them"
            raise SettingsError(
                f"{', '.join(missing)}: missing; set {them}, or remove {', '.join(sorted(given))}"
            )
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            key = prefix + "_".join(str(part) for part in first["loc"]).upper()
            reason = first["msg"].removeprefix("Value error, ").removeprefix(f"{key} ")
            raise SettingsError(f"{key.rstrip('_')}: {reason}") from error


@dataclass(frozen=True, kw_only=True)
class Spec[S: ChannelSettings]:
    """A kind of channel: its name, its settings and what builds it."""

    name: str
    settings: type[S]
    build: Callable[[S, Tools], Channel]

    @property
    def prefix(self) -> str:
        """What the keys of its settings begin with."""
        return self.settings.model_config.get("env_prefix", "")

    def load(self, tools: Tools) -> Channel | None:
        """Return the channel, or None when it is not set up; SettingsError when it is half."""
        settings = self.settings.load()
        return None if settings is None else self.build(settings, tools)


def secret_of(value: SecretStr | None) -> str:
    """Return a secret's text; the empty text for none."""
    return value.get_secret_value() if value else ""


def _environment() -> Mapping[str, Any]:
    return {**dotenv_values(".env"), **os.environ}


def _refuse_unknown(given: set[str], known: set[str]) -> None:
    for key in sorted(given - known):
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(sorted(known))}"
        raise SettingsError(f"{key}: there is no such setting{hint}")
