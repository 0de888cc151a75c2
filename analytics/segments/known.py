"""Questions about what a person is or has, as an expression over people; none of them is ever unknown."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import and_

import ibis
from ibis.expr.types import BooleanValue, Column, StringColumn, Table

from analytics.segments.leaves import Consent, Leaf, Op, Person, Reach, Score, Tag

type Tables = Mapping[str, Table]

NEAR = 1e-6
"""Sums of fractions differ by less than this with the order in which they are added; money has two digits."""

COMPARE: Mapping[Op, Callable[[Column, float], BooleanValue]] = {
    Op.AT_LEAST: lambda column, value: column >= value - NEAR,
    Op.AT_MOST: lambda column, value: column <= value + NEAR,
    Op.EXACTLY: lambda column, value: column.between(value - NEAR, value + NEAR),
}


def holds(leaf: Leaf, people: Table, tables: Tables, at: datetime) -> BooleanValue:
    """Say of every row of ``people`` whether an answer is yes; ``at`` is a naive time in UTC."""
    match leaf:
        case Person():
            return _person(leaf, people, at).fill_null(False)
        case Score():
            return _among(people, _scored(leaf, tables["score"]))
        case Tag(values=values):
            return _among(people, tables["tag"].filter(ibis._.tag.isin(values)))
        case Consent(purpose=purpose, granted=granted):
            said = ibis._.purpose == purpose, ibis._.granted == granted
            return _among(people, tables["consent"].filter(*said))
        case Reach(channel=channel):
            reached = ibis._.channel == channel, ibis._.reachable
            return _among(people, tables["reach"].filter(*reached))
        case _:
            raise TypeError(f"{leaf.kind} is not about what a person has")


def _among(people: Table, found: Table) -> BooleanValue:
    # With an empty person in the list, nobody would be known not to be in it.
    return people.person_id.isin(found.filter(ibis._.person_id.notnull()).person_id)


def _scored(leaf: Score, table: Table) -> Table:
    named = table.filter(table.name == leaf.name)
    if leaf.words is not None:
        return named.filter(named.word.isin(leaf.words))
    return named.filter(COMPARE[leaf.op or Op.AT_LEAST](named.value, leaf.value or 0))


def _person(leaf: Person, people: Table, at: datetime) -> BooleanValue:
    if leaf.field == "age":
        return _age(leaf, people.born, at.date())
    return _PERSON[leaf.op](people[leaf.field], leaf, at)


def _age(leaf: Person, born: Column, today: date) -> BooleanValue:
    if leaf.op == "known":
        return born.notnull()
    bounds = []
    if leaf.low is not None:
        bounds.append(born <= years_before(today, leaf.low))
    if leaf.high is not None:
        bounds.append(born > years_before(today, leaf.high + 1))
    return reduce(and_, bounds)


def years_before(day: date, years: int) -> date:
    """Return the same day so many years earlier; who is born on a 29 February gets older on 1 March."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _is_one(column: StringColumn, leaf: Person, _: datetime) -> BooleanValue:
    return column.lower().isin([value.lower() for value in leaf.asked])


def _contains(column: StringColumn, leaf: Person, _: datetime) -> BooleanValue:
    return column.lower().contains(leaf.asked[0].lower())


def _known(column: Column, _: Person, __: datetime) -> BooleanValue:
    is_text = column.type().is_string()
    return column.notnull() & (column != "") if is_text else column.notnull()


def _before(column: Column, leaf: Person, _: datetime) -> BooleanValue:
    return column.cast("timestamp") < midnight(leaf.day)


def _after(column: Column, leaf: Person, _: datetime) -> BooleanValue:
    return column.cast("timestamp") >= midnight(leaf.day + timedelta(days=1))


def _within(column: Column, leaf: Person, at: datetime) -> BooleanValue:
    since = at - timedelta(days=leaf.days or 0)
    return column.cast("timestamp").between(since, at)


def midnight(day: date) -> datetime:
    """Return when a day begins in UTC, without a zone as the engine has it."""
    return datetime.combine(day, time())


_PERSON: Mapping[str, Callable[..., BooleanValue]] = {
    "is": _is_one,
    "one_of": _is_one,
    "contains": _contains,
    "known": _known,
    "before": _before,
    "after": _after,
    "within": _within,
}
