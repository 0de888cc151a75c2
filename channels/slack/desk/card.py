"""A conversation's card, and a person's own page, as blocks."""

from collections.abc import Iterable, Sequence
from typing import Any

from channels.slack.desk import blocks as kit
from channels.slack.desk.words import AUTHORS, BUTTONS, OWNERS, language, mood
from desk.agentdesk.port import Button, Card, HomePost, Line

BUTTON = "desk."
"""Begins the action id of a card's button; its value is ``conversation:epoch``."""
CONSOLE = "console"

# All texts of a message together may be some 11,000 characters; these make 7,000 at most.
_MOST_LINES = 8
_LONGEST_LINE = 300
_MOST_FACTS = 20
_LONGEST_VALUE = 150
_MOST_AT_HOME = 15
_STYLES = {Button.TAKE_OVER: "primary"}


def card_message(card: Card) -> dict[str, Any]:
    """Return what a root is posted or updated with."""
    title = f"{OWNERS[card.owner]}: {card.title}"
    return {"text": kit.notification(kit.one_line(title)), "blocks": card_blocks(card)}


def card_blocks(card: Card) -> list[kit.Block]:
    """Return a card."""
    facts = [(fact.label, fact.value) for fact in card.facts[:_MOST_FACTS]]
    return [
        kit.header(card.title),
        *kit.rich(kit.line(*_state(card))),
        *kit.context(
            f"Channel: {kit.cut(card.channel, 80)} · Language: {language(card.language)}",
            f"Mood: {mood(card.moods)}" if card.moods else "",
            f"Queue: {kit.cut(card.queue, 300)}" if card.queue else "",
            _rest(len(card.facts) - _MOST_FACTS),
        ),
        *kit.fields(facts, _LONGEST_VALUE),
        *_lines(card.lines),
        *kit.actions(
            [*_buttons(card), *kit.link("Open in the console", CONSOLE, card.console_url)],
            block_id="desk",
        ),
    ]


def home_view(post: HomePost) -> dict[str, Any]:
    """Return a person's own page."""
    return {
        "type": "home",
        "blocks": [
            {"type": "section", "text": kit.plain(post.status, kit.LONGEST_TEXT)},
            *_list("My conversations", post.mine),
            *_list("Waiting for a person", post.waiting),
        ],
    }


def who(line: Line, *, internal: bool = False) -> str:
    """Return an author's name with what they are; the second is never cut off, whatever the name is."""
    role = "note" if internal else AUTHORS[line.author]
    name = kit.cut(kit.one_line(line.name or ""), 60)
    return f"{name} ({role})" if name else role.capitalize()


def spoken(line: Line) -> str:
    """Return an utterance with the names of its choices and files."""
    offered = " ".join(f"[{one}]" for one in line.choices)
    files = [f"📎 {kit.one_line(file.name)}" for file in line.attachments]
    return "\n".join(filter(None, [line.text, offered, *files]))


def _state(card: Card) -> list[kit.Block]:
    state = kit.words(OWNERS[card.owner], bold=True)
    if card.agent_external_id:
        state += [*kit.words(" by "), {"type": "user", "user_id": card.agent_external_id}]
    elif card.agent:
        state += kit.words(f" by {kit.cut(card.agent, 80)}")
    if card.waiting_since:
        state += [*kit.words(" · waiting since "), kit.since(card.waiting_since, "{time} ({ago})")]
    if card.snoozed_until:
        state += [
            *kit.words(" · asleep until "),
            kit.since(card.snoozed_until, "{date_short_pretty} {time}"),
        ]
    for label, value in (("reason", card.reason), ("outcome", card.outcome)):
        if value:
            state += kit.words(f" · {label}: {kit.cut(kit.one_line(value), 300)}")
    return state


def _lines(lines: Sequence[Line]) -> list[kit.Block]:
    parts = []
    for line in lines[-_MOST_LINES:]:
        parts += [
            kit.line(*kit.words(who(line), bold=True)),
            kit.quote(spoken(line), _LONGEST_LINE),
        ]
    return kit.rich(*parts)


def _buttons(card: Card) -> Iterable[kit.Block]:
    value = f"{card.conversation_id}:{card.epoch}"
    for one in dict.fromkeys(card.buttons):
        yield kit.button(BUTTONS[one], f"{BUTTON}{one}", value, style=_STYLES.get(one))


def _list(title: str, cards: Sequence[Card]) -> list[kit.Block]:
    found = [kit.header(f"{title} ({len(cards)})")]
    for card in cards[:_MOST_AT_HOME]:
        name = kit.words(kit.seen(kit.one_line(card.title), 200) + "\n", bold=True)
        found += kit.rich(kit.line(*name, *_state(card)))
        found += kit.actions(
            [*_buttons(card), *kit.link("Open in the console", CONSOLE, card.console_url)]
        )
    return found + kit.context(_rest(len(cards) - _MOST_AT_HOME))


def _rest(count: int) -> str:
    return f"and {count} more in the console" if count > 0 else ""
