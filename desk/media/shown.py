"""Files as customers see them."""

from collections.abc import Iterable
from dataclasses import dataclass

from desk.tables.conversation import AttachmentRow, FileState


@dataclass(frozen=True, kw_only=True)
class ShownFile:
    """A file as the customer sees it; ``size`` in bytes, 0 while it is not known."""

    name: str
    content_type: str
    size: int
    state: FileState
    key: str | None


def shown(rows: Iterable[AttachmentRow], message_id: int) -> tuple[ShownFile, ...]:
    """Return the files of one message among those of several."""
    return tuple(
        ShownFile(
            name=row.name,
            content_type=row.content_type,
            size=row.size,
            state=row.state,
            key=row.key,
        )
        for row in rows
        if row.message_id == message_id
    )
