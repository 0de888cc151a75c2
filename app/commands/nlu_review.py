"""``frontdesk nlu suggest`` and ``approve``: what the assistant should learn, decided by a person."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from app import rasa
from app.commands.opened import one_line
from app.commands.output import AsJson, lines, print_json, print_table, say, shortened, warn
from app.nlu import approval, review, training_data
from app.nlu.approval import Approval
from app.nlu.suggestions import Found, suggestions
from channels import registry
from desk import settings as settings_module
from desk.errors import ConflictError, InvalidError

_SHOWN_EXAMPLES = 3


def suggest(
    since: Annotated[int, typer.Option(min=1, max=36_500, help="Days to look back.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Suggestions at most.")] = 20,
    below: Annotated[
        float, typer.Option(min=0, max=1, help="Confidence that counts as unsure.")
    ] = 0.5,
    out: Annotated[
        Path | None, typer.Option(metavar="REVIEW.yml", help="Write a file to review.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show real messages that were not understood well, grouped, with the intent they may mean.

    Nothing is learnt by itself: edit the file that --out writes, then run frontdesk nlu approve.
    """
    with one_line():
        _check_out(out)
        with lines("Reading conversations") as tell:
            found = suggestions(
                settings_module.load(elsewhere=registry.PREFIXES),
                rasa.ROOT,
                since,
                below,
                limit,
                tell,
            )
        if out is not None:
            text = review.written(found.suggestions, found.intents, str(out))
            _write_new(out, text)
    if as_json:
        print_json(found.as_json())
    else:
        _show(found, out)


def _check_out(out: Path | None) -> None:
    if out is None:
        return
    if out.exists():
        raise ConflictError(f"{out} is there already; approve it, or name another file")
    if not out.parent.is_dir():
        raise InvalidError(f"there is no folder {out.parent}")


def _write_new(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InvalidError(f"{out} cannot be written: {error.strerror}") from error


def _show(found: Found, out: Path | None) -> None:
    say(
        f"{found.messages} messages in {found.conversations} conversations; {found.unclear} were not understood "
        f"well{f' ({found.left_out} older ones are left out)' if found.left_out else ''}"
    )
    if found.compared_by == "ngrams":
        warn(
            "The sentence encoder cannot be used: texts are grouped by their letters, not by meaning."
        )
    if not found.suggestions:
        say("There is nothing to suggest.")
        return
    rows = [
        (
            one.messages,
            one.intent if one.decision is review.Decision.KEEP else f"{one.intent}?",
            ", ".join(one.also),
            one.why,
            "\n".join(shortened(text) for text in one.examples[:_SHOWN_EXAMPLES]),
        )
        for one in found.suggestions
    ]
    print_table(
        "The most rewarding first", ("n", "may mean", "or", "what happened", "such as"), rows
    )
    if out is None:
        say("To decide on them: frontdesk nlu suggest --out review.yml")
    else:
        say(f"Written to {out}. Edit it, then run: frontdesk nlu approve {out}")


def approve(
    path: Annotated[Path, typer.Argument(metavar="REVIEW.yml", help="What suggest wrote.")],
    dry_run: Annotated[bool, typer.Option(help="Only show what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the reviewed examples to the training data, without personal data and never twice.

    They go to data/nlu/approved.en.yml and approved.zh.yml; train afterwards.
    """
    with one_line():
        folder = rasa.ROOT / "data" / "nlu"
        intents = training_data.known_intents(rasa.ROOT / "domain.yml")
        found = approval.decide(review.reviewed(path), training_data.examples(folder), intents)
        if not dry_run:
            _write(found, folder)
    if as_json:
        print_json(_as_json(found, dry_run))
    else:
        _report(found, dry_run)


def _write(found: Approval, folder: Path) -> None:
    try:
        approval.write(found.added, folder)
    except OSError as error:
        name = os.path.basename(str(error.filename))
        raise InvalidError(f"{name} cannot be written: {error.strerror}") from error


def _as_json(found: Approval, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "added": found.added,
        "already_there": found.already_there,
        "conflicts": [
            {"text": new.text, "intent": new.intent, "other": old.intent, "file": old.file}
            for new, old in found.conflicts
        ],
        "dropped": found.dropped,
        "undecided": found.undecided,
    }


def _report(found: Approval, dry_run: bool) -> None:
    for new, old in found.conflicts:
        warn(
            f"Left out: {new.text!r} was kept for {new.intent}, but {old.file} has it under {old.intent}"
        )
    say(
        f"{'Would add' if dry_run else 'Added'} {len(found.added)} examples; {len(found.already_there)} were there "
        f"already, {len(found.conflicts)} stand under another intent; {found.dropped} suggestions dropped, "
        f"{found.undecided} undecided"
    )
    if not found.added:
        return
    counts = Counter(example.intent for example in found.added)
    shown = sorted(found.added, key=lambda one: (-counts[one.intent], one.intent, one.text))
    rows = [(one.intent, one.text, f"data/nlu/{one.file}") for one in shown]
    print_table("", ("intent", "example", "file"), rows)
    if not dry_run:
        say("The assistant learns them when it is trained: frontdesk train")
