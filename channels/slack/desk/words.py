"""What agents read on the desk: titles, signs and moods."""

from collections.abc import Mapping, Sequence

from desk.agentdesk.port import Button, Choice, Tick
from desk.tables.conversation import Author, Owner

OWNERS: Mapping[Owner, str] = {
    Owner.BOT: "🤖 The bot answers",
    Owner.WAITING: "🔔 Waiting for a person",
    Owner.HUMAN: "🧑 Taken over",
    Owner.CLOSED: "✅ Closed",
}
AUTHORS: Mapping[Author, str] = {
    Author.CONTACT: "customer",
    Author.BOT: "bot",
    Author.AGENT: "agent",
    Author.CAMPAIGN: "campaign",
    Author.SYSTEM: "system",
}
ICONS: Mapping[Author, str] = {
    Author.CONTACT: ":bust_in_silhouette:",
    Author.BOT: ":robot_face:",
    Author.AGENT: ":headphones:",
    Author.CAMPAIGN: ":mega:",
    Author.SYSTEM: ":gear:",
}
BUTTONS: Mapping[Button, str] = {
    Button.TAKE_OVER: "Take over",
    Button.SEND_ONCE: "Send once",
    Button.NOTE: "Note",
    Button.TRANSFER: "Transfer",
    Button.SNOOZE: "Snooze",
    Button.RESOLVE: "Resolve",
    Button.RELEASE: "Return to bot",
}
CHOICES: Mapping[Choice, str] = {
    Choice.TAKE_OVER: "Take over and send",
    Choice.SEND_ONCE: "Send once",
    Choice.NOTE: "Keep as note",
    Choice.FORGET: "Forget it",
}
TICKS: Mapping[Tick, str] = {
    Tick.SENT: "white_check_mark",
    Tick.DELIVERED: "ballot_box_with_check",
    Tick.READ: "eyes",
    Tick.FAILED: "warning",
}
_LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "ja": "Japanese",
    "ko": "Korean",
    "pt": "Portuguese",
    "zh": "Chinese",
}
_MOODS = ((-0.5, "😠", "angry"), (-0.15, "🙁", "unhappy"), (0.15, "😐", "neutral"))
_CONTENT = ("🙂", "content")
_SHOWN_MOODS = 6
_NOTICEABLE = 0.25


def language(code: str) -> str:
    """Return a language's name, or its code where we have none."""
    return _LANGUAGES.get(code.partition("-")[0].lower(), code[:20])


def mood(moods: Sequence[float]) -> str:
    """Return the latest moods, and in words how it is now and where it goes; the oldest is given first."""
    if not moods:
        return ""
    signs = "".join(_sign(one)[0] for one in moods[-_SHOWN_MOODS:])
    return f"{signs} {_sign(moods[-1])[1]}{_trend(moods)}"


def _sign(value: float) -> tuple[str, str]:
    return next(((sign, word) for below, sign, word in _MOODS if value < below), _CONTENT)


def _trend(moods: Sequence[float]) -> str:
    if len(moods) < 2:
        return ""
    before = sum(moods[:-1]) / (len(moods) - 1)
    change = moods[-1] - before
    if abs(change) < _NOTICEABLE:
        return ", steady"
    return ", getting better" if change > 0 else ", getting worse"
