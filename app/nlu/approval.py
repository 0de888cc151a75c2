"""Decides which examples of a review become training data, and writes them."""

import difflib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.nlu import training_data
from app.nlu.personal import without_personal_data
from app.nlu.review import Decision, Reviewed
from app.nlu.training_data import Example
from desk.dialogue.clean import clean
from desk.errors import InvalidError

_HAN = re.compile(r"[\u3400-\u9fff]")
# Rasa reads [words](entity) as a mark, and a customer means no mark.
_BRACKETS = str.maketrans("[]", "()")


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What is added, and what is not and why."""

    added: tuple[Example, ...]
    already_there: tuple[Example, ...]
    """Examples that the training data has, with the file that has them."""
    conflicts: tuple[tuple[Example, Example], ...]
    """What was approved, and the example of another intent that says the same."""
    dropped: int
    undecided: int


def plain(text: str) -> str:
    """Return a customer's text as one line of training data without personal data."""
    line = " ".join(clean(text).split()).translate(_BRACKETS)
    return without_personal_data(line)


def key(text: str) -> str:
    """Return what two examples share that say the same."""
    return plain(text).casefold()


def decide(
    reviews: Sequence[Reviewed], existing: Iterable[Example], intents: frozenset[str]
) -> Approval:
    """Return what to do with reviewed suggestions.

    Raises:
        InvalidError: an intent is unknown, or a text was approved for two of them.
    """
    kept = [one for one in reviews if one.decision is Decision.KEEP]
    for one in kept:
        _check_intent(one, intents)
    known = {key(example.text): example for example in existing}
    new: dict[str, Example] = {}
    there: dict[str, Example] = {}
    conflicts: dict[str, tuple[Example, Example]] = {}
    for example in _approved(kept):
        same = key(example.text)
        first = new.setdefault(same, example)
        if first.intent != example.intent:
            raise InvalidError(
                f"{example.text!r} is kept for two intents: {first.intent} and {example.intent}"
            )
        if same in known and known[same].intent == example.intent:
            there[same] = known[same]
        elif same in known:
            conflicts[same] = (example, known[same])
    return Approval(
        added=tuple(e for same, e in new.items() if same not in known),
        already_there=tuple(there.values()),
        conflicts=tuple(conflicts.values()),
        dropped=sum(one.decision is Decision.DROP for one in reviews),
        undecided=sum(one.decision is Decision.DECIDE for one in reviews),
    )


def _check_intent(one: Reviewed, intents: frozenset[str]) -> None:
    if one.intent in intents:
        return
    example = f" (for {one.examples[0]!r})" if one.examples else ""
    near = difflib.get_close_matches(one.intent, sorted(intents), n=1)
    hint = f"did you mean {near[0]}?" if near else "domain.yml lists them"
    what = f"there is no intent {one.intent!r}" if one.intent else "an intent is missing"
    raise InvalidError(f"{what}{example}; {hint}")


def _approved(kept: Iterable[Reviewed]) -> Iterable[Example]:
    for one in kept:
        for text in map(plain, one.examples):
            if text:
                yield Example(text=text, intent=one.intent, file=_file(text))


def _file(text: str) -> str:
    return f"approved.{'zh' if _HAN.search(text) else 'en'}.yml"


def write(added: Iterable[Example], folder: Path) -> None:
    """Append examples to the files of their languages.

    Raises:
        InvalidError: a file is not what it should be; then none is changed.
    """
    files: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for example in added:
        files[example.file][example.intent].append(example.text)
    contents = {}
    for name, additions in files.items():
        path = folder / name
        before = training_data.read(path) if path.exists() else ""
        contents[path] = training_data.appended(before, name, additions)
    for path, content in contents.items():
        # In one step, so that a training never reads half a file.
        half = path.with_suffix(".new")
        half.write_text(content, encoding="utf-8")
        os.replace(half, path)
