"""How far people have come in campaigns that follow events or have several steps, and what happened for them.

Triggers write down what happened, whoever writes it, while a campaign waits for it: the row comes with the transaction
that it tells of, and is taken away in the one that lets somebody begin. So nothing is missed or done twice, and no
number says how far anybody has read. Migration 0024 makes the same triggers.
"""
# ruff: noqa: S608 - every name in the statements is one of ours, from the table of sources

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import DDL, ForeignKey, Index, String, UniqueConstraint, event, text
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables import (  # noqa: F401 - their tables must be there
    behaviour,
    campaign,
    shop,
)
from desk.tables import event as log  # noqa: F401
from desk.tables.base import Base, BigId, text_enum
from desk.tables.segment import PERSON_LENGTH

ORDER = "order.placed"
"""What an order is called where events are named."""
OURS = ("campaign.sent", "campaign.delivered", "campaign.read")
"""What follows from each message of a campaign; one that went out after it would never end, so none does."""


class JourneyState(StrEnum):
    """Where somebody stands in a campaign."""

    #: For the next step to be due.
    WAITING = "waiting"
    #: There are no more steps.
    FINISHED = "finished"
    #: Before the last step; the reason says why.
    ENDED = "ended"


WAITING = text("state = 'waiting'")
"""As the partial indexes say it; with a parameter SQLite would not use them."""


class CampaignJourneyRow(Base):
    """One person's way through a campaign: begun once by each occurrence, which is an event or a date.

    ``done`` steps are behind them, the last of them (or the beginning) at ``since``.
    """

    __tablename__ = "campaign_journey"
    __table_args__ = (
        UniqueConstraint("campaign_id", "occurrence", "person_id"),
        Index(
            "ix_campaign_journey_due",
            "campaign_id",
            "due_at",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index(
            "ix_campaign_journey_before",
            "campaign_id",
            "occurrence",
            "done",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    occurrence: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(String(PERSON_LENGTH))
    state: Mapped[JourneyState] = mapped_column(text_enum(JourneyState))
    reason: Mapped[str | None] = mapped_column(String(32))
    done: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    #: When somebody has to look at them.
    due_at: Mapped[datetime]
    #: What they got in the first step they got, and get in all others; empty: they are left out to be compared with.
    variant: Mapped[str | None] = mapped_column(String(32))


class CampaignNewsRow(Base):
    """Something happened for which a campaign waits: the row of ``source`` with this key."""

    __tablename__ = "campaign_news"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Source:
    """A table in which things happen; ``called`` says in SQL what, ``counts`` whether it is about anybody."""

    name: str
    table: str
    key: str
    called: str
    at: str
    counts: str = "TRUE"


_OF_SOMEBODY = f"NEW.contact_id IS NOT NULL AND NEW.name NOT IN {OURS}"
SOURCES = (
    Source("event", "event", "id", "NEW.name", "occurred_at", _OF_SOMEBODY),
    Source("behaviour", "behaviour", "id", "NEW.name", "occurred_at"),
    Source("order", "shop_order", "number", f"'{ORDER}'", "placed_at"),
)


def _condition(source: Source) -> str:
    return (
        f"EXISTS (SELECT 1 FROM campaign WHERE watches = {source.called}"
        " AND state IN ('scheduled', 'running', 'paused')"
        f" AND launched_at <= NEW.{source.at})"
    )


def _sqlite(source: Source) -> str:
    return (
        f"CREATE TRIGGER {source.table}_campaign_news AFTER INSERT ON {source.table}"
        f" WHEN {source.counts} AND {_condition(source)} BEGIN"
        f" INSERT INTO campaign_news (source, key) VALUES ('{source.name}', NEW.{source.key}); END"
    )


def _postgres(source: Source) -> tuple[str, str]:
    name = f"{source.table}_campaign_news"
    return (
        f"""
CREATE FUNCTION frontdesk_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_condition(source)} THEN
    INSERT INTO campaign_news (source, key) VALUES ('{source.name}', NEW.{source.key});
  END IF;
  RETURN NULL;
END $$
""",
        f"CREATE TRIGGER {name} AFTER INSERT ON {source.table}"
        f" FOR EACH ROW WHEN ({source.counts}) EXECUTE FUNCTION frontdesk_{name}()",
    )


def make(dialect: str) -> list[str]:
    """Return the statements that make the triggers."""
    if dialect == "sqlite":
        return [_sqlite(source) for source in SOURCES]
    return [statement for source in SOURCES for statement in _postgres(source)]


def drop(dialect: str) -> list[str]:
    """Return the statements that take the triggers away."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {source.table}_campaign_news" for source in SOURCES]
    return [
        f"DROP FUNCTION frontdesk_{source.table}_campaign_news() CASCADE" for source in SOURCES
    ]


def _after_tables(dialect: str) -> None:
    for statement in make(dialect):
        ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
        event.listen(Base.metadata, "after_create", ddl.execute_if(dialect=dialect))


_after_tables("sqlite")
_after_tables("postgresql")
