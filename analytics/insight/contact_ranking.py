"""Contacts by what models say of them: the most valuable first, or those first who are most likely to leave.

The order is by a whole number (hundredths of money, millionths of a chance) and then by the person, so that a page
begins exactly behind the one before; a fraction would not come back from an address as it was.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import ibis
from ibis.expr.types import Table

RISKS = ("high", "medium", "low")


class By(StrEnum):
    """What people are put in order by."""

    VALUE = "value"
    RISK = "risk"


_SCORES: Mapping[By, tuple[str, int]] = {By.VALUE: ("clv", 100), By.RISK: ("churn", 1_000_000)}
"""The score, and into how many parts one of it is cut."""
_PLACE = re.compile(r"(-?\d{1,18})~([cp]:.{1,64})", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Rank:
    """A place in the order."""

    key: int
    person_id: str

    def __str__(self) -> str:
        return f"{self.key}~{self.person_id}"

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Return the place that an address names; None for anything else."""
        found = _PLACE.fullmatch(text)
        return cls(key=int(found[1]), person_id=found[2]) if found else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Money that is expected in a year, the chance that somebody leaves, and a word for that."""

    value: float | None = None
    risk: float | None = None
    risk_word: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A contact at its place."""

    contact_id: str
    rank: Rank


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which order, whose risk (empty: anybody's), and from where on."""

    by: By
    risk: str = ""
    after: Rank | None = None


def ranked(person: Table, score: Table, wanted: Wanted, limit: int) -> list[Ranked]:
    """Return contacts in order; who has no such score is not among them."""
    name, parts = _SCORES[wanted.by]
    scored = score.filter(score.name == name, score.value.notnull())
    if wanted.risk:
        risky = score.filter(score.name == _SCORES[By.RISK][0], score.word == wanted.risk)
        scored = scored.semi_join(risky, "person_id")
    keyed = scored.select("person_id", key=(scored.value * parts).round().cast("int64"))
    if wanted.after is not None:
        at = wanted.after
        behind = (keyed.key == at.key) & (keyed.person_id > at.person_id)
        keyed = keyed.filter((keyed.key < at.key) | behind)
    known = person.filter(person.contact_id.notnull()).select("person_id", "contact_id")
    joined = keyed.inner_join(known, "person_id")
    first = joined.order_by(ibis.desc("key"), "person_id").limit(limit)
    return [
        Ranked(
            contact_id=row["contact_id"],
            rank=Rank(key=row["key"], person_id=row["person_id"]),
        )
        for row in first.to_pyarrow().to_pylist()
    ]


def figures(score: Table, people: Sequence[str]) -> dict[str, Figures]:
    """Return the figures of some people by their ids; who has none is not there."""
    value, risk = (score.name == _SCORES[one][0] for one in (By.VALUE, By.RISK))
    found = (
        score.filter(score.person_id.isin(people), value | risk)
        .group_by("person_id")
        .agg(
            value=score.value.max(where=value),
            risk=score.value.max(where=risk),
            risk_word=score.word.max(where=risk),
        )
        .to_pyarrow()
        .to_pylist()
    )
    return {row.pop("person_id"): Figures(**row) for row in found}
