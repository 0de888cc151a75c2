"""The entity tables of the shipped training data, read like Rasa's YAML reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.entities import EntityFinder, Options, Tables
from bot.nlu.entities.tables import canonical

ROOT = Path(__file__).resolve().parents[2]
UTC = timezone.utc  # noqa: UP017 - Python 3.10
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""A Wednesday."""
_FILES = ("data/nlu/entities.yml", "data/lookups/product.yml", "data/lookups/account_type.yml")
_ANNOTATION = re.compile(r"\[([^\]]+)\]\((\w+)\)")


def blocks(kind: str) -> Iterator[tuple[str, list[str]]]:
    """Name and example lines of every block of a kind."""
    for name in _FILES:
        for item in yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["nlu"]:
            if kind in item:
                lines = item["examples"].splitlines()
                assert all(line.startswith("-") for line in lines), name
                yield item[kind], [line[1:].strip("\n\r ") for line in lines]


def options() -> Options:
    """As `config.yml` sets them."""
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    one = next(c for c in config["pipeline"] if c["name"] == "bot.nlu.PatternEntities")
    return Options(templates=one["templates"])


def shipped() -> EntityFinder:
    """The finder that the shipped data makes."""
    patterns = [(name, line) for name, lines in blocks("regex") for line in lines]
    synonyms = {line: name for name, lines in blocks("synonym") for line in lines}
    return EntityFinder(Tables(patterns, dict(blocks("lookup")), canonical(synonyms)), options())


def found(finder: EntityFinder, text: str) -> list[dict[str, Any]]:
    """The entities, at noon of a Wednesday."""
    return finder.find(text, NOON)


def training_lines() -> list[str]:
    """Every example of every intent, as written."""
    return [
        line[1:].strip()
        for path in sorted((ROOT / "data/nlu").glob("*.yml"))
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        if "intent" in item
        for line in item["examples"].splitlines()
    ]


def annotations(line: str) -> list[tuple[str, str]]:
    """Entity and value of every annotation in an example."""
    return [(name, value) for value, name in _ANNOTATION.findall(line)]


def plain(line: str) -> str:
    """An example without its annotations."""
    return _ANNOTATION.sub(r"\1", line)
