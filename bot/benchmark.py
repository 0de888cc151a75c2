"""Trains the intent classifier on one labelled CSV file and tries it on another, without Rasa.

    python -m bot.benchmark --train A.csv --test B.csv --text text --intent intent --encoder use

Out: one JSON object; progress on standard error. With `--shots N` each of `--seeds K` rounds learns from N examples
of each intent, and all figures are means. Test rows labelled `--oos-label` are out of scope; training rows so labelled
are left out, so that nothing like them was ever seen.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from bot.nlu.intents import Example, IntentModel, Reading

# One thread each: more disturb each other when sentences are short. They must be set before numpy is imported.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
WARM = 20


class BadTableError(ValueError):
    """A CSV file cannot be used."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the figures, or one line that says what is wrong (exit code 2)."""
    asked = _parser().parse_args(arguments)
    for name in THREADS:
        os.environ.setdefault(name, "1")
    from bot.nlu.intents import EncoderError, TrainingDataError  # noqa: PLC0415 - imports numpy

    try:
        figures = run(asked)
    except (BadTableError, EncoderError, TrainingDataError) as error:
        _stop(str(error))
    print(json.dumps(figures))  # noqa: T201 - the result


def run(asked: argparse.Namespace) -> dict[str, float | None]:
    """The mean of each figure over the rounds."""
    learnt = [
        example
        for example in read(asked.train, asked.text, asked.intent)
        if example.label != asked.oos_label
    ]
    tried = read(asked.test, asked.text, asked.intent)
    rounds = []
    for seed in range(asked.seeds if asked.shots else 1):
        chosen = draw(learnt, asked.shots, seed) if asked.shots else learnt
        rounds.append(_round(chosen, tried, asked, seed))
        _say(f"round {seed + 1}: accuracy {rounds[-1]['accuracy']}")
    return {name: _mean([figures[name] for figures in rounds]) for name in rounds[0]}


def read(path: Path, text: str, intent: str) -> list[Example]:
    """The rows of a CSV file (UTF-8, a byte order mark and Windows' line ends allowed); empty rows are left out."""
    from bot.nlu.intents import Example  # noqa: PLC0415 - imports numpy

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            columns = table.fieldnames or []
            for wanted in (text, intent):
                if wanted not in columns:
                    raise BadTableError(
                        f"{path} has no column {wanted!r}; it has: {', '.join(columns) or 'nothing'}"
                    )
            rows = [
                Example(
                    (row[text] or "").strip(),
                    (row[intent] or "").strip(),
                    f"{path}:{table.line_num}",
                )
                for row in table
            ]
    except OSError as error:
        raise BadTableError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadTableError(f"{path} is not UTF-8 (byte {error.start})") from None
    except csv.Error as error:
        raise BadTableError(f"{path}: {error}") from None
    good = [row for row in rows if row.text and row.label]
    if len(good) < len(rows):
        _say(f"{path}: {len(rows) - len(good)} rows without text or intent are left out")
    if not good:
        raise BadTableError(f"{path} has no row with text and intent")
    return good


def draw(examples: list[Example], shots: int, seed: int) -> list[Example]:
    """That many examples of each intent, drawn at random."""
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.label].append(example)
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    return [
        example
        for label in sorted(groups)
        for example in chance.sample(groups[label], min(shots, len(groups[label])))
    ]


def _round(
    learnt: list[Example], tried: list[Example], asked: argparse.Namespace, seed: int
) -> dict[str, float | None]:
    from bot.nlu.intents import Options, train  # noqa: PLC0415 - imports numpy

    begun = time.perf_counter()
    options = Options(encoder=asked.encoder, cascade=asked.cascade, seed=seed)
    model = train(learnt, options, say=_say)
    seconds = time.perf_counter() - begun
    known = set(model.labels)
    strange = {example.label for example in tried} - known - {asked.oos_label}
    if strange:
        _say(f"intents never learnt, so always wrong: {', '.join(sorted(strange))}")
    readings, waits = _readings(model, [example.text for example in tried])
    return {
        **figures_of(readings, tried, asked.oos_label),
        "train_seconds": round(seconds, 2),
        "p50_ms": _share(waits, 0.5),
        "p95_ms": _share(waits, 0.95),
        "mean_ms": round(mean(waits), 3),
        "encoded_rate": round(mean(reading.encoded for reading in readings), 4),
        "rss_mb": resident(),
    }


def _readings(model: IntentModel, texts: list[str]) -> tuple[list[Reading], list[float]]:
    """What the model says, and milliseconds for each text."""
    for text in texts[:WARM]:
        model.read(text)
    readings, waits = [], []
    for text in texts:
        begun = time.perf_counter()
        readings.append(model.read(text))
        waits.append((time.perf_counter() - begun) * 1000)
    return readings, waits


def figures_of(
    readings: list[Reading], tried: list[Example], oos_label: str
) -> dict[str, float | None]:
    from bot.nlu.intents.scores import accuracy, auroc, ece, macro_f1, recall_at  # noqa: PLC0415 - imports numpy

    pairs = list(zip(readings, tried, strict=True))
    inside = [
        (example.label, *(reading.ranking[0] if reading.ranking else ("", 0.0)))
        for reading, example in pairs
        if example.label != oos_label
    ]
    right, said, sure = (
        (list(part) for part in zip(*inside, strict=True)) if inside else ([], [], [])
    )
    known = [reading.out_of_scope for reading, example in pairs if example.label != oos_label]
    strange = [reading.out_of_scope for reading, example in pairs if example.label == oos_label]
    return {
        "accuracy": accuracy(right, said),
        "macro_f1": macro_f1(right, said),
        "ece": ece(right, said, sure),
        "oos_auroc": auroc(known, strange),
        "oos_recall_at_95": recall_at(known, strange, 0.95),
        "kept_in_scope": round(mean(one <= 0.5 for one in known), 4) if known else None,
        "oos_found": round(mean(one > 0.5 for one in strange), 4) if strange else None,
    }


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(mean(known), 4) if known else None


def _share(waits: list[float], share: float) -> float:
    return round(sorted(waits)[min(len(waits) - 1, int(share * len(waits)))], 3)


def resident() -> float:
    """Megabytes that the process holds now, with the model and the encoder in it; elsewhere than on Linux its most."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bot.benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--text", default="text", help="the column of the text")
    parser.add_argument("--intent", default="intent", help="the column of the intent")
    parser.add_argument("--oos-label", default="oos", help="the intent of rows out of scope")
    parser.add_argument("--shots", type=int, default=0, help="examples of each intent; 0: all")
    parser.add_argument("--seeds", type=int, default=1, help="rounds, if --shots is given")
    parser.add_argument("--encoder", default="use", help="use, minilm, none or hub:NAME_OR_FOLDER")
    parser.add_argument("--cascade", action=argparse.BooleanOptionalAction, default=True)
    return parser


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _stop(line: str) -> NoReturn:
    _say(line)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
