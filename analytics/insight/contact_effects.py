"""What came after we wrote to everybody, by the definitions of :mod:`analytics.insight.contact_effect`."""

from datetime import datetime, timedelta
from typing import Any

import ibis
from ibis.expr.types import Table

from analytics.insight.contact_effect import DAY, DAYS, MOST_WINDOWS, QUIET, Effect, Reaction
from analytics.insight.contact_everybody import said_in, whole_seconds
from analytics.insight.contact_record import CALL, THEIRS
from analytics.insight.predict.features import Tables, bought


def contacts(said: Table, days: int = DAYS) -> Table:
    """Return ``person_id`` and ``at`` of every contact."""
    everything = said.filter(said.author != CALL)
    window = ibis.cumulative_window(group_by="person_id", order_by=("at", "number"))
    theirs = everything.at.max(where=everything.author == THEIRS)
    marked = everything.mutate(heard=theirs.over(window))
    begun = marked.filter(
        ~marked.author.isin([THEIRS, "bot"]),
        marked.heard.isnull() | (marked.at > marked.heard + QUIET),
    )
    last = begun.at.lag().over(ibis.window(group_by="person_id", order_by=("at", "number")))
    apart = begun.mutate(last=last)
    is_new = apart["last"].isnull() | (apart.at > apart["last"] + timedelta(days=days))
    return apart.filter(is_new).select("person_id", "at")


def outcomes(said: Table, bought: Table) -> Table:
    """Return ``person_id``, ``at`` and ``outcome``; ``bought`` has the first two of orders that stand."""
    parts = (
        (bought, Reaction.PURCHASE),
        (said.filter(said.author == THEIRS), Reaction.REPLY),
    )
    return ibis.union(
        *(
            table.select("person_id", "at", outcome=ibis.literal(kind.value))
            for table, kind in parts
        )
    )


def tally(said: Table, bought: Table, known: Table, now: datetime, days: int = DAYS) -> Table:
    """Return a row for each person with a contact: ``contacts``, ``windows``, and for each outcome both counts.

    ``known`` has ``person_id`` and ``at``: since when somebody is known, if that is before all that is said or bought.
    """
    found = outcomes(said, bought)
    over = ibis.literal(now - timedelta(days=days), "timestamp")
    made = contacts(said, days)
    made = made.filter(made.at <= over)
    since = ibis.union(*(one.select("person_id", "at") for one in (said, bought, known)))
    since = since.group_by("person_id").agg(since=since.at.min())
    whole = made.group_by("person_id").agg(first=made.at.min(), contacts=made.count())
    whole = whole.left_join(since, "person_id").drop("person_id_right")
    length = days * DAY
    fit = ((whole_seconds(whole["first"]) - whole_seconds(whole.since)) / length).floor()
    whole = whole.mutate(
        windows=ibis.least(fit.cast("int64"), ibis.literal(MOST_WINDOWS, "int64")).fill_null(0)
    )
    counted = whole.left_join(_followed(made, found, days), "person_id").drop("person_id_right")
    counted = counted.left_join(_before(whole, found, length), "person_id")
    return counted.select(
        "person_id",
        "contacts",
        "windows",
        **{
            f"{part}_{kind}": counted[f"{part}_{kind}"].fill_null(0)
            for part in ("followed", "before")
            for kind in Reaction
        },
    )


def _followed(made: Table, found: Table, days: int) -> Table:
    joined = made.inner_join(found.rename(then="at"), "person_id")
    until = joined.at + timedelta(days=days)
    joined = joined.filter(joined.then > joined.at, joined.then <= until)
    return joined.group_by("person_id").agg(
        **{
            f"followed_{kind}": joined.at.nunique(where=joined.outcome == kind.value)
            for kind in Reaction
        }
    )


def _before(whole: Table, found: Table, length: int) -> Table:
    joined = found.inner_join(whole.select("person_id", "first", "windows"), "person_id")
    place = (
        ((whole_seconds(joined["first"]) - whole_seconds(joined.at)) / length)
        .floor()
        .cast("int64")
    )
    placed = joined.mutate(place=place)
    placed = placed.filter(placed.at < placed["first"], placed.place < placed.windows)
    return placed.group_by("person_id").agg(
        **{
            f"before_{kind}": placed.place.nunique(where=placed.outcome == kind.value)
            for kind in Reaction
        }
    )


def of_all(tallied: Table, days: int = DAYS) -> tuple[Effect, ...]:
    """Return what came after contacts with everybody who is known for at least one window before the first."""
    both = tallied.filter(tallied.windows > 0)
    names = [name for name in both.columns if name != "person_id"]
    sums: dict[str, Any] = {name: both[name].sum().fill_null(0) for name in names}
    row = both.agg(people=both.count(), **sums).to_pyarrow().to_pylist()[0]
    return tuple(
        Effect(
            outcome=kind,
            days=days,
            people=row["people"],
            contacts=row["contacts"],
            followed=row[f"followed_{kind}"],
            windows=row["windows"],
            before=row[f"before_{kind}"],
        )
        for kind in Reaction
    )


def on_everybody(tables: Tables, now: datetime, days: int = DAYS) -> tuple[Effect, ...]:
    """Compute it from the engine's tables, as of now (UTC, without a zone)."""
    said = said_in(tables["activity"])
    said = said.filter(said.at <= ibis.literal(now, "timestamp"))
    orders = bought(tables["purchase"])
    orders = orders.select("person_id", at=orders.placed_at)
    person = tables["person"]
    # Only columns that may both be empty can be put below each other.
    known = person.select(person_id=person.person_id.cast("string"), at=person.created_at)
    return of_all(tally(said, orders, known, now, days), days)
