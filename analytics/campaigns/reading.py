"""Reading what somebody wrote as JSON: versioned, with messages that name the place. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from desk.errors import InvalidError

VERSION = 1


class Part(BaseModel):
    """A value: checked when it is made, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def versioned(given: Any, what: str) -> dict[str, Any]:
    """Return what was written without its version, or raise InvalidError if that is not ours."""
    if not isinstance(given, Mapping):
        raise InvalidError(f'{what} is an object such as {{"version": {VERSION}, ...}}')
    version = given.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise InvalidError(f"version: {version!r:.40} is not known here; write {VERSION}")
    return {str(key): value for key, value in given.items() if key != "version"}


def read_as[Read: BaseModel](model: type[Read], given: Any, place: str = "") -> Read:
    """Return what was written as a model.

    Raises:
        InvalidError: it is wrong; the message says where and what, lists are counted from 1.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = place
        for step in first["loc"]:
            where += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
        what = first["msg"].removeprefix("Value error, ")
        raise InvalidError(f"{where.lstrip('.')}: {what}" if where else what) from error
