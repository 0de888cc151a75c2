"""What the assistant has asked for already, kept beside the conversation for the person who takes it over. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

_LONGEST = 300


def collected(
    known: Mapping[str, Any], learnt: Mapping[str, Any], allowed: Collection[str]
) -> dict[str, Any]:
    """Return what is known after a message: only what is allowed is kept, and what was forgotten goes."""
    both = {**known, **learnt}
    return {
        name: str(value)[:_LONGEST]
        for name, value in both.items()
        if name in allowed and value not in (None, "", _SKIPPED)
    }


_SKIPPED = "-"
"""The answer of a customer who had none."""
