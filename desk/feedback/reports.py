"""Reports from the event log: every question and every answer once, with the last score."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from desk.errors import InvalidError
from desk.feedback import repository
from desk.feedback.ces import CesReport, ces_figures
from desk.feedback.csat import Answer, CsatReport, report
from desk.feedback.nps import NpsReport, nps_figures
from desk.feedback.record import SURVEYED
from desk.feedback.snapshot import NOTED
from desk.store.database import Database
from desk.tables.feedback import FeedbackKind

GROUPINGS = NOTED


class Reports:
    """Figures of a time ``[since, until)``; ``by`` groups by one of :data:`GROUPINGS`, else InvalidError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def csat(
        self, since: datetime | None, until: datetime | None, by: str | None
    ) -> CsatReport:
        """Report satisfaction."""
        answers = await self._answers(FeedbackKind.CSAT, since, until, by)
        return report(answers, grouped=by is not None)

    async def nps(
        self, since: datetime | None, until: datetime | None, by: str | None
    ) -> NpsReport:
        """Report recommendation."""
        answers = await self._answers(FeedbackKind.NPS, since, until, by)
        groups = {name: nps_figures(some) for name, some in _groups(answers, by).items()}
        return NpsReport(all=nps_figures(answers), groups=groups)

    async def ces(
        self, since: datetime | None, until: datetime | None, by: str | None
    ) -> CesReport:
        """Report effort."""
        answers = await self._answers(FeedbackKind.CES, since, until, by)
        groups = {name: ces_figures(some) for name, some in _groups(answers, by).items()}
        return CesReport(all=ces_figures(answers), groups=groups)

    async def _answers(
        self, kind: FeedbackKind, since: datetime | None, until: datetime | None, by: str | None
    ) -> Sequence[Answer]:
        if by is not None and by not in GROUPINGS:
            raise InvalidError(f"{by!r} is none of: {', '.join(GROUPINGS)}.")
        answers: dict[int, Answer] = {}
        async with self._database.read() as session:
            async for name, data in repository.stream_events(session, since, until):
                # Events of the time before there were several kinds name none.
                if data.get("kind", FeedbackKind.CSAT) == kind:
                    rating = data["feedback_id"]
                    answers[rating] = _fold(answers.get(rating), name, data, by)
        return list(answers.values())


def _groups(answers: Sequence[Answer], by: str | None) -> Mapping[str, list[Answer]]:
    groups: dict[str, list[Answer]] = {}
    for answer in answers if by else ():
        groups.setdefault(answer.group or "none", []).append(answer)
    return dict(sorted(groups.items()))


def _fold(before: Answer | None, name: str, data: Mapping[str, Any], by: str | None) -> Answer:
    return Answer(
        asked=name == SURVEYED or (before is not None and before.asked),
        score=data.get("score", before.score if before else None),
        group=str(data.get(by) or "none") if by else None,
    )
