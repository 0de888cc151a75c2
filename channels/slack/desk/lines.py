"""What is said in a thread: utterances, notices, questions and whispers, as arguments of Slack's methods."""

import re
from typing import Any

from channels.slack.desk import blocks as kit
from channels.slack.desk.card import spoken, who
from channels.slack.desk.words import CHOICES, ICONS
from desk.agentdesk.port import AskPost, Choice, Line, LinePost, NoticePost, Place
from desk.message import Attachment

RETRY = "retry"
HELD = "held."
"""Begins the action id of an answer to a question about held words."""

LONGEST_LINE = 6_000
"""Characters shown in a message. What is longer comes as a file besides: Slack takes some 11,000 in all blocks."""

_MOST_OF_A_NAME = 80
_PERSON = re.compile(r"[UW][A-Z0-9]+")
_GROUP = re.compile(r"S[A-Z0-9]+")
_STYLES = {Choice.TAKE_OVER: "primary", Choice.FORGET: "danger"}


def line_message(post: LinePost, *, unshown: bool = False) -> dict[str, Any]:
    """Return an utterance under its author's name; ``unshown``: its files did not get here."""
    text = spoken(post.line)
    label = kit.words("🔒 Note, not for the customer\n", bold=True) if post.internal else []
    failed = (
        kit.words("\n⚠️ This did not reach the customer.", bold=True)
        if post.retry is not None
        else []
    )
    lost = (
        kit.words("\n(The files cannot be shown here; they are in the console.)")
        if unshown
        else []
    )
    shown = kit.words(kit.seen(text, LONGEST_LINE))
    again = [kit.button("Retry", RETRY, str(post.retry))] if post.retry is not None else []
    return {
        "text": kit.notification(text),
        "blocks": [
            *kit.rich(kit.line(*label, *shown, *failed, *lost)),
            *kit.actions(again),
        ],
    }


def author_of(post: LinePost) -> dict[str, str]:
    """Return as whom a line is posted."""
    name = who(post.line, internal=post.internal)[:_MOST_OF_A_NAME]
    return {"username": name, "icon_emoji": ICONS[post.line.author]}


def files_of(line: Line) -> list[Attachment]:
    """Return the files to show: those whose content is here, and a text that is too long for a message."""
    files = [file for file in line.attachments if file.content is not None]
    if len(line.text) > LONGEST_LINE:
        content = kit.clean(line.text).encode()
        files.append(Attachment(name="message.txt", content_type="text/plain", content=content))
    return files


def notice_message(post: NoticePost) -> dict[str, Any]:
    """Return words about the thread; only ids of people and groups become mentions."""
    called = " ".join(filter(None, map(_mention, post.mention)))
    calling = {"type": "section", "text": {"type": "mrkdwn", "text": called[: kit.LONGEST_TEXT]}}
    said = kit.notification(post.text)
    return {
        "text": f"{called} {said}" if called else said,
        "blocks": [
            *([calling] if called else []),
            *kit.rich(kit.line(*kit.words(kit.seen(post.text, LONGEST_LINE)))),
        ],
    }


def ask_message(post: AskPost, place: Place, key: str) -> dict[str, Any]:
    """Return the question what somebody's words are; each answer carries the question and the words' place."""
    value = "|".join((key, place.channel, place.thread, post.held))
    answers = (
        kit.button(CHOICES[one], f"{HELD}{one}", value, style=_STYLES.get(one)) for one in Choice
    )
    return {**whisper_message(post.why), "blocks": [*_said(post.why), *kit.actions(answers)]}


def whisper_message(text: str) -> dict[str, Any]:
    """Return words for one person."""
    return {"text": kit.notification(text), "blocks": _said(text)}


def _said(text: str) -> list[kit.Block]:
    return kit.rich(kit.line(*kit.words(kit.seen(text, LONGEST_LINE))))


def _mention(who_: str) -> str:
    if _PERSON.fullmatch(who_):
        return f"<@{who_}>"
    return f"<!subteam^{who_}>" if _GROUP.fullmatch(who_) else ""
