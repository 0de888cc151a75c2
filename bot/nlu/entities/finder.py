"""Finds every entity of a text: own finders, patterns and look-up tables, one answer for each place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.nlu.entities import dates, decoys, email
from bot.nlu.entities.fold import fold
from bot.nlu.entities.hits import Hit, Rank, standing
from bot.nlu.entities.lookups import Lookups
from bot.nlu.entities.money import MoneyFinder
from bot.nlu.entities.phone import PhoneFinder
from bot.nlu.entities.tables import Tables, TablesError
from bot.nlu.entities.traits import DIGIT, traits_of

VALUE = "value"
"""A pattern's group of this name is the entity's value; without it, the whole hit is."""
KINDS = ("email", "phone", "money", "date")


class OptionsError(ValueError):
    """An option cannot be used; the message says which and what it may be."""


@dataclass(frozen=True)
class Options:
    """How texts are read."""

    kinds: tuple[str, ...] = KINDS
    case_sensitive: bool = False
    word_boundaries: bool = True
    regions: tuple[str, ...] = ("US", "CN")
    """Whose phone numbers come without a country code; the first in which a number is valid."""
    currencies: Mapping[str, str] = field(default_factory=dict)
    date_order: str = "MDY"
    """What 5/6/2026 means: `MDY` or `DMY`."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """How the value of a pattern's hit is written: `{ticket_number: "T-{:0>6}"}`."""


class EntityFinder:
    """Finds entities; of overlapping ones the longest stands, of equally long ones the more specific."""

    def __init__(self, tables: Tables, options: Options = Options()) -> None:
        """Raises OptionsError and TablesError."""
        _check(options)
        self._options = options
        self._synonyms = tables.synonyms
        self._patterns = [
            (name, _compiled(name, pattern, options.case_sensitive))
            for name, pattern in tables.patterns
        ]
        self._lookups = Lookups(tables.lookups, boundaries=options.word_boundaries)
        try:
            self._phones = PhoneFinder(options.regions)
            self._money = MoneyFinder(options.currencies)
        except ValueError as error:
            raise OptionsError(str(error)) from error

    def find(self, text: str, now: datetime) -> list[dict[str, Any]]:
        """The entities of a text in its order, in Rasa's form; offsets point into the text as it is."""
        hits = standing(self._hits(fold(text), now))
        return [self._entity(hit, text[hit.start : hit.end]) for hit in hits]

    def _hits(self, text: str, now: datetime) -> Iterator[Hit]:
        kinds, traits = self._options.kinds, traits_of(text)
        yield from decoys.find(text, traits)
        if "email" in kinds:
            yield from email.find(text)
        if "phone" in kinds and DIGIT in traits:
            yield from self._phones.find(text)
        if "money" in kinds:
            yield from self._money.find(text, traits)
        if "date" in kinds:
            yield from dates.find(text, traits, now, self._options.date_order)
        yield from self._pattern_hits(text)
        yield from self._lookups.find(text)

    def _pattern_hits(self, text: str) -> Iterator[Hit]:
        for name, pattern in self._patterns:
            for found in pattern.finditer(text):
                value = found[VALUE] if VALUE in pattern.groupindex else None
                value = found[0] if value is None else value
                written = self._options.templates.get(name, "{}").format(value)
                yield Hit(found.start(), found.end(), Rank.PATTERN, name, written)

    def _entity(self, hit: Hit, raw: str) -> dict[str, Any]:
        value = self._synonyms.get(raw.lower()) or self._synonyms.get(hit.value.lower())
        entity = {
            "entity": hit.entity,
            "start": hit.start,
            "end": hit.end,
            "value": value or hit.value,
            "text": raw,
            "confidence": 1.0,
        }
        return {**entity, "additional_info": hit.details} if hit.details else entity


def _compiled(name: str, pattern: str, case_sensitive: bool) -> re.Pattern[str]:
    try:
        return re.compile(pattern, 0 if case_sensitive else re.IGNORECASE)
    except re.error as error:
        raise TablesError(f"regex {name}: {pattern!r} cannot be used: {error}") from error


def _check(options: Options) -> None:
    if unknown := sorted(set(options.kinds) - set(KINDS)):
        raise OptionsError(f"there is no kind {unknown[0]}; there are {', '.join(KINDS)}")
    if options.date_order not in dates.ORDERS:
        raise OptionsError(f"date_order is {' or '.join(dates.ORDERS)}, not {options.date_order}")
    for name, template in options.templates.items():
        try:
            template.format("1")
        except (ValueError, LookupError, AttributeError) as error:
            raise OptionsError(f"the template of {name} cannot be used: {template}") from error
