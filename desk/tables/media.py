"""What the media store holds, and files that no message has named yet."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base


class StoredFileRow(Base):
    """An object of the media store. It is written before the object, so that none is ever forgotten."""

    __tablename__ = "stored_file"

    #: The SHA-256 of the content.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: When somebody last asked to keep it; nothing is swept soon after.
    kept_at: Mapped[datetime] = mapped_column(index=True)
    #: Until then a sweep is removing the object, and nobody may count on it.
    going_until: Mapped[datetime | None]


class UploadRow(Base):
    """A file that a customer or an agent has uploaded and may name in a message, within a day."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: Who may name it: a channel and a handle there, or an agent.
    uploader: Mapped[str] = mapped_column(String(300), index=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
