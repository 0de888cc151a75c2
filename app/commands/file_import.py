"""What ``contacts import`` and ``shop import`` share: reading a file in and saying what came of it."""

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from app import intake
from app.commands.opened import Opened
from app.commands.output import print_json, print_table, progress, say
from app.intake import Outcome
from desk.errors import InvalidError
from desk.store.rehearsal import Rehearsal

File = Annotated[Path, typer.Argument(metavar="FILE.csv", help="A CSV file with a header.")]
Encoding = Annotated[str, typer.Option(help="How the file is encoded, such as gb18030.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, keep nothing.")]

_SOME_REJECTED = 1


async def read_in(
    opened: Opened, kind: str, path: Path, *, encoding: str, zone: tzinfo, dry_run: bool
) -> Outcome:
    """Import a file with a progress bar; a dry run keeps nothing."""
    # Orders take several lines each, so how many there are is not known before.
    total = None if kind == "orders" else _rows(path)
    with progress(f"Importing {kind}", total) as tell:
        return await intake.import_file(
            Rehearsal(opened.database) if dry_run else opened.database,
            opened.clock,
            kind,
            path,
            encoding=encoding,
            zone=zone,
            progress=tell,
        )


def _rows(path: Path) -> int | None:
    """Return about how many rows a file has."""
    try:
        with path.open("rb") as lines:
            return max(0, sum(1 for _ in lines) - 1)
    except OSError:
        return None


def zone_named(name: str) -> tzinfo:
    """Return a time zone, or raise InvalidError."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError(f"{name!r} is not a time zone such as Asia/Shanghai") from error


def show(outcome: Outcome, path: Path, *, as_json: bool, dry_run: bool) -> None:
    """Say what came of an import; exit code 1 when a row was rejected."""
    if as_json:
        print_json(_plain(outcome, dry_run))
    elif not outcome.read:
        say(f"{path.name} has a header and no rows: there is nothing to import.")
    else:
        _tell(outcome, dry_run)
    if outcome.rejected:
        raise typer.Exit(_SOME_REJECTED)


def _tell(outcome: Outcome, dry_run: bool) -> None:
    if outcome.rejected:
        rows = [(rejection.line, rejection.reason) for rejection in outcome.rejected]
        print_table("Rejected rows", ("line", "reason"), rows)
    counts = [f"{outcome.created} new", f"{outcome.updated} updated"]
    if outcome.unchanged is not None:
        counts.append(f"{outcome.unchanged} unchanged")
    counts.append(f"{len(outcome.rejected)} rejected")
    start = "This was a dry run, nothing is kept. " if dry_run else ""
    say(f"{start}{outcome.kind.capitalize()}: {outcome.read} read, {', '.join(counts)}.")


def _plain(outcome: Outcome, dry_run: bool) -> dict[str, object]:
    return {
        "kind": str(outcome.kind),
        "dry_run": dry_run,
        "read": outcome.read,
        "accepted": outcome.accepted,
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "rejected": [{"line": r.line, "reason": r.reason} for r in outcome.rejected],
    }
