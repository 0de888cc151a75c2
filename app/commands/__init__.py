"""Commands that show and change data: one Typer application for each thing."""

import typer

from app.commands import (
    contacts,
    conversations,
    inbox,
    nlu,
    outbox,
    report,
    shop,
    tickets,
)

SUB_APPS: dict[str, typer.Typer] = {
    "inbox": inbox.app,
    "outbox": outbox.app,
    "conversations": conversations.app,
    "tickets": tickets.app,
    "contacts": contacts.app,
    "shop": shop.app,
    "report": report.app,
    "nlu": nlu.app,
}
"""By the word that comes after ``frontdesk``."""
