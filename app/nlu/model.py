"""The trained model, asked in Rasa's own environment."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app import rasa
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
    if not rasa.PYTHON.exists():
        raise RasaError("Rasa's environment is not installed; run: frontdesk train")
    if not model.is_file():
        raise RasaError(f"there is no model {model}; run: frontdesk train")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as questions:
        for text in texts:
            questions.write(json.dumps({"text": clean(text)}) + "\n")
        questions.seek(0)
        return _ask(model.resolve(), questions, len(texts), progress)


def _ask(model: Path, questions: IO[str], wanted: int, progress: Progress) -> Answers:
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        with _child(model, questions, complaints) as child:
            lines = [json.loads(line) for line in _counted(child, progress)]
        if child.returncode != 0 or len(lines) != wanted + 1:
            complaints.seek(0)
            last = complaints.read().strip().splitlines()[-1:]
            raise RasaError(f"the model could not be asked: {' '.join(last) or 'Rasa ended'}")
    first, *rest = lines
    return Answers(
        intents=frozenset(first["intents"]), understood=[Understood(**line) for line in rest]
    )


@contextmanager
def _child(
    model: Path, questions: IO[str], complaints: IO[str]
) -> "Iterator[subprocess.Popen[str]]":
    child = subprocess.Popen(  # noqa: S603 - our own command, no shell
        [str(rasa.PYTHON), "-m", "bot.evaluate", str(model)],
        cwd=rasa.ROOT,
        env={k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | rasa._QUIET,
        stdin=questions,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        encoding="utf-8",
    )
    try:
        yield child
        child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _counted(child: "subprocess.Popen[str]", progress: Progress) -> Iterator[str]:
    for done, line in enumerate(child.stdout or ()):
        progress(done)
        yield line
