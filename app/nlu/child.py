"""A module of Rasa's side, run in Rasa's own environment."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from app import rasa
from app.rasa import RasaError

type Tell = Callable[[str], None]


@contextmanager
def child(
    arguments: Sequence[str],
    *,
    stdin: IO[str],
    stdout: int | IO[str],
    stderr: int | IO[str],
    env: Mapping[str, str] | None = None,
) -> "Iterator[subprocess.Popen[str]]":
    """Run ``python -m`` with these arguments; it ends before this does.

    Raises:
        RasaError: the environment is missing.
    """
    if not rasa.PYTHON.exists():
        raise RasaError("Rasa's environment is not installed; run: frontdesk train")
    process = subprocess.Popen(  # noqa: S603 - our own command, no shell
        [str(rasa.PYTHON), "-m", *arguments],
        cwd=rasa.ROOT,
        env={k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        | rasa._QUIET
        | dict(env or {}),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def document(
    arguments: Sequence[str],
    tell: Tell,
    *,
    lines: Iterable[object] = (),
    env: Mapping[str, str] | None = None,
) -> Any:
    """Return the JSON document that a module prints; ``lines`` are its input, one JSON document each.

    What it says on standard error is told line by line; the last line is the reason when it fails.

    Raises:
        RasaError: the environment is missing, or the module failed.
    """
    last = ""
    with given(lines) as stdin, tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        with child(arguments, stdin=stdin, stdout=printed, stderr=subprocess.PIPE, env=env) as it:
            for line in it.stderr or ():
                if line.strip():
                    last = line.strip()
                    tell(last)
        printed.seek(0)
        text = printed.read()
    if it.returncode != 0:
        raise RasaError(_reason(it.returncode, last))
    try:
        return json.loads(text)
    except ValueError as error:
        raise RasaError(f"{arguments[0]} printed no JSON document: {text[:80]!r}") from error


@contextmanager
def given(lines: Iterable[object]) -> Iterator[IO[str]]:
    """Give a file with a JSON document in each line, at its beginning."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
        file.seek(0)
        yield file


def _reason(code: int, last: str) -> str:
    if code < 0:
        return f"it was ended by signal {-code}; is there enough memory?"
    return last or f"it ended with code {code}"
