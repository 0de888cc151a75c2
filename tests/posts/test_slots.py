"""The next free slot of a week: in its zone, across changes of the clocks, and without one that is taken."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.posts.slots import Slot, next_free, read
from desk.errors import InvalidError

BERLIN = ZoneInfo("Europe/Berlin")


def utc(*when: int) -> datetime:
    """Return a moment."""
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc, arg-type]


MONDAY_9, FRIDAY_17 = Slot(0, 540), Slot(4, 1020)
CASES = [
    ([MONDAY_9, FRIDAY_17], [], utc(2026, 3, 2, 7, 59), utc(2026, 3, 2, 8)),
    # A slot that begins now has passed.
    ([MONDAY_9, FRIDAY_17], [], utc(2026, 3, 2, 8), utc(2026, 3, 6, 16)),
    ([MONDAY_9, FRIDAY_17], [utc(2026, 3, 6, 16)], utc(2026, 3, 2, 8), utc(2026, 3, 9, 8)),
    ([MONDAY_9], [utc(2026, 3, 2, 8, 0, 40)], utc(2026, 3, 2, 7), utc(2026, 3, 9, 8)),
    ([MONDAY_9], [utc(2026, 3, 2, 8, 1)], utc(2026, 3, 2, 7), utc(2026, 3, 2, 8)),
    # 30 March is after the clocks went forward: nine o'clock is seven.
    ([MONDAY_9], [], utc(2026, 3, 24), utc(2026, 3, 30, 7)),
    # Sunday 02:30 is skipped on 29 March, and comes twice on 25 October.
    ([Slot(6, 150)], [], utc(2026, 3, 28), utc(2026, 3, 29, 1)),
    ([Slot(6, 150)], [], utc(2026, 10, 24), utc(2026, 10, 25, 0, 30)),
    ([Slot(6, 150), Slot(6, 160)], [utc(2026, 3, 29, 1)], utc(2026, 3, 28), utc(2026, 4, 5, 0, 30)),
    # It is Monday there already.
    ([Slot(0, 30)], [], utc(2026, 3, 1, 23, 10), utc(2026, 3, 1, 23, 30)),
    ([], [], utc(2026, 3, 2), None),
]  # fmt: skip


@pytest.mark.parametrize(("slots", "taken", "after", "at"), CASES)
def test_the_next_free_slot(
    slots: list[Slot], taken: list[datetime], after: datetime, at: datetime | None
) -> None:
    assert next_free(slots, taken, after, BERLIN) == at


_slots = st.builds(Slot, st.integers(0, 6), st.integers(0, 1439))


@given(st.sets(_slots, min_size=1, max_size=5), st.integers(0, 400 * 24 * 60))
def test_every_slot_is_given_once_and_in_order(slots: set[Slot], minutes: int) -> None:
    start = datetime.fromtimestamp(utc(2026, 1, 1).timestamp() + 60 * minutes, UTC)
    taken: list[datetime] = []
    for _ in range(6):
        at = next_free(slots, taken, start, BERLIN)
        assert at is not None
        assert at > (taken[-1] if taken else start)
        taken.append(at)


WRITTEN = [
    ("mon 09:30", MONDAY_9._replace(minute=570)),
    (" FRI  17:00 ", FRIDAY_17),
    ("sun 0:05", Slot(6, 5)),
]


@pytest.mark.parametrize(("text", "slot"), WRITTEN)
def test_reads_what_it_writes(text: str, slot: Slot) -> None:
    assert read(text) == slot
    assert read(str(slot)) == slot


@pytest.mark.parametrize("text", ["", "mon", "mon 24:00", "monday 09:00", "xyz 09:00", "mon 9"])
def test_refuses_what_is_none(text: str) -> None:
    with pytest.raises(InvalidError, match="mon 09:30"):
        read(text)
