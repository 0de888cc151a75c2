"""The review file: what ``suggest`` proposes, in a form that a person edits and ``approve`` reads."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from app.nlu import training_data
from desk.errors import InvalidError


class Decision(StrEnum):
    """What happens to the examples of a suggestion."""

    KEEP = "keep"
    DROP = "drop"
    DECIDE = "decide"
    """Nobody has said; nothing happens."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Messages that want the same, and the intent they may mean."""

    decision: Decision
    intent: str
    why: str
    also: tuple[str, ...]
    messages: int
    conversations: int
    reasons: dict[str, int]
    examples: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """A suggestion as a person left it."""

    decision: Decision
    intent: str
    examples: tuple[str, ...]


_HEAD = """\
# Messages that were not understood well. For each suggestion:
#   decision: keep     its examples become training data of the intent; change the intent where it is wrong
#   decision: drop     they are forgotten; or delete single examples, or the whole suggestion
#   decision: decide   nobody knows yet; nothing happens
# E-mail addresses, telephone numbers and long numbers are replaced already. Take out names and addresses yourself.
# Then: frontdesk nlu approve {name}
# Intents: {intents}
"""


def written(suggestions: Sequence[Suggestion], intents: Iterable[str], name: str) -> str:
    """Return the text of a review file."""
    entries = [
        {
            "decision": str(one.decision),
            "intent": one.intent,
            "why": one.why,
            "also": ", ".join(one.also),
            "examples": list(one.examples),
        }
        for one in suggestions
    ]
    body = yaml.safe_dump(
        {"suggestions": entries}, allow_unicode=True, sort_keys=False, width=10_000
    )
    # A line between suggestions: people read this.
    body = re.sub(r"^- decision:", r"\n- decision:", body, flags=re.MULTILINE)
    return _HEAD.format(name=name, intents=", ".join(sorted(intents))) + body


def reviewed(path: Path) -> list[Reviewed]:
    """Read a review file.

    Raises:
        InvalidError: it is none; says which suggestion is wrong.
    """
    # Every word as it is written: a customer's "no" is a text.
    content = training_data.parse(training_data.read(path), path.name, yaml.BaseLoader)
    entries = content.get("suggestions") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise InvalidError(
            f"{path.name} is no review file: it has no list of suggestions; "
            f"write one with: frontdesk nlu suggest --out {path.name}"
        )
    return [_one(entry, f"{path.name} suggestion {n}") for n, entry in enumerate(entries, 1)]


def _one(entry: Any, place: str) -> Reviewed:
    if not isinstance(entry, dict):
        raise InvalidError(f"{place}: wanted decision, intent and examples")
    examples = entry.get("examples") or []
    if not isinstance(examples, list) or not all(isinstance(one, str) for one in examples):
        raise InvalidError(f"{place}: examples must be a list of texts, each in quotes if need be")
    return Reviewed(
        decision=_decision(entry.get("decision"), place),
        intent=str(entry.get("intent") or "").strip(),
        examples=tuple(examples),
    )


def _decision(word: Any, place: str) -> Decision:
    try:
        return Decision(str(word or "").strip().lower())
    except ValueError as error:
        raise InvalidError(
            f"{place}: decision is {word!r}; choose one of: {', '.join(Decision)}"
        ) from error
