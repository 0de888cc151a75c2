"""Rasa's test stories (tests/conversations) as a customer would play them.

``metadata`` of a story, which Rasa ignores, says what the replies must hold:

- ``replies``: for the n-th user step a list of texts that must occur in what is said to it, buttons included;
  ``"command": "handoff"`` stands for what the reply makes the desk do
- ``continued``: user steps that nobody types: an action goes on by itself as if a button had been pressed
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "conversations"
_ANNOTATION = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_HAN = re.compile("[一-鿿]")
_KEYS = {"replies", "continued"}
_COMMAND = re.compile(r'"command": "(\w+)"')


@dataclass(frozen=True)
class Step:
    """What the customer types, or presses when it is a payload, and what must be said to it."""

    text: str
    expected: tuple[str, ...]
    command: str | None = None

    @property
    def payload(self) -> str | None:
        """The button's payload in one spelling, None for typed text."""
        return spelled(self.text) if self.text.startswith("/") else None


@dataclass(frozen=True)
class Story:
    """One conversation."""

    name: str
    file: str
    steps: tuple[Step, ...]

    @property
    def is_chinese(self) -> bool:
        """Whether the customer writes Chinese somewhere."""
        return any(_HAN.search(step.text) for step in self.steps)


def spelled(payload: str) -> str:
    """Return a payload with its entities in one order and spacing."""
    intent, brace, rest = payload.partition("{")
    entities = json.loads(brace + rest) if brace else {}
    return f"{intent.strip()} {json.dumps(entities, sort_keys=True, ensure_ascii=False)}"


def load(folder: Path = FOLDER) -> list[Story]:
    """Return every story of the folder."""
    return [
        _story(raw, path.name)
        for path in sorted(folder.glob("*.yml"))
        for raw in yaml.safe_load(path.read_text(encoding="utf-8"))["stories"]
    ]


def _story(raw: Mapping[str, Any], file: str) -> Story:
    metadata = raw.get("metadata") or {}
    unknown = set(metadata) - _KEYS
    if unknown:
        raise ValueError(f"{file}: {raw['story']}: unknown metadata {sorted(unknown)}")
    typed = [step["user"].strip() for step in raw["steps"] if "user" in step]
    return Story(raw["story"], file, tuple(_steps(typed, metadata)))


def _steps(typed: Sequence[str], metadata: Mapping[str, Any]) -> Iterator[Step]:
    expected: dict[int, Sequence[str]] = metadata.get("replies", {})
    continued = set(metadata.get("continued", ()))
    impossible = (set(expected) | continued) - set(range(1, len(typed) + 1))
    if impossible:
        raise ValueError(f"there is no user step {sorted(impossible)}")
    for number, text in enumerate(typed, 1):
        if number in continued:
            continue
        plain = text if text.startswith("/") else _ANNOTATION.sub(r"\1", text)
        # What a continued step leads to is said in the same breath as its cause.
        following = [number, *_run(number + 1, continued)]
        words = [word for n in following for word in expected.get(n, ())]
        commands = [found[1] for word in words if (found := _COMMAND.fullmatch(word))]
        yield Step(
            plain,
            tuple(word for word in words if not _COMMAND.fullmatch(word)),
            commands[0] if commands else None,
        )


def _run(start: int, numbers: set[int]) -> Iterator[int]:
    while start in numbers:
        yield start
        start += 1
