"""``frontdesk segments``: people by rules, from files, looked at and computed."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from analytics.segments.model import Draft, Preview, Run, Segment
from analytics.segments.rule import read
from analytics.segments.words import in_words
from app.commands import segments_suggested
from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say, warn
from app.commands.tickets import _login
from desk.access.audit import Audit
from desk.access.policy import Deed
from desk.errors import InvalidError, NotFoundError
from desk.span import Span

if TYPE_CHECKING:
    from analytics.segments.service import MemberPage, Segments

app = typer.Typer(help="Segments: people by rules.", no_args_is_help=True)
segments_suggested.register(app)

Wanted = Annotated[str, typer.Argument(metavar="ID|NAME", help="The segment's id or name.")]
File = Annotated[Path, typer.Argument(metavar="FILE.json", help="A segment, or a rule alone.")]
By = Annotated[str | None, typer.Option(help="Your name in the record; your login otherwise.")]


class _Written(BaseModel):
    """A segment in a file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    rule: dict[str, Any]
    description: str = ""
    every: Span | None = None


def opened_segments(opened: Opened) -> "Segments":
    """Return what commands about segments work with."""
    # The engine takes a second or two to be imported; no other command should wait for it.
    from app import insight_desk  # noqa: PLC0415

    reading = insight_desk.reading(opened.settings)
    return insight_desk.build(reading, opened.database, opened.clock).segments


