"""Columns of a table as numbers that models read: one definition, computed by the engine for training and scoring.

A number that is missing becomes the middle (median) of the others, with a column beside it that says so. Words get a
column for each of the commonest; the rest share one, and so do words that were not there when the model was trained.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import ibis
from ibis.expr.types import BooleanValue, Column, NumericColumn, NumericValue, Table

from analytics.insight.predict.left_out import LeftOut, why_left_out
from desk.errors import InvalidError

_MOST_WORDS = 12
_TOLD = 3
_RARE = 0.005
"""Words of a smaller share of rows are joined."""


class Kind(StrEnum):
    """What a column of the matrix says about its feature."""

    #: The number itself.
    NUMBER = "number"
    #: 1 where nothing is known.
    MISSING = "missing"
    #: 1 where the word is this one.
    WORD = "word"
    #: 1 where the word is none of the others.
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One column of the matrix."""

    feature: str
    kind: Kind
    word: str = ""

    @property
    def name(self) -> str:
        """How people read it."""
        names = {
            Kind.NUMBER: self.feature,
            Kind.MISSING: f"{self.feature} is missing",
            Kind.WORD: f"{self.feature} = {self.word}",
            Kind.OTHER: f"{self.feature} = another",
        }
        return names[self.kind]


@dataclass(frozen=True, kw_only=True)
class Number:
    """A feature that is a number or a truth value: its median, and whether some rows have none."""

    name: str
    middle: float
    missing: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its columns."""
        told = (Part(feature=self.name, kind=Kind.NUMBER),)
        return (*told, Part(feature=self.name, kind=Kind.MISSING)) if self.missing else told

    def columns(self, table: Table) -> list[NumericValue]:
        """Return its columns in the engine."""
        known = clean(table[self.name])
        filled = known.fill_null(ibis.literal(self.middle, "float64"))
        return [filled, _flag(known.isnull())] if self.missing else [filled]


@dataclass(frozen=True, kw_only=True)
class Words:
    """A feature of words: the common ones, and whether there were others, or rows without one."""

    name: str
    common: tuple[str, ...]
    other: bool
    missing: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its columns."""
        told = [Part(feature=self.name, kind=Kind.WORD, word=word) for word in self.common]
        told += [Part(feature=self.name, kind=Kind.OTHER)] * self.other
        told += [Part(feature=self.name, kind=Kind.MISSING)] * bool(self.missing)
        return tuple(told)

    def columns(self, table: Table) -> list[NumericValue]:
        """Return its columns in the engine."""
        held = table[self.name].cast("string")
        told = [_flag((held == word).fill_null(False)) for word in self.common]
        if self.other:
            told.append(_flag(held.notin(self.common).fill_null(False)))
        return [*told, _flag(held.isnull())] if self.missing else told


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """All features, in order, and those of the table that cannot be used."""

    features: tuple[Number | Words, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The columns of the matrix."""
        return tuple(part for feature in self.features for part in feature.parts)

    @property
    def missing(self) -> dict[str, int]:
        """How many of the rows that were learnt from lacked a value, by feature."""
        return {one.name: one.missing for one in self.features if one.missing}

    def columns(self, table: Table) -> dict[str, NumericValue]:
        """Return the matrix in the engine, its columns named ``x0``, ``x1``, ...; a row for each of the table."""
        flat = [column for feature in self.features for column in feature.columns(table)]
        return {f"x{number}": column for number, column in enumerate(flat)}

    def check(self) -> None:
        """Raise InvalidError, with the reasons, when no feature is left."""
        if not self.features:
            told = "; ".join(f"{one.feature}: {one.reason}" for one in self.left_out[:_TOLD])
            raise InvalidError(f"no feature is left that could tell anything ({told})")

    def without(self, names: Sequence[str], why: Mapping[str, str]) -> "Encoding":
        """Return it without some features, and why; that counts more than any other reason."""
        others = (one for one in self.left_out if one.feature not in names)
        gone = (LeftOut(feature=name, reason=why[name]) for name in names)
        kept = tuple(one for one in self.features if one.name not in names)
        return Encoding(features=kept, left_out=(*others, *gone))


def fit(table: Table, names: Sequence[str]) -> Encoding:
    """Learn medians and common words. What says nothing (constant, empty, an identifier, a date) is left out, told.

    The target is never looked at. Whether nothing at all is left is the caller's to see.
    """
    rows, facts = _facts(table, names)
    kept: list[Number | Words] = []
    gone: list[LeftOut] = []
    for name in names:
        kind = table[name].type()
        reason = why_left_out(name, kind, rows, facts[name])
        if reason:
            gone.append(LeftOut(feature=name, reason=reason))
        elif kind.is_string():
            kept.append(_words(table, name, rows, facts[name]["missing"]))
        else:
            middle, missing = float(facts[name]["middle"]), int(facts[name]["missing"])
            kept.append(Number(name=name, middle=middle, missing=missing))
    return Encoding(features=tuple(kept), left_out=tuple(gone))


def _facts(table: Table, names: Sequence[str]) -> tuple[int, dict[str, dict[str, Any]]]:
    """Ask the engine once for what is to be known of every column."""
    asked: dict[str, Any] = {"rows": table.count()}
    for number, name in enumerate(names):
        column, kind = table[name], table[name].type()
        known = clean(column) if kind.is_numeric() or kind.is_boolean() else column
        asked[f"missing{number}"] = known.isnull().sum()
        asked[f"different{number}"] = known.nunique()
        if kind.is_numeric() or kind.is_boolean():
            asked[f"middle{number}"] = known.median()
    (found,) = table.agg(**asked).to_pyarrow().to_pylist()
    facts = {
        name: {
            "missing": found[f"missing{number}"] or 0,
            "different": found[f"different{number}"],
            "middle": found.get(f"middle{number}"),
        }
        for number, name in enumerate(names)
    }
    return int(found["rows"]), facts


def _words(table: Table, name: str, rows: int, missing: int) -> Words:
    held = table.select(word=table[name].cast("string")).drop_null()
    counts = held.group_by("word").agg(count=held.count())
    common = counts.filter(counts["count"] >= max(1.0, _RARE * rows))
    told = common.order_by(ibis.desc("count"), "word").limit(_MOST_WORDS).to_pyarrow().to_pylist()
    covered = sum(one["count"] for one in told)
    return Words(
        name=name,
        common=tuple(one["word"] for one in told),
        other=covered < rows - missing,
        missing=missing,
    )


def clean(column: Column) -> NumericColumn:
    """Return a number or truth value as a float; what is not finite counts as missing."""
    if column.type().is_boolean():
        column = column.cast("int32")  # some engines know no way from a truth value to a float
    value = cast(NumericColumn, column.cast("float64"))
    if not column.type().is_floating():
        return value
    # Not isinf(): with Ibis 12 it is never true on Spark.
    endless = value.abs() == ibis.literal(math.inf, "float64")
    return cast(NumericColumn, (value.isnan() | endless).ifelse(ibis.null("float64"), value))


def _flag(condition: BooleanValue) -> NumericValue:
    return cast(NumericValue, condition.ifelse(1, 0).cast("float64"))
