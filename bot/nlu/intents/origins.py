"""In which line of which file an example stands, which Rasa's reader does not say."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

_INTENT = re.compile(
    r"^\s*-\s*intent:\s*(?P<quote>['\"]?)(?P<name>[^'\"#]+?)(?P=quote)\s*(?:#.*)?$"
)
_OTHER_ITEM = re.compile(r"^\s*-?\s*(?:synonym|regex|lookup|rule|story|version|nlu)\s*:")
_EXAMPLE = re.compile(r"^\s+-\s+(?P<text>.*\S)\s*$")
_ANNOTATED = re.compile(r"\[(?P<value>[^\]]+)\](?:\([^)]*\)|\{[^}]*\})")

Origins = dict[tuple[str, str], list[str]]


def origins(where: Path) -> Origins:
    """(intent, text) -> `file:line` of each place in the YAML files under a folder, or in one file."""
    files = sorted(where.rglob("*.y*ml")) if where.is_dir() else [where] if where.is_file() else []
    found: Origins = defaultdict(list)
    for file in files:
        _scan(file, found)
    return dict(found)


def _scan(file: Path, found: Origins) -> None:
    intent = ""
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if match := _INTENT.match(line):
            intent = match["name"]
        elif _OTHER_ITEM.match(line):
            intent = ""
        elif intent and (match := _EXAMPLE.match(line)):
            text = _ANNOTATED.sub(lambda part: part["value"], match["text"])
            found[intent, text].append(f"{file}:{number}")
