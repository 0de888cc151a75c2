"""What ``contacts import`` and ``shop import`` share: reading a file in and saying what came of it."""

import csv
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from app import intake
from app.commands.opened import Opened
from app.commands.output import print_json, print_table, progress, say
from desk.errors import InvalidError
from desk.imports import files
from desk.imports.report import ImportReport, OnRejected, Rejection
from desk.store.rehearsal import Rehearsal

File = Annotated[
    Path, typer.Argument(metavar="FILE", help=f"A file that ends in {', '.join(files.ENDINGS)}.")
]
Encoding = Annotated[str, typer.Option(help="How the file is encoded, such as gb18030.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, keep nothing.")]
Report = Annotated[
    Path | None, typer.Option(help="Write every rejected row with its reason to this CSV file.")
]

_SOME_REJECTED = 1
_MOST_SHOWN = 50
_AT_ONCE = 10_000
"""Orders in one transaction: nobody else waits in this process, others wait a third of a second at most.

An index in another order than the file's has a page written for nearly every order of a small transaction.
"""


async def read_in(
    opened: Opened,
    kind: str,
    path: Path,
    *,
    encoding: str,
    zone: tzinfo,
    dry_run: bool,
    report: Path | None = None,
    new_customers: bool = False,
) -> ImportReport:
    """Import a file with a progress bar, after what an earlier run of it has done; a dry run keeps nothing."""
    # Orders take several lines each, so how many there are is not known before.
    total = None if kind == "orders" else files.count(path)
    how = (kind, encoding, str(zone), *(("new customers",) if new_customers else ()))
    digest = None if dry_run else files.digest(path, *how)
    with (
        progress(f"Importing {kind}", total) as tell,
        _written(report) as write,
        _garbage_left_lying(),
    ):
        return await intake.import_file(
            Rehearsal(opened.database) if dry_run else opened.database,
            opened.clock,
            kind,
            path,
            encoding=encoding,
            zone=zone,
            progress=tell,
            on_rejected=write,
            digest=digest,
            new_customers=new_customers,
            at_once=_AT_ONCE,
        )


@contextmanager
def _garbage_left_lying() -> Iterator[None]:
    """Look for garbage rarely: rows make none, and each look would go through everything that is imported."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _written(report: Path | None) -> Iterator[OnRejected | None]:
    """Write rejections as they come: there may be a million of them."""
    if report is None:
        yield None
        return
    try:
        file = report.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidError(f"{report} cannot be written: {error.strerror}") from error
    with file:
        rows = csv.writer(file)
        rows.writerow(("line", "reason"))

        def write(rejection: Rejection) -> None:
            # What is quoted in a reason must not be a formula to a spreadsheet.
            reason = rejection.reason
            safe = f"'{reason}" if reason.startswith(("=", "+", "-", "@")) else reason
            rows.writerow((rejection.line, safe))

        yield write


def zone_named(name: str) -> tzinfo:
    """Return a time zone, or raise InvalidError."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError(f"{name!r} is not a time zone such as Asia/Shanghai") from error


def show(outcome: ImportReport, path: Path, *, as_json: bool, dry_run: bool) -> None:
    """Say what came of an import; exit code 1 when a row was rejected."""
    if as_json:
        print_json(plain(outcome) | {"dry_run": dry_run})
    else:
        tell(outcome, path, dry_run=dry_run)
    leave(outcome)


def leave(outcome: ImportReport) -> None:
    """End with exit code 1 when a row was rejected."""
    if outcome.rejected_count:
        raise typer.Exit(_SOME_REJECTED)


def tell(outcome: ImportReport, path: Path, *, dry_run: bool) -> None:
    """Say what came of an import."""
    if outcome.read:
        _tell(outcome, dry_run)
    else:
        say(f"{path.name} has a header and no rows: there is nothing to import.")


def _tell(outcome: ImportReport, dry_run: bool) -> None:
    if outcome.rejected:
        rows = [(rejection.line, rejection.reason) for rejection in outcome.rejected[:_MOST_SHOWN]]
        print_table("Rejected rows", ("line", "reason"), rows)
    more = outcome.rejected_count - _MOST_SHOWN
    if more > 0:
        say(f"{more} more were rejected; --report FILE.csv writes all of them.")
    _say_counts("Cleaned", outcome.cleaned)
    _say_counts("Missing, left empty", outcome.missing)
    if outcome.resumed_at:
        say(f"An earlier run had done {outcome.resumed_at} of these; they are counted in.")
    counts = [f"{outcome.created} new", f"{outcome.updated} updated"]
    if outcome.unchanged is not None:
        counts.append(f"{outcome.unchanged} unchanged")
    counts.append(f"{outcome.rejected_count} rejected")
    start = "This was a dry run, nothing is kept. " if dry_run else ""
    say(f"{start}{outcome.kind.capitalize()}: {outcome.read} read, {', '.join(counts)}.")


def _say_counts(title: str, counts: Mapping[str, int]) -> None:
    if counts:
        say(f"{title}: " + ", ".join(f"{what} {count}" for what, count in counts.items()) + ".")


def plain(outcome: ImportReport) -> dict[str, object]:
    """Return an outcome as JSON has it."""
    return {
        "kind": str(outcome.kind),
        "read": outcome.read,
        "accepted": outcome.accepted,
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "rejected": [{"line": r.line, "reason": r.reason} for r in outcome.rejected],
        "rejected_count": outcome.rejected_count,
        "cleaned": dict(outcome.cleaned),
        "missing": dict(outcome.missing),
        "resumed_at": outcome.resumed_at,
    }
