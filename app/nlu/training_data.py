"""Rasa's training examples in ``data/nlu``: reading all, appending some."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from desk.errors import InvalidError

FALLBACK = "nlu_fallback"
_MARKED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_NEW_FILE = """version: "3.1"
# What customers wrote, approved by `frontdesk nlu approve`; change it as you like.
nlu:
"""
# The C one is ten times as fast; it is missing where PyYAML was built without libyaml.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A training example and the file it stands in."""

    text: str
    intent: str
    file: str


def load(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        InvalidError: it is missing or no YAML; says which line.
    """
    return parse(read(path), path.name)


def read(path: Path) -> str:
    """Return the text of a file; InvalidError when there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path.name} is not UTF-8") from error
    except OSError as error:
        raise InvalidError(f"{path.name} cannot be read: {error.strerror}") from error


def parse(text: str, name: str, loader: Any = _Loader) -> Any:
    """Return what YAML says; InvalidError with the line where it says nothing."""
    try:
        return yaml.load(text, loader)  # noqa: S506 - both loaders in use build plain values only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InvalidError(f"{name} line {line} is no YAML: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidError(f"{name} is no YAML: {str(error).splitlines()[0]}") from error


def known_intents(domain: Path) -> frozenset[str]:
    """Return the intents of a domain that can have examples."""
    content = load(domain)
    listed = content.get("intents") if isinstance(content, dict) else None
    names = {next(iter(one)) if isinstance(one, dict) else str(one) for one in listed or ()}
    return frozenset(names - {FALLBACK})


def examples(folder: Path) -> Iterator[Example]:
    """Yield every example of every intent below a folder, without marks of entities."""
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        for intent, text in _examples(load(path)):
            yield Example(text=text, intent=intent, file=path.name)


def _examples(content: Any) -> Iterator[tuple[str, str]]:
    parts = content.get("nlu") if isinstance(content, dict) else None
    for part in parts or ():
        if not isinstance(part, dict) or "intent" not in part:
            continue
        for text in _texts(part.get("examples")):
            yield str(part["intent"]), _MARKED.sub(r"\1", text)


def _texts(listed: Any) -> Iterator[str]:
    if isinstance(listed, str):
        lines = [line.strip() for line in listed.splitlines()]
        yield from (
            line[1:].strip() for line in lines if line.startswith("-") and line[1:].strip()
        )
    for one in listed if isinstance(listed, list) else ():
        yield str(one.get("text", "")).strip() if isinstance(one, dict) else str(one)


def appended(before: str, name: str, additions: Mapping[str, Sequence[str]]) -> str:
    """Return the content of a file with examples added at its end; everything before stays as it is.

    Raises:
        InvalidError: the end of the file is not a place for examples.
    """
    start = before if before.strip() else _NEW_FILE
    blocks = [
        f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
        for intent, texts in sorted(additions.items())
    ]
    content = start + ("" if start.endswith("\n") else "\n") + "".join(blocks)
    wanted = [(intent, text) for intent, texts in sorted(additions.items()) for text in texts]
    if list(_examples(parse(content, name)))[-len(wanted) :] != wanted:
        raise InvalidError(f"{name} cannot be added to; `nlu` has to be its last key")
    return content
