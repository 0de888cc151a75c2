"""Finds real messages that the bot did not understand well: training examples in, suggestions out.

    python -m bot.suggest --since-days 30 --below 0.6 < examples.jsonl

In: a line `{"text", "intent"}` for each training example. `FRONTDESK_TRACKER_URL` names the tracker database, which
is only read. Out: one JSON document; what it is doing goes to standard error, and last what went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from typing import IO, Any

from bot.nlu.encoders import EncoderError
from bot.suggest import clusters, conversations, vectors
from bot.suggest.unclear import Unclear, listen, unclear
from bot.suggest.vectors import Vectors

MOST_MESSAGES = 3000
"""Grouping compares each with each; the latest ones are taken."""
MOST_EXAMPLES = 60
"""Training examples of an intent that messages are compared with, spread evenly."""


@dataclass
class Heard:
    """What the conversations have; `maybe` are messages that were not understood, or perhaps were not."""

    conversations: int = 0
    messages: int = 0
    maybe: list[Unclear] = field(default_factory=list)


def hear(url: str, since: datetime, below: float) -> Heard:
    """Reads all conversations since a moment; raises JournalError."""
    heard = Heard()
    for conversation_id, events in conversations.read(url, since):
        said = listen(events)
        heard.conversations += 1
        heard.messages += sum(not one.is_button for one in said)
        heard.maybe += unclear(conversation_id, said, below)
        if heard.conversations % 1000 == 0:
            _tell(f"{heard.conversations} conversations")
    heard.maybe.sort(key=lambda one: one.at)
    return heard


def propose(heard: Heard, taught: Sequence[dict[str, str]], means: Vectors) -> dict[str, Any]:
    """The document: what was read and the suggestions, the most rewarding first."""
    known = {_plain(example["text"]) for example in taught}
    fresh = [one for one in _confirmed(heard.maybe, means) if _plain(one.text) not in known]
    latest = fresh[-MOST_MESSAGES:]
    return {
        "compared_by": means.name,
        "conversations": heard.conversations,
        "messages": heard.messages,
        "unclear": len(fresh),
        "left_out": len(fresh) - len(latest),
        "suggestions": [asdict(one) for one in _suggestions(latest, taught, means)],
    }


def _confirmed(maybe: Sequence[Unclear], means: Vectors) -> list[Unclear]:
    """A message said again in other words counts only if both are alike."""
    tries = [one for one in maybe if one.retried_as is not None][-MOST_MESSAGES:]
    first = vectors.in_batches(means, [one.text for one in tries], _tell)
    again = vectors.in_batches(means, [one.retried_as or "" for one in tries], _tell)
    alike = {
        id(one)
        for one, a, b in zip(tries, first, again, strict=True)
        if float(a @ b) >= means.same_message
    }
    marked = [one.confirmed() if id(one) in alike else one for one in maybe]
    return [one for one in marked if one.reasons]


def _suggestions(
    messages: Sequence[Unclear], taught: Sequence[dict[str, str]], means: Vectors
) -> list[clusters.Suggestion]:
    if not messages:
        return []
    chosen = _spread(taught)
    rows = vectors.in_batches(means, [one.text for one in messages], _tell)
    examples = vectors.in_batches(means, [example["text"] for example in chosen], _tell)
    intents = [example["intent"] for example in chosen]
    near = [clusters.neighbour_votes(row, examples, intents) for row in rows]
    known = frozenset(intents)
    found = [
        clusters.suggest([messages[i] for i in group], [near[i] for i in group], known)
        for group in clusters.groups(rows, means.same_wish)
    ]
    return sorted(found, key=lambda one: (-one.weight, -one.messages, one.examples))


def _spread(taught: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    by_intent: dict[str, list[dict[str, str]]] = {}
    for example in taught:
        by_intent.setdefault(example["intent"], []).append(example)
    return [
        example
        for examples in by_intent.values()
        for example in examples[:: max(1, -(-len(examples) // MOST_EXAMPLES))]
    ]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress for whoever started us


def _means() -> Vectors:
    try:
        return vectors.sentences()
    except EncoderError as error:
        _tell(f"{error}; comparing by letters")
        return vectors.ngrams()


def main(arguments: Sequence[str], lines: IO[str], out: IO[str]) -> None:
    """Runs with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bot.suggest")
    parser.add_argument("--since-days", type=int, required=True)
    parser.add_argument("--below", type=float, required=True)
    options = parser.parse_args(arguments)
    since = datetime.now(timezone.utc) - timedelta(days=options.since_days)
    url = os.environ["FRONTDESK_TRACKER_URL"]
    try:
        heard = hear(url, since, options.below)
    except conversations.JournalError as error:
        sys.exit(str(error))
    json.dump(propose(heard, [json.loads(line) for line in lines], _means()), out)


if __name__ == "__main__":
    # Libraries print as they please; standard output is for the document only.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as document:
        os.dup2(2, 1)
        with open(0, encoding="utf-8") as standard_input:
            main(sys.argv[1:], standard_input, document)
