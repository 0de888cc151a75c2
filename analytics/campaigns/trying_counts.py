"""What is counted of everybody before a launch: what becomes of them, who lacks a value. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analytics.campaigns import placeholders
from analytics.campaigns.placeholders import MissingError
from analytics.campaigns.plan import Plan
from desk.tables.campaign import RecipientState


class Counts:
    """Adds up pages of an audience."""

    def __init__(self, plan: Plan, way_out: str | None) -> None:
        self.funnel: Counter[str] = Counter()
        self.lacking: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.longest: dict[str, int] = {}
        self._templates = {one.name: (one.template, *one.then) for one in plan.variants}
        self._has_way_out = way_out is not None
        self._needed: dict[tuple[str, str], tuple[str, ...]] = {}

    def add(
        self, rows: Sequence[Mapping[str, Any]], values: Mapping[str, Mapping[str, str]]
    ) -> None:
        """Count some more."""
        for row in rows:
            self.funnel[row["reason"] or str(row["state"])] += 1
            if not gets(row):
                continue
            self.languages[row["language"]] += 1
            own = values.get(row["contact_id"], {})
            for name, value in own.items():
                self.longest[name] = max(self.longest.get(name, 0), len(value))
            needed = self._needed_by(row["variant"], row["language"])
            self.lacking.update(name for name in needed if _lacks(name, own))

    def _needed_by(self, variant: str, language: str) -> tuple[str, ...]:
        """Return the variables without which somebody does not get all messages."""
        if (variant, language) not in self._needed:
            ours = {"unsubscribe_url"} if self._has_way_out else set()
            names = dict.fromkeys(
                one.name
                for said in self._templates[variant]
                for _, text in said.contents[said.language_for(language)].texts()
                for one in placeholders.named(text)
                if one.fallback is None
            )
            self._needed[variant, language] = tuple(name for name in names if name not in ours)
        return self._needed[variant, language]


def gets(row: Mapping[str, Any]) -> bool:
    """Say whether somebody would get it."""
    return row["state"] is RecipientState.QUEUED


def _lacks(name: str, values: Mapping[str, str]) -> bool:
    try:
        placeholders.fill(f"{{{name}}}", values)
    except MissingError:
        return True
    return False
