"""A rule as one expression of the engine: the people for whom it holds.

Questions about rows (orders, activity, tickets) are answered by one aggregation for each kind, however many they are;
questions about what a person has are semi-joins. When everything must hold, what is cheap to know is looked at first,
and only the rows of those people are added up.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import cast

from ibis.expr.types import BooleanValue, Table

from analytics.segments import facts, known
from analytics.segments.facts import Fact
from analytics.segments.leaves import Leaf
from analytics.segments.rule import All, Condition, Not, Rule, Some, questions

type Tables = Mapping[str, Table]
type Columns = Mapping[Leaf, str]


def members(rule: Rule, tables: Tables, now: datetime) -> Table:
    """Return ``person_id`` and ``contact_id`` of the people for whom a rule holds at a time (aware).

    ``tables`` has those of :data:`analytics.warehouse.tables.SCHEMAS` that the rule asks about, and ``person``.
    """
    at = now.astimezone(UTC).replace(tzinfo=None)
    parts = rule.where.parts if isinstance(rule.where, All) else (rule.where,)
    dear = [part for part in parts if any(map(facts.is_fact, questions(part)))]
    cheap = [part for part in parts if part not in dear]
    people = tables["person"]
    if cheap:
        people = people.filter(_all(cheap, people, {}, tables, at))
    if dear:
        people = _with_facts(people, dear, tables, at, narrow=bool(cheap))
    return people.select("person_id", "contact_id")


def _with_facts(
    people: Table, parts: list[Condition], tables: Tables, at: datetime, *, narrow: bool
) -> Table:
    """Return the people for whom all parts hold; ``narrow`` when they are not everybody any more.

    Each kind of rows is added up for those alone who are still left, the rows of short windows first.
    """
    columns: dict[Leaf, str] = {}
    for number, leaves in enumerate(_by_source(parts)):
        rows = facts.rows(leaves[0], tables)
        if narrow:
            rows = rows.semi_join(people, "person_id")
        columns |= {leaf: f"fact_{number}_{place}" for place, leaf in enumerate(leaves)}
        key = f"person_{number}"
        found = facts.added(rows, {leaf: columns[leaf] for leaf in leaves}, at)
        found = found.rename({key: "person_id"})
        people = people.left_join(found, people.person_id == found[key]).drop(key)
        ready = [part for part in parts if _facts_of(part) <= columns.keys()]
        if ready:
            people = people.filter(_all(ready, people, columns, tables, at))
            parts = [part for part in parts if part not in ready]
            narrow = True
    return people


def _facts_of(part: Condition) -> set[Leaf]:
    return {leaf for leaf in questions(part) if facts.is_fact(leaf)}


def _by_source(parts: Iterable[Condition]) -> list[list[Fact]]:
    found: defaultdict[Hashable, list[Fact]] = defaultdict(list)
    for leaf in dict.fromkeys(leaf for part in parts for leaf in questions(part)):
        if facts.is_fact(leaf):
            found[facts.source(cast(Fact, leaf))].append(cast(Fact, leaf))
    return sorted(found.values(), key=lambda leaves: not all(map(facts.is_short, leaves)))


def _all(
    parts: Iterable[Condition], people: Table, columns: Columns, tables: Tables, at: datetime
) -> BooleanValue:
    return reduce(and_, (_holds(part, people, columns, tables, at) for part in parts))


def _holds(
    condition: Condition, people: Table, columns: Columns, tables: Tables, at: datetime
) -> BooleanValue:
    match condition:
        case All(parts):
            return _all(parts, people, columns, tables, at)
        case Some(parts):
            return reduce(or_, (_holds(part, people, columns, tables, at) for part in parts))
        case Not(part):
            return ~_holds(part, people, columns, tables, at)
        case leaf if leaf in columns:
            return facts.holds(cast(Fact, leaf), people[columns[leaf]], at)
        case leaf:
            return known.holds(leaf, people, tables, at)
