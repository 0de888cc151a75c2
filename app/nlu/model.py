"""The trained model, asked in Rasa's own environment."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.nlu.child import child, given
from app.rasa import RasaError
from desk.dialogue.clean import clean

type Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What the model made of a text; ``ms`` is how long it took inside the model."""

    intent: str
    confidence: float
    ms: float


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the model knows, and what it made of each text."""

    intents: frozenset[str]
    understood: list[Understood]


def ask(model: Path, texts: Sequence[str], progress: Progress) -> Answers:
    """Let a model read texts as it would read a customer's.

    Raises:
        RasaError: the environment or the model is missing, or Rasa failed.
    """
    if not model.is_file():
        raise RasaError(f"there is no model {model}; run: frontdesk train")
    with given({"text": clean(text)} for text in texts) as questions:
        return _ask(model.resolve(), questions, len(texts), progress)


def _ask(model: Path, questions: IO[str], wanted: int, progress: Progress) -> Answers:
    # A file, not a pipe: nobody reads what Rasa says while it answers, and a full pipe would stop it.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        with child(
            ["bot.evaluate", str(model)],
            stdin=questions,
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as asked:
            lines = [json.loads(line) for line in _counted(asked, progress)]
        if asked.returncode != 0 or len(lines) != wanted + 1:
            complaints.seek(0)
            last = complaints.read().strip().splitlines()[-1:]
            raise RasaError(f"the model could not be asked: {' '.join(last) or 'Rasa ended'}")
    first, *rest = lines
    return Answers(
        intents=frozenset(first["intents"]), understood=[Understood(**line) for line in rest]
    )


def _counted(asked: "subprocess.Popen[str]", progress: Progress) -> Iterator[str]:
    for done, line in enumerate(asked.stdout or ()):
        progress(done)
        yield line
