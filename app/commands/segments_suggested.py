"""``frontdesk segments suggested``, and what ``frontdesk shop import orders --segments`` ends with."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from analytics.segments.rule import read
from analytics.segments.words import in_words
from app.commands.opened import Opened, run
from app.commands.output import AsJson, lines, print_json, print_table, say, warn

if TYPE_CHECKING:
    from analytics.segments.suggestions import Suggestion


def suggested(as_json: AsJson = False) -> None:
    """Show segments to begin with: the groups of similar customers, by rules in terms of what they bought.

    Groups come with "frontdesk analytics refresh". The console makes a segment of one with a press.
    """
    found = run(of_groups)
    if as_json:
        print_json({"segments": plain(found)})
    else:
        show(found)


async def of_groups(opened: Opened) -> "Sequence[Suggestion]":
    """Return the suggestions for the groups as they were computed last."""
    # The engine takes a second or two to be imported; no other command should wait for it.
    from app import insight_desk  # noqa: PLC0415

    reading = insight_desk.reading(opened.settings)
    insights = insight_desk.build(reading, opened.database, opened.clock).insights
    return await insights.suggestions()


async def of_new_groups(opened: Opened) -> "Sequence[Suggestion]":
    """Bring the engine up to date, group the customers anew, and return the suggestions.

    Raises:
        ConflictError: another process is at the engine's tables.
    """
    from analytics.insight.scoring.everybody import score_groups  # noqa: PLC0415 - as above
    from analytics.warehouse.place import Warehouse  # noqa: PLC0415
    from analytics.warehouse.service import refresh_warehouse  # noqa: PLC0415

    where = Warehouse(opened.settings.data_dir, opened.settings.analytics_url)
    with lines("Segments") as tell:
        tell("bringing figures up to date")
        await refresh_warehouse(opened.database, where)
        tell("grouping customers")
        scored = score_groups(where, opened.clock())
        for name, why in scored.left_out.items():
            warn(f"Not computed, {name}: {why}")
        tell("writing rules")
        return await of_groups(opened)


def plain(found: "Sequence[Suggestion]") -> list[dict[str, Any]]:
    """Return suggestions as JSON has them."""
    return [asdict(one) | {"words": in_words(read(one.rule))} for one in found]


def show(found: "Sequence[Suggestion]") -> None:
    """Print suggestions with names, rules, size and how well each rule finds its group."""
    if not found:
        say("There are no groups to suggest segments for: too few have bought, or all the same.")
        return
    rows = [
        (
            one.group,
            in_words(read(one.rule)),
            f"{one.size:,}",
            f"{one.coverage:.0%}",
            f"{one.purity:.0%}",
        )
        for one in found
    ]
    columns = ("segment", "rule", "people", "of the group", "of the rule's people")
    print_table("Suggested segments", columns, rows)
    say("Make them segments in the console, under Segments, Suggested.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: frontdesk segments suggested")(suggested)
