"""People and their handles on channels, how several were found to be one, and the proofs of that."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import MERGED, Base, BigId, text_enum


class ContactRow(Base):
    """A person. ``customer_id`` names their row in the shop once they have proved who they are."""

    __tablename__ = "contact"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "merged_into", sqlite_where=MERGED, postgresql_where=MERGED),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    customer_id: Mapped[str | None] = mapped_column(
        ForeignKey("shop_customer.id", ondelete="SET NULL"), index=True
    )
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    #: Who this turned out to be, never somebody who is merged themselves: whoever counts people counts
    #: ``coalesce(merged_into, id)``. Events keep the id of their day.
    merged_into: Mapped[str | None] = mapped_column(String(32))


class ContactIdentityRow(Base):
    """A handle of a person on a channel; nothing is sent to one that is ``unreachable``.

    ``proven_at`` is when they proved that it is theirs as well, by a deep link or a code.
    """

    __tablename__ = "contact_identity"
    __table_args__ = (UniqueConstraint("channel", "account", "external_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    contact_id: Mapped[str] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    external_id: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    unreachable_at: Mapped[datetime | None]
    unreachable_reason: Mapped[str | None] = mapped_column(String(500))
    proven_at: Mapped[datetime | None]


class MergeKind(StrEnum):
    """Whether two people became one, or one handle left to be somebody of its own."""

    MERGE = "merge"
    SPLIT = "split"


class Proof(StrEnum):
    """Why we believe it."""

    AGENT = "agent"
    DEEP_LINK = "deep_link"
    EMAIL_CODE = "email_code"


class MergeRow(Base):
    """One merge or split, with all that is needed to take it back.

    Into ``kept_id`` came what was ``other_id``'s; at a split ``other_id`` is the new contact. ``moved`` has the ids of
    the rows by table, ``changed`` the kept contact's fields as ``{name: [before, after]}``.
    """

    __tablename__ = "contact_merge"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[MergeKind] = mapped_column(text_enum(MergeKind))
    kept_id: Mapped[str] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    proof: Mapped[Proof] = mapped_column(text_enum(Proof))
    by: Mapped[str] = mapped_column(String(128))
    why: Mapped[str | None] = mapped_column(String(500))
    moved: Mapped[dict[str, Any]]
    changed: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(128))


class LinkUseRow(Base):
    """A deep link that was followed, and by which handle: nobody else can follow it."""

    __tablename__ = "contact_link_use"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    external_id: Mapped[str] = mapped_column(String(256))
    used_at: Mapped[datetime]


class EmailCodeRow(Base):
    """A code that was sent to an address, as a digest; the newest of a contact counts."""

    __tablename__ = "email_code"
    __table_args__ = (
        Index(None, "contact_id", "created_at"),
        Index(None, "email", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    digest: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
