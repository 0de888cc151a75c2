"""What the classifier learns from, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


class TrainingDataError(ValueError):
    """There is nothing to learn from: give each intent at least one example."""


@dataclass(frozen=True)
class Example:
    """A text that means `label`; `origin` says where it stands (`file:line`), if that is known."""

    text: str
    label: str
    origin: str = ""

    def __str__(self) -> str:
        """How a finding names it."""
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return f"{shown!r} ({self.label}{', ' + self.origin if self.origin else ''})"


@dataclass(frozen=True)
class Checked:
    """The examples worth learning from, and one line for each thing that a person should look at."""

    examples: list[Example]
    findings: list[str]


def check(examples: Iterable[Example]) -> Checked:
    """Drops empty and repeated examples, and reports them, contradictions and lonely examples."""
    kept: dict[tuple[str, str], Example] = {}
    first: dict[str, Example] = {}
    findings = []
    for example in examples:
        text = " ".join(example.text.split())
        if not text or not example.label:
            findings.append(f"left out, no {'intent' if text else 'text'}: {example}")
            continue
        # Capitals make another example: encoders see them. A contradiction stays one in any capitals.
        key = (text, example.label)
        if key in kept:
            findings.append(f"twice: {kept[key]} and {example}")
            continue
        kept[key] = example
        other = first.setdefault(text.casefold(), example)
        if other.label != example.label:
            findings.append(f"the same text under two intents: {other} and {example}")
    counts = Counter(label for _, label in kept)
    findings += [
        f"intent {label} has one example only: it will hardly be recognised"
        for label in sorted(counts)
        if counts[label] == 1
    ]
    return Checked(list(kept.values()), findings)
