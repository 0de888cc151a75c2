"""Whom a run was narrowed to."""

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables.base import Base
from desk.tables.segment import PERSON_LENGTH


class CampaignChosenRow(Base):
    """A person who is worth a message of a run, and the score that said so; all are there once it is ``ranked_at``."""

    __tablename__ = "campaign_chosen"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("campaign_run.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[str] = mapped_column(String(PERSON_LENGTH), primary_key=True)
    score: Mapped[float] = mapped_column(Float)
