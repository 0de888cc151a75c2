"""The classifier trained and tested on two files, in Rasa's own environment."""

import csv
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.nlu.child import Tell, document
from app.nlu.labelled import Columns, Labelled, labelled
from app.rasa import RasaError
from desk.errors import InvalidError

_ENCODERS = ("use", "minilm", "none")
_FINDINGS = ("twice:", "the same text under two intents:", "intent ", "intents never learnt")
"""How lines begin that are no progress but worth a look; both files may have them."""


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """What to measure; without ``shots`` everything is learnt, ``seeds`` trainings are averaged."""

    train: Path
    test: Path
    columns: Columns
    oos_label: str
    shots: int | None
    seeds: int
    encoder: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The figures by name, what a person should look at, and the rows of both files."""

    figures: dict[str, Any]
    findings: list[str]
    train: Labelled
    test: Labelled


def run(wanted: Benchmark, tell: Tell) -> Measured:
    """Return the figures.

    Raises:
        InvalidError: a file or the encoder cannot be used.
        RasaError: Rasa's environment is missing, or the measurement failed.
    """
    if wanted.encoder not in _ENCODERS and not re.fullmatch("hub:.+", wanted.encoder):
        raise InvalidError(
            f"{wanted.encoder!r} is no encoder; choose {', '.join(_ENCODERS)} or hub:NAME"
        )
    train, test = (labelled(path, wanted.columns) for path in (wanted.train, wanted.test))
    _check(wanted, train, test)
    told: dict[str, None] = {}
    with _plain(wanted.train, train) as a, _plain(wanted.test, test) as b:

        def named(line: str) -> str:
            return line.replace(str(a), wanted.train.name).replace(str(b), wanted.test.name)

        def hear(line: str) -> None:
            told[named(line)] = None
            tell(named(line))

        try:
            figures = document(_arguments(wanted, a, b), hear)
        except RasaError as error:
            raise RasaError(named(str(error))) from error
    findings = [line for line in told if line.startswith(_FINDINGS)]
    return Measured(figures=figures, findings=findings, train=train, test=test)


def _check(wanted: Benchmark, train: Labelled, test: Labelled) -> None:
    learnt = {intent for _, intent in train.examples} - {wanted.oos_label}
    if len(learnt) < 2:
        raise InvalidError(
            f"{wanted.train.name} has one intent only; there is nothing to tell apart"
        )
    if not learnt & {intent for _, intent in test.examples}:
        raise InvalidError(
            f"{wanted.train.name} and {wanted.test.name} have no intent in common; is --intent right?"
        )


@contextmanager
def _plain(path: Path, found: Labelled) -> Iterator[Path]:
    """Write a file in the one form that Rasa's side reads, each row in the line where it was."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-") as folder:
        plain = Path(folder) / path.name
        with plain.open("w", encoding="utf-8", newline="") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(("text", "intent"))
            at = 2
            for (text, intent), line in zip(found.examples, found.lines, strict=True):
                out.write("\n" * (line - at))
                rows.writerow((" ".join(text.split()), " ".join(intent.split())))
                at = line + 1
        yield plain


def _arguments(wanted: Benchmark, train: Path, test: Path) -> list[str]:
    return [
        *("bot.benchmark", "--train", str(train), "--test", str(test)),
        *("--text", "text", "--intent", "intent", "--oos-label", wanted.oos_label),
        *(("--shots", str(wanted.shots)) if wanted.shots is not None else ()),
        *("--seeds", str(wanted.seeds), "--encoder", _encoder(wanted.encoder)),
    ]


def _encoder(name: str) -> str:
    # Rasa's side runs in another folder than the one in which a relative path was written.
    folder = Path(name.removeprefix("hub:"))
    return f"hub:{folder.resolve()}" if name.startswith("hub:") and folder.is_dir() else name