@app.command("list", epilog="Example: frontdesk segments list")
def list_(
    archived: Annotated[bool, typer.Option(help="Those that were put away.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the segments with their size, and who came and went last."""

    async def work(opened: Opened) -> Sequence[Segment]:
        return await opened_segments(opened).list(archived=archived)

    found = run(work)
    if as_json:
        print_json([_plain(one) for one in found])
    elif not found:
        say("There are no segments; make one in the console, or: frontdesk segments create FILE")
    else:
        columns = ("id", "segment", "people", "refreshed", "came", "went", "every")
        print_table("Segments", columns, [_cells(one) for one in found])


def _cells(one: Segment) -> list[object]:
    came, went = (one.last.entered, one.last.left) if one.last else (None, None)
    return [one.id, one.name, one.size, one.refreshed_at, came, went, one.every]


@app.command(epilog="Example: frontdesk segments show Regulars")
def show(wanted: Wanted, as_json: AsJson = False) -> None:
    """Show a segment: its rule in words, its size and its last refreshes."""

    async def work(opened: Opened) -> tuple[Segment, Sequence[Run]]:
        segments = opened_segments(opened)
        found = await _named(segments, wanted)
        return found, await segments.runs(found.id, limit=10)

    found, runs = run(work)
    if as_json:
        print_json(_plain(found) | {"runs": [asdict(one) for one in runs]})
        return
    say(f"{found.name}: {in_words(read(found.rule))}.")
    size = "not computed yet" if found.size is None else f"{found.size} people"
    say(f"{size}; version {found.version}, changed by {found.updated_by}.")
    rows = [
        [one.started_at, one.size, one.entered, one.left, one.seconds, one.error] for one in runs
    ]
    print_table("Refreshes", ("at", "people", "came", "went", "seconds", "error"), rows)


@app.command(epilog="Example: frontdesk segments create regulars.json")
def create(file: File, by: By = None, as_json: AsJson = False) -> None:
    """Keep a new segment from a file: {"name", "rule", "description", "every": "1d"}."""

    async def work(opened: Opened) -> Segment:
        return await opened_segments(opened).create(_drafted(file), by=by or _login())

    made = run(work)
    if as_json:
        print_json(_plain(made))
    else:
        say(f"Segment {made.id} was made: {in_words(read(made.rule))}.")


@app.command(epilog="Example: frontdesk segments preview regulars.json")
def preview(file: File, as_json: AsJson = False) -> None:
    """Say how many people a file's rule finds now, and show some; nothing is kept."""

    async def work(opened: Opened) -> Preview:
        given = _loaded(file)
        rule = read(given.get("rule", given))
        return await opened_segments(opened).preview(rule)

    found = run(work)
    if as_json:
        print_json(asdict(found))
        return
    say(f"{found.size} of {found.people} people, in {found.seconds:.2f} seconds.")
    rows = [[one.person_id, one.name, one.email, one.country, one.city] for one in found.sample]
    print_table("Some of them", ("person", "name", "e-mail", "country", "city"), rows)


@app.command(epilog="Example: frontdesk segments refresh Regulars")
def refresh(wanted: Wanted, as_json: AsJson = False) -> None:
    """Compute now who belongs."""

    async def work(opened: Opened) -> Run:
        segments = opened_segments(opened)
        return await segments.refresh((await _named(segments, wanted)).id)

    done = run(work)
    if as_json:
        print_json(asdict(done))
    else:
        say(f"{done.size} people; {done.entered} came and {done.left} went.")


@app.command(epilog="Example: frontdesk segments members Regulars --limit 20")
def members(
    wanted: Wanted,
    limit: Limit = 50,
    after: Annotated[str, typer.Option(help="The last person of the page before.")] = "",
    as_json: AsJson = False,
) -> None:
    """List who belongs, by their ids."""

    async def work(opened: Opened) -> "MemberPage":
        segments = opened_segments(opened)
        found = await _named(segments, wanted)
        return await segments.members(found.id, after=after, limit=limit)

    page = run(work)
    if as_json:
        rows = [asdict(known) | {"since": one.since} for one, known in page.members]
        print_json({"members": rows, "after": page.after})
        return
    shown = [[one.person_id, known.name, known.email, one.since] for one, known in page.members]
    print_table("Members", ("person", "name", "e-mail", "since"), shown)
    if page.after is not None:
        say(f"There are more: --after {page.after}")


@app.command(epilog="Example: frontdesk segments export Regulars > regulars.csv")
def export(wanted: Wanted, by: By = None) -> None:
    """Print everybody who belongs as CSV; that it was taken is written into the record."""

    async def work(opened: Opened) -> None:
        from analytics.segments.export import csv_of  # noqa: PLC0415 - as above

        segments = opened_segments(opened)
        found = await _named(segments, wanted)
        lines = await csv_of(segments, found.id)
        await Audit(opened.database, opened.clock).add(
            by=by or _login(),
            deed=Deed.REPORT_EXPORT,
            thing=f"segment:{found.id}",
            detail={"did": "people.csv", "people": found.size},
        )
        async for part in lines:
            sys.stdout.write(part)

    run(work)


@app.command(epilog="Example: frontdesk segments delete Regulars --yes")
def delete(
    wanted: Wanted,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Forget a segment with its members and its history."""

    async def find(opened: Opened) -> Segment:
        return await _named(opened_segments(opened), wanted)

    found = run(find)
    if not yes:
        warn(f"{found.name} has {found.size or 0} members and a history.")
        typer.confirm("Forget all of it?", abort=True, err=True)

    async def work(opened: Opened) -> None:
        await opened_segments(opened).delete(found.id, confirm=found.name, by=by or _login())

    run(work)
    if as_json:
        print_json({"deleted": found.name})
    else:
        say(f"{found.name} is deleted.")


async def _named(segments: "Segments", wanted: str) -> Segment:
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 16:
        return await segments.get(int(wanted))
    for archived in (False, True):
        for one in await segments.list(archived=archived):
            if one.name == wanted:
                return one
    raise NotFoundError(f"there is no segment {wanted!r}; see: frontdesk segments list")


def _drafted(file: Path) -> Draft:
    try:
        written = _Written.model_validate(_loaded(file))
    except ValidationError as error:
        first = error.errors()[0]
        place, reason = ".".join(map(str, first["loc"])), first["msg"]
        raise InvalidError(f"{place}: {reason.removeprefix('Value error, ')}") from error
    return Draft(
        name=written.name.strip(),
        rule=written.rule,
        description=written.description,
        every=written.every,
    )


def _loaded(file: Path) -> dict[str, Any]:
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{file} cannot be read: {error}") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidError(f"{file} is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise InvalidError(f'{file}: write {{"name": ..., "rule": {{"where": ...}}}}')
    return given


def _plain(one: Segment) -> dict[str, Any]:
    every: timedelta | None = one.every
    seconds = None if every is None else int(every.total_seconds())
    return asdict(one) | {"every": seconds, "words": in_words(read(one.rule))}
