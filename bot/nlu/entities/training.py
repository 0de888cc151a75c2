"""Reads the `regex`, `lookup` and `synonym` sections of Rasa's training data."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.nlu.entities.tables import Tables, TablesError, canonical

if TYPE_CHECKING:
    from rasa.shared.nlu.training_data.training_data import TrainingData


def tables_of(data: TrainingData, *, use_regexes: bool = True, use_lookups: bool = True) -> Tables:
    """What the data says; as in RegexEntityExtractor, patterns and tables of annotated entities only.

    Raises TablesError for a look-up file that cannot be read.
    """
    known = data.entities
    patterns = [
        (str(one["name"]), str(one["pattern"]))
        for one in data.regex_features
        if use_regexes and one["name"] in known
    ]
    lookups: dict[str, list[str]] = {}
    for table in data.lookup_tables if use_lookups else ():
        if table["name"] in known:
            lookups.setdefault(str(table["name"]), []).extend(_words(table["elements"]))
    return Tables(patterns, lookups, canonical(_aliases(data)))


def _aliases(data: TrainingData) -> dict[str, str]:
    """The `synonym` sections, and examples that give a value: `[the capital]{"entity": "city", "value": "Paris"}`."""
    aliases = {str(alias): str(value) for alias, value in data.entity_synonyms.items()}
    for example in data.entity_examples:
        text = str(example.get("text"))
        for entity in example.get("entities", []):
            aliases[text[entity["start"] : entity["end"]]] = str(entity.get("value"))
    return aliases


def _words(elements: Iterable[str] | str) -> list[str]:
    """A table's words, or those of the file that it names, one a line."""
    if not isinstance(elements, str):
        return [str(element) for element in elements]
    try:
        lines = Path(elements).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TablesError(f"the look-up table {elements} cannot be read: {error}") from error
    return [line.strip() for line in lines if line.strip()]
