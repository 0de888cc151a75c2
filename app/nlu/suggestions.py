"""What the assistant could learn from its conversations: asked in Rasa's environment, cleaned for a person."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.nlu import approval, training_data
from app.nlu.child import Tell, document
from app.nlu.corrections import corrected
from app.nlu.review import Decision, Suggestion
from desk.settings import Settings

_MOST_EXAMPLES = 20
_REASONS = {
    "rejected": "rejected what was offered",
    "not_understood": "not understood",
    "asked_for_human": "asked for a person right after",
    "rephrased": "said again in other words",
    "out_of_scope": "taken for out of scope",
    "unsure": "understood with doubt",
}


@dataclass(frozen=True, kw_only=True)
class Found:
    """Suggestions, the most rewarding first, and what they were found in."""

    conversations: int
    messages: int
    unclear: int
    left_out: int
    compared_by: str
    suggestions: tuple[Suggestion, ...]
    intents: frozenset[str]

    def as_json(self) -> dict[str, Any]:
        """Return what programs read."""
        return {key: value for key, value in asdict(self).items() if key != "intents"}


def suggestions(
    settings: Settings, root: Path, since: int, below: float, limit: int, tell: Tell
) -> Found:
    """Read the conversations of the last ``since`` days; personal data is taken out.

    Raises:
        RasaError: Rasa's environment is missing, or the conversations cannot be read.
        InvalidError: the training data cannot be read.
    """
    intents = training_data.known_intents(root / "domain.yml")
    taught = list(training_data.examples(root / "data" / "nlu"))
    known = {approval.key(example.text) for example in taught}
    content = document(
        ["bot.suggest", "--since-days", str(since), "--below", str(below)],
        tell,
        lines=({"text": example.text, "intent": example.intent} for example in taught),
        env={"FRONTDESK_TRACKER_URL": tracker_url(settings)},
    )
    listed = content.pop("suggestions")
    from_agents = asyncio.run(
        corrected(settings.database_url, datetime.now(UTC) - timedelta(days=since), intents)
    )
    # What a person corrected comes first.
    all_ = [
        *(replace(one, examples=_shown(one.examples, known)) for one in from_agents),
        *(_suggestion(values, known) for values in listed),
    ]
    shown = [one for one in all_ if one.examples]
    return Found(
        **content,
        suggestions=tuple(shown[:limit]),
        intents=intents,
    )


def tracker_url(settings: Settings) -> str:
    """Return where Rasa keeps its conversations."""
    return settings.tracker_url or f"sqlite:///{settings.data_dir.resolve() / 'trackers.sqlite'}"


def _suggestion(values: dict[str, Any], known: set[str]) -> Suggestion:
    is_clear = values["is_clear"] and values["intent"]
    return Suggestion(
        decision=Decision.KEEP if is_clear else Decision.DECIDE,
        intent=values["intent"] or "",
        why="; ".join(f"{_REASONS[name]} {n}" for name, n in values["reasons"].items()),
        also=tuple(values["also"]),
        messages=values["messages"],
        conversations=values["conversations"],
        reasons=values["reasons"],
        examples=_shown(values["examples"], known),
    )


def _shown(texts: Iterable[str], known: set[str]) -> tuple[str, ...]:
    return tuple(_distinct(texts, known))[:_MOST_EXAMPLES]


def _distinct(texts: Iterable[str], known: set[str]) -> list[str]:
    """Texts that differ without their numbers and names, and that the training data does not have."""
    found = {approval.key(text): approval.plain(text) for text in reversed(list(texts))}
    return [text for same, text in reversed(found.items()) if same and same not in known]
