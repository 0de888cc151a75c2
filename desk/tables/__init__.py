"""Every table; importing this package fills ``Base.metadata``."""

from desk.tables import (
    consent,
    contact,
    conversation,
    event,
    feedback,
    inbox,
    outbox,
    shop,
    ticket,
)
from desk.tables.base import Base

__all__ = [
    "Base",
    "consent",
    "contact",
    "conversation",
    "event",
    "feedback",
    "inbox",
    "outbox",
    "shop",
    "ticket",
]
