"""What can be asked, and on which scale it is answered."""

from collections.abc import Mapping

from desk.tables.feedback import FeedbackKind

SCALES: Mapping[FeedbackKind, range] = {
    FeedbackKind.CSAT: range(1, 6),
    FeedbackKind.NPS: range(11),
    FeedbackKind.CES: range(1, 8),
}
"""Whole numbers, the worst first."""


def best(kind: FeedbackKind) -> int:
    """Return the highest score of a scale."""
    return SCALES[kind][-1]
