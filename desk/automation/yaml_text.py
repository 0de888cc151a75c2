"""YAML that people wrote."""

from typing import Any

import yaml

from desk.errors import InvalidError

_LONGEST = 1_000_000


def load(text: str) -> Any:
    """Return what a text says.

    Raises:
        InvalidError: it is too long, no YAML, or has aliases, with which a short text can say very much.
    """
    if len(text) > _LONGEST:
        raise InvalidError("at most a million characters are read")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise InvalidError("write everything out: aliases (*name) are not read")
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InvalidError(f"this is no YAML: {reason[:300]}") from error
